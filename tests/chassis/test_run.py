"""A service as a process: started, killed, stopped within ten seconds; and whether it is well."""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import httpx2
import pytest
from nats.errors import Error as NatsError
from starlette.applications import Starlette

from chassis import health, leadership, run, wire
from chassis.failpoints import ENVIRONMENT
from chassis.service import Service
from contracts.envelope import envelope_from
from onebox.testing import running

pytestmark = pytest.mark.servers
READY_SECONDS = 30.0
WAITING = """
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


@asynccontextmanager
async def process(bench: Any, log: Path, failpoint: str = "") -> AsyncIterator[Any]:
    """Run the companies service as a process of its own."""
    settings = bench.servers.settings(Service("companies"), "bench")
    told = {
        f"KUNDVAKT_{name.upper()}": str(getattr(value, "get_secret_value", lambda v=value: v)())
        for name, value in settings
        if value is not None
    }
    with log.open("wb") as out:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "chassis.run", "companies"),
            env={**os.environ, **told, "KUNDVAKT_LOG_FORMAT": "json", ENVIRONMENT: failpoint},
            stdout=out,
            stderr=out,
        )
        try:
            yield child
        finally:
            if child.returncode is None:
                child.kill()
            await child.wait()


def lines(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]


async def said(log: Path, event: str, eventually: Any) -> dict[str, Any]:
    async def found() -> Any:
        return next((line for line in lines(log) if line["event"] == event), None)

    line: dict[str, Any] = await eventually(found, event, seconds=READY_SECONDS)
    return line


async def test_a_process_stops_in_time_and_finishes_what_it_has_in_hand(
    bench: Any, tmp_path: Path, eventually: Any
) -> None:
    ask = await bench.ask(deadline_seconds=READY_SECONDS)
    log = tmp_path / "log"
    site = await bench.open()
    async with process(bench, log) as child:
        await said(log, "started", eventually)
        async with site.pool.acquire() as lock, lock.transaction():
            await lock.execute("SELECT pg_advisory_xact_lock(7001)")
            asked = asyncio.create_task(ask.command("companies", bench.add("Sales")))

            async def waits() -> bool:
                return bool(await site.pool.fetchval(WAITING))

            await eventually(waits, "the command waits to be committed")
            began = time.monotonic()
            child.send_signal(signal.SIGTERM)
            await said(log, "stopping", eventually)
        assert (await asked).position == 1
        assert await child.wait() == 0, log.read_text()
        assert time.monotonic() - began < 10
    assert lines(log)[-1]["event"] == "stopped"


async def test_an_idle_process_stops_at_once(bench: Any, tmp_path: Path, eventually: Any) -> None:
    log = tmp_path / "log"
    async with process(bench, log) as child:
        where = (await said(log, "listening", eventually))["url"]
        await said(log, "started", eventually)
        for path in ("healthz", "readyz", "metrics"):
            answer = await asyncio.to_thread(urlopen, f"{where}/{path}", timeout=5)
            with answer:
                assert answer.status == 200
                text = answer.read().decode()
                assert "ready" in text or path != "readyz"
                assert "kundvakt_relay_depth_events" in text or path != "metrics"
        began = time.monotonic()
        child.send_signal(signal.SIGTERM)
        assert await child.wait() == 0, log.read_text()
        assert time.monotonic() - began < 3
    assert "Traceback" not in log.read_text()


@pytest.mark.parametrize(
    "point", ["append.committed", pytest.param("relay.published", marks=pytest.mark.faults)]
)
async def test_a_process_killed_anywhere_is_followed_by_one_that_goes_on_exactly(
    bench: Any, tmp_path: Path, eventually: Any, point: str
) -> None:
    ask = await bench.ask(deadline_seconds=READY_SECONDS)
    command = bench.add("Sales")
    asked = asyncio.create_task(ask.command("companies", command))
    async with process(bench, tmp_path / "killed", f"{point}:1:kill") as killed:
        assert await asyncio.wait_for(killed.wait(), READY_SECONDS) == -signal.SIGKILL
    async with process(bench, tmp_path / "log"):
        assert (await asked).position == 1

        async def relayed() -> bool:
            return await bench.last_on_the_bus() >= 1

        await eventually(relayed, "relayed")
        await ask.command("companies", bench.rename(command, "South"))

        async def both() -> bool:
            return await bench.last_on_the_bus() >= 2

        await eventually(both, "both relayed")
    found = [envelope_from(m.headers, m.data) for m in await bench.on_the_bus()]
    assert [(e.position, e.version) for e in found] == [(1, 1), (2, 2)]


async def test_a_line_of_the_log_says_whose_and_never_what(
    bench: Any, tmp_path: Path, eventually: Any
) -> None:
    ask = await bench.ask(deadline_seconds=READY_SECONDS)
    log = tmp_path / "log"
    command = bench.add("canary-name")
    async with process(bench, log):
        await ask.command("companies", command)
        line = await said(log, "add-department", eventually)
    assert line["tenant"] == bench.tenant
    assert line["correlation"] == str(command.correlation)
    assert "canary" not in log.read_text()


async def test_a_loop_that_ends_by_itself_ends_the_process(bench: Any) -> None:
    async def fails(_: Any) -> None:
        raise AssertionError("a bug")

    service = Service("companies", background=(fails,))
    settings = bench.servers.settings(service, "bench")
    with pytest.raises(SystemExit, match=r"fails ended: AssertionError\('a bug'\)"):
        await run.serve(service, settings)
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().remove_signal_handler(sign)


async def test_what_cannot_be_finished_is_cut_off_in_time(
    bench: Any, eventually: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "STOP_SECONDS_MAX", 1.0)
    monkeypatch.setattr(wire, "GRACEFUL_SECONDS_MAX", 0.5)
    site, ask = await bench.open(), await bench.ask(deadline_seconds=9)
    service = Service("companies", routers=(bench.departments(),))
    async with site.pool.acquire() as lock, lock.transaction():
        await lock.execute("SELECT pg_advisory_xact_lock(7001)")
        serving = asyncio.create_task(run.serve(service, bench.servers.settings(service, "bench")))
        command = bench.add("Sales")
        asked = asyncio.create_task(ask.command("companies", command))

        async def waits() -> bool:
            return bool(await site.pool.fetchval(WAITING))

        await eventually(waits, "the command waits to be committed")
        began = time.monotonic()
        os.kill(os.getpid(), signal.SIGTERM)
        await serving
        assert time.monotonic() - began < 1 + 2
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().remove_signal_handler(sign)
    async with bench.answering(site, bench.departments()):
        assert (await asked).position == 1
    assert await site.pool.fetchval("SELECT count(*) FROM events") == 1


async def readiness(site: Any) -> tuple[int, str]:
    app = Starlette(routes=health.routes(site))
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://here") as client:
        answer = await client.get("/readyz")
        return answer.status_code, answer.json()["status"]


async def test_readiness_is_the_sum_of_real_pings(bench: Any, keeping: Service) -> None:
    site = await bench.open()
    assert await readiness(site) == (200, "ready")
    await site.nats.close()
    assert await readiness(site) == (503, "unready")
    screens = await bench.open(keeping)
    screens.service = Service("gateway", http=lambda _: Starlette())
    assert await readiness(screens) == (200, "ready")
    await screens.nats.close()
    assert await readiness(screens) == (200, "degraded")
    await screens.reader.close()
    assert await readiness(screens) == (503, "unready")


async def test_a_leader_that_lost_its_lock_stops_leading(bench: Any, eventually: Any) -> None:
    site = await bench.open()
    url = site.settings.database_url.get_secret_value()
    led: list[str] = []

    async def lead(name: str) -> None:
        async with leadership.leading(url, "one thing") as connection:
            led.append(name)
            while True:
                await leadership.still_leading(connection)
                await asyncio.sleep(0.01)

    first = asyncio.create_task(lead("first"))

    async def leads() -> bool:
        return led == ["first"]

    await eventually(leads, "the first leads")
    second = asyncio.create_task(lead("second"))
    await bench.execute(
        "companies",
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
    )
    with pytest.raises(run.relay.INTERRUPTIONS):
        await first

    async def taken_over() -> bool:
        return led == ["first", "second"]

    await eventually(taken_over, "the second leads", seconds=2)
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second


async def test_what_answers_ends_with_its_line_so_that_the_process_is_started_anew(
    tmp_path: Path, eventually: Any
) -> None:
    async with running(tmp_path / "home") as servers:
        settings = servers.settings(Service("companies"), "bench")
        url = settings.nats_url.get_secret_value()
        broker = wire.broker(url, "companies", settings.nats_inbox_prefix)

        async def listens() -> bool:
            return broker.running and broker.connection.is_connected

        answering = asyncio.create_task(run.answer(broker))
        await eventually(listens, "it listens")
        configuration = tmp_path / "home" / "nats" / "nats.conf"
        password = servers.home.password("companies")
        configuration.write_text(configuration.read_text().replace(password, "another"))
        servers.children["nats"].signal(signal.SIGHUP)
        await asyncio.wait_for(answering, READY_SECONDS)
        with suppress(NatsError):
            await broker.stop()
