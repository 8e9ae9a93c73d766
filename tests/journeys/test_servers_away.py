"""Servers that go away under load: callers are told to come again, and nothing else."""

import threading
from collections import Counter

import httpx2
import pytest

from support.box import Client, RunningBox, eventually

pytestmark = [pytest.mark.servers, pytest.mark.journey]

CALLERS = 4
ANSWERS_BEFORE = 40
"""Enough that every caller is in the middle of something when the server dies."""


def call_until(stop: threading.Event, client: Client, seen: Counter[int]) -> None:
    body = {"name": "Granhult AB", "country": "SE", "relations": []}
    while not stop.is_set():
        try:
            seen[client.http.post("/companies", json=body).status_code] += 1
            seen[client.http.get("/companies", params={"limit": 5}).status_code] += 1
        except httpx2.TimeoutException:
            seen[504] += 1


@pytest.mark.parametrize("server", ["postgres", "nats"])
def test_a_server_killed_under_load_gives_no_error_but_a_later(
    box: RunningBox, tenant: str, server: str
) -> None:
    first = box.tenant(tenant)
    key = first.http.headers["Authorization"].removeprefix("Bearer ")
    stop, seen = threading.Event(), Counter[int]()
    callers = [
        threading.Thread(target=call_until, args=(stop, Client(box, key, tenant), seen))
        for _ in range(CALLERS)
    ]
    for caller in callers:
        caller.start()
    try:
        eventually(lambda: seen.total() > ANSWERS_BEFORE or None, "answers before")
        before = box.box.kill(server)
        box.wait(box.box.restarted(server, before))
        box.ready()
        made = seen[201]
        eventually(lambda: seen[201] > made + ANSWERS_BEFORE or None, "answers afterwards")
    finally:
        stop.set()
        for caller in callers:
            caller.join()
    assert set(seen) <= {200, 201, 503}
