"""All of Kundvakt at once: started, every process killed in turn, and well again."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from onebox import demo
from onebox.__main__ import greet
from onebox.box import SERVICES, Onebox, Options, PortTakenError

LOOK_SECONDS = 0.1
pytestmark = [
    pytest.mark.servers,
    pytest.mark.journey,
    pytest.mark.faults,
    pytest.mark.asyncio(loop_scope="module"),
]
OTHER_BUREAUS = ("dnb", "tic")
PROCESSES = {*SERVICES, "postgres", "nats", "creditsafe", *OTHER_BUREAUS, "mail"}
ROWS = 100
"""The fewest there may be: nobody looks a company up here."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def box(home: Path) -> AsyncIterator[Onebox]:
    options = Options(sample_rows=ROWS, other_bureaus=OTHER_BUREAUS)
    async with Onebox(home / "whole", options) as running:
        yield running


async def companies(box: Onebox, key: str) -> int:
    async with demo.client(box, key) as api:
        answer = await api.get("/companies")
        answer.raise_for_status()
        return len(answer.json()["items"])


async def test_everything_runs_and_what_is_killed_comes_back(box: Onebox) -> None:
    key = await demo.seed(box)
    assert set(box.processes) == PROCESSES
    for name in sorted(PROCESSES):
        before = box.kill(name)
        assert await box.restarted(name, before) != before
        await box.wait_ready()
        assert await companies(box, key) == 0, name
        state = json.loads((box.home.path / "run.json").read_text())
        assert state["processes"] == dict(box.processes), name
        assert set(state["processes"]) == PROCESSES
    await nothing_else_may_take_the_port(box)
    assert await demo.seed(box) == key, "the second time the key is found again"


async def nothing_else_may_take_the_port(box: Onebox) -> None:
    port = httpx2.URL(box.urls["gateway"]).port
    assert port
    options = Options(http_port=port, database_url="postgresql://unused", nats_url="nats://unused")
    with pytest.raises(PortTakenError, match=str(port)):
        async with Onebox(box.home.path.parent / "other", options):
            pass


async def test_a_service_is_told_its_own_addresses_alone(box: Onebox) -> None:
    for name in SERVICES:
        told = environment_of(box.processes[name])
        assert box.home.password("postgres") not in told
        assert box.home.password("admin") not in told
        for other in SERVICES:
            role = f"kundvakt_{other.replace('-', '_')}"
            assert (box.home.password(role) in told) is (other == name), (name, other)
            assert (box.home.password(other) in told) is (other == name), (name, other)


def environment_of(pid: int) -> str:
    return Path(f"/proc/{pid}/environ").read_text()


async def test_given_servers_are_used_instead_of_our_own(tmp_path: Path) -> None:
    async with Onebox(tmp_path / "servers", Options(services=())) as servers:
        given = Options(
            database_url=servers.urls["database"],
            nats_url=servers.urls["nats"],
            sample_rows=ROWS,
        )
        async with Onebox(tmp_path / "home", given) as box:
            assert set(box.processes) == PROCESSES - {"postgres", "nats", *OTHER_BUREAUS}
            assert not box.home.postgres.exists()
            assert await companies(box, await demo.seed(box)) == 0


async def test_other_bureaus_stand_in_and_take_a_tenants_login(box: Onebox) -> None:
    key = await demo.seed(box)
    async with demo.client(box, key) as api, asyncio.timeout(60):
        for bureau in OTHER_BUREAUS:
            wish = {"headers": {"Idempotency-Key": bureau}, "json": {"bureau": bureau}}
            (await api.put("/settings/credit-bureau", **wish)).raise_for_status()
            standing = await once_read(api)
            assert (standing["bureau"], standing["login_refused_at"]) == (bureau, None)


async def once_read(api: httpx2.AsyncClient) -> dict[str, Any]:
    while True:
        standing: dict[str, Any] = (await api.get("/settings/credit-bureau")).json()
        if standing["last_read_at"]:
            return standing
        await asyncio.sleep(LOOK_SECONDS)


async def test_a_sample_is_said_to_be_loaded_only_while_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    loaded = asyncio.Event()

    async def load(*_: object) -> None:
        await loaded.wait()

    # Any sample is large now, and loaded beside the rest.
    monkeypatch.setattr("onebox.box.AT_ONCE_ROWS", 0)
    monkeypatch.setattr("onebox.box.load_sample", load)
    async with Onebox(tmp_path / "home", Options(sample_rows=ROWS)) as box:
        greet(box, "", 0.0)
        assert "being loaded" in capsys.readouterr().out
        loaded.set()
        await box.registry_loaded()
        greet(box, "", 0.0)
        assert "being loaded" not in capsys.readouterr().out
