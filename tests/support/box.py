"""All of Kundvakt beside the tests: run in a thread of its own, spoken to over HTTP."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from string import ascii_lowercase
from typing import Any, Self, TypeVar

import httpx2

from chassis.postgres import open_pool
from contracts.companies.user import Role
from gateway.access.admin import add_key, add_tenant
from onebox.box import Onebox, Options
from onebox.probe import PLAIN

T = TypeVar("T")

SETTLE_SECONDS_MAX = 20.0
"""Far above the five seconds users are promised: a slow machine is not a wrong one."""
LOOK_SECONDS = 0.05
SAMPLE_ROWS = 3_000
"""Companies for several hundred journeys, made and loaded in a moment."""


def eventually(look: Callable[[], T | None], what: str, seconds: float | None = None) -> T:
    """Wait for something to be so, and return it."""
    seconds = SETTLE_SECONDS_MAX if seconds is None else seconds
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(httpx2.TransportError):
            if (found := look()) is not None:
                return found
        time.sleep(LOOK_SECONDS)
    raise AssertionError(f"after {seconds:g} s still not: {what}")


class RunningBox:
    """A box that runs in a thread, and what tests do with it."""

    def __init__(self, box: Onebox, loop: asyncio.AbstractEventLoop) -> None:
        self.box = box
        self.clients = ExitStack()
        self._loop = loop

    def wait(self, doing: Coroutine[Any, Any, T]) -> T:
        """Let the box's own loop do something."""
        return asyncio.run_coroutine_threadsafe(doing, self._loop).result(120)

    def restart(self, name: str, failpoint: str = "") -> int:
        """Kill a process; its successor runs with a failpoint armed, for this one life."""
        before = self.box.kill_and_arm(name, failpoint)
        return self.wait(self.box.restarted(name, before))

    def ready(self) -> None:
        """Wait until every process is ready."""
        self.wait(self.box.wait_ready())

    def tenant(self, name: str, role: Role = Role.ADMIN) -> "Client":
        """Add a tenant and return a client with a key to it."""
        return Client(self, self.key(name, role), name)

    def key(self, tenant: str, role: Role = Role.ADMIN) -> str:
        """Return a new key to a tenant, added if it is not there."""

        async def add() -> str:
            url = self.box.role_url("kundvakt_gateway", "kundvakt_gateway")
            pool = await open_pool(url, 1, "test")
            try:
                await add_tenant(pool, tenant, tenant)
                return await add_key(pool, tenant, role, "test")
            finally:
                await pool.close()

        return self.wait(add())

    @cached_property
    def bureau(self) -> httpx2.Client:
        """Return a client of the stand-in bureau's control."""
        url = self.box.urls["creditsafe"]
        client = httpx2.Client(base_url=url, timeout=10, verify=PLAIN)
        return self.clients.enter_context(client)


class Client:
    """A tenant's program: knows the gateway's address and its key."""

    def __init__(self, running: RunningBox, key: str, tenant: str) -> None:
        self.running = running
        self.tenant = tenant
        self.http = httpx2.Client(
            base_url=f"{running.box.urls['gateway']}/api/v1",
            headers={"Authorization": f"Bearer {key}"},
            timeout=10,
            verify=PLAIN,
        )
        running.clients.callback(self.http.close)

    def create(self, key: str, **body: Any) -> dict[str, Any]:
        """Create a company, asking again with the same key until there is an answer."""

        def ask() -> httpx2.Response | None:
            answer = self.http.post("/companies", json=body, headers={"Idempotency-Key": key})
            return None if answer.status_code in {502, 503} else answer

        answer = eventually(ask, "an answer to the creation")
        assert answer.status_code == 201, answer.text
        created: dict[str, Any] = answer.json()
        return created

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        """Read something."""
        answer = self.http.get(path, params=query)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def watched(self, company_id: str) -> dict[str, Any]:
        """Wait until a company is under watch; return its card."""

        def look() -> dict[str, Any] | None:
            answer = self.http.get(f"/companies/{company_id}")
            if answer.status_code != 200:
                return None
            card: dict[str, Any] = answer.json()
            watch = (card.get("credit") or {}).get("watch") or {}
            return card if watch.get("state") == "active" else None

        return eventually(look, f"{company_id} under watch")

    def watch(self, company_id: str) -> str | None:
        """Return the state of a company's watch, if its card can be read."""
        answer = self.http.get(f"/companies/{company_id}")
        credit = answer.json().get("credit") if answer.status_code == 200 else None
        return credit["watch"]["state"] if credit else None

    def events(self, after: str | None = None) -> "Events":
        """Listen to the tenant's events."""
        return Events(self.http, after)


class Events:
    """A listener to the event stream, in a thread of its own."""

    def __init__(self, http: httpx2.Client, after: str | None = None) -> None:
        self._http = http
        self.seen: list[tuple[str, str, dict[str, Any]]] = []
        self._after = after
        self._open = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._open.wait(10), "the event stream did not open"
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()

    def named(self, name: str) -> list[dict[str, Any]]:
        """Return what was heard under a name."""
        return [document for _, event, document in self.seen if event == name]

    def _listen(self) -> None:
        headers = {"Last-Event-ID": self._after} if self._after else {}
        with (
            suppress(httpx2.TransportError),
            self._http.stream("GET", "/events", headers=headers, timeout=30) as answer,
        ):
            self._open.set()
            fields: dict[str, str] = {}
            for line in answer.iter_lines():
                if self._stop.is_set():
                    return
                if line:
                    name, _, value = line.partition(": ")
                    fields[name] = value
                elif "data" in fields:
                    self.seen.append(
                        (fields.get("id", ""), fields["event"], json.loads(fields["data"]))
                    )
                    fields = {}


def limited_companies(box: RunningBox) -> Iterator[str]:
    """Yield numbers of active limited companies that registry and bureau know."""
    client = box.tenant("number-finder")
    seen: set[str] = set()
    for letter in ascii_lowercase:
        found = client.get("/registry/companies", q=letter, country="SE", limit=50)["items"]
        for item in found:
            number = item["organisation_number"]
            fit = item["legal_form"] == "AB" and item["active"] and number not in seen
            seen.add(number)
            if fit and box.bureau.get(f"/_control/companies/SE/{number}").is_success:
                yield number


@contextmanager
def running_box(
    home: Path, options: Options | None = None, **environment: str
) -> Iterator[RunningBox]:
    """Run everything; polls the bureau every second quarter, so that tests need not wait."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    told = {
        "KUNDVAKT_CREDIT_POLL_SECONDS": "0.25",
        # A bureau that tests take away is back at once, and is to be asked again at once.
        "KUNDVAKT_BUREAU_LEFT_ALONE_SECONDS": "0.2",
        **environment,
    }
    given = options or Options()
    rows = given.sample_rows or SAMPLE_ROWS
    box = RunningBox(Onebox(home, replace(given, sample_rows=rows, environment=told)), loop)
    try:
        box.wait(box.box.__aenter__())
        yield box
    finally:
        box.clients.close()
        box.wait(box.box.__aexit__(None, None, None))
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
