"""Servers that neither answer nor die: whoever needs them goes elsewhere in time."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import orjson
import pytest
from nats.aio.client import Client

from chassis import answering, appender, consumer, postgres, projector, relay, tenancy, watch, wire
from chassis import ask as asking
from chassis.ask import Asker, Unavailable
from chassis.edge import new_id
from support.faults.fault_proxy import FaultProxy, Links

pytestmark = pytest.mark.servers

OTHER_SECONDS_MAX = 2.0
"""Less than a command's deadline."""


@pytest.fixture
def links() -> Iterator[Links]:
    with Links() as links:
        yield links


def through(bench: Any, user: str, *proxies: FaultProxy) -> str:
    """Return the bus's URL as if each link led to a server of its own."""
    parts = urlsplit(bench.servers.nats.url(user))
    login = parts.netloc.rpartition("@")[0]
    return ",".join(f"nats://{login}@{proxy.address}" for proxy in proxies)


def link(bench: Any, links: Links) -> FaultProxy:
    return links.to(urlsplit(bench.servers.nats.url("admin")).port or 0)


@asynccontextmanager
async def connected(url: str, user: str) -> AsyncIterator[Client]:
    client = await wire.connect(url, "test", f"_INBOX_{user}")
    try:
        yield client
    finally:
        await client.close()


@asynccontextmanager
async def two_lines(bench: Any, links: Links) -> AsyncIterator[tuple[Client, Client]]:
    """Connect twice to who answers, and let the first line fall silent."""
    silent, other = link(bench, links), link(bench, links)
    site = await bench.open()
    async with (
        bench.answering(site, bench.departments()),
        connected(through(bench, "gateway", silent), "gateway") as first,
        connected(through(bench, "gateway", other), "gateway") as second,
    ):
        silent.silence()
        yield first, second


async def test_a_command_that_gets_no_answer_is_asked_through_another_server(
    bench: Any, links: Links
) -> None:
    async with two_lines(bench, links) as (first, second):
        with pytest.raises(Unavailable):
            await Asker(first, 1.2).command("companies", bench.add("Sales"))
        ask = Asker(first, 2.5, [first, second])
        assert (await ask.command("companies", bench.add("Sales"))).position == 1
        # The line that answered is kept: nobody waits a second time.
        async with asyncio.timeout(0.7):
            await ask.command("companies", bench.add("Support"))


async def test_a_line_on_which_something_was_lost_is_the_first_no_longer(
    bench: Any, links: Links, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(wire.CONNECT_OPTIONS, "ping_interval", 5)  # it is not left meanwhile
    async with two_lines(bench, links) as (first, second):
        ask = Asker(first, 2.5, [first, second])
        await ask.command("companies", bench.add("Sales"))
        async with asyncio.timeout(asking.ATTEMPT_SECONDS):
            await ask.command("companies", bench.add("Support"))


async def moved(bench: Any, links: Links, eventually: Any) -> bool:
    """Say whether a client leaves a server that has fallen silent, in time."""
    proxies = [link(bench, links), link(bench, links)]
    async with connected(through(bench, "gateway", *proxies), "gateway") as client:
        port = client.connected_url.port
        for proxy in proxies:
            if proxy.address.endswith(f":{port}"):
                proxy.silence()

        async def elsewhere() -> bool:
            return client.is_connected and client.connected_url.port != port

        try:
            await eventually(elsewhere, "another server", seconds=OTHER_SECONDS_MAX)
        except AssertionError:
            return False
        return True


async def test_a_silent_server_is_left_before_a_deadline_is_over(
    bench: Any, links: Links, eventually: Any
) -> None:
    assert await moved(bench, links, eventually)


@pytest.mark.faults
async def test_pinging_seldom_a_client_would_stay_with_a_silent_server(
    bench: Any, links: Links, eventually: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(wire.CONNECT_OPTIONS, "ping_interval", 5)
    assert not await moved(bench, links, eventually)


async def frozen_append(bench: Any) -> Any:
    """Ask for something while the connection that appends is frozen, idle, at the server."""
    site, ask = await bench.open(), await bench.ask()
    async with bench.answering(site, bench.departments()):
        await ask.command("companies", bench.add("Sales"))
        pid = await site.pool.fetchval(
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'companies:append'"
            " AND datname = current_database()"
        )
        os.kill(pid, signal.SIGSTOP)
        try:
            return await ask.command("companies", bench.add("Support"))
        finally:
            os.kill(pid, signal.SIGCONT)


@pytest.mark.processes
async def test_a_frozen_backend_costs_a_moment_and_no_command(bench: Any) -> None:
    assert (await frozen_append(bench)).position == 2


@pytest.mark.processes
@pytest.mark.faults
async def test_waiting_longer_for_a_frozen_backend_would_cost_the_command(
    bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(appender, "ANSWER_SECONDS_MAX", 5.0)
    with pytest.raises(Unavailable):
        await frozen_append(bench)


async def demoted(bench: Any, keeping: Any, eventually: Any) -> None:
    """Let every connection of a service lead to a server that takes no writes, and that be over."""
    source, screens = await bench.open(), await bench.open(keeping)
    await bench.build()
    role = "bench_gateway"
    shown = keeping.projections[0]
    async with bench.going(
        relay.relay(source), consumer.consume(screens), projector.Projector(screens, (shown,)).run()
    ):
        await bench.execute("gateway", f"ALTER ROLE {role} SET default_transaction_read_only = on")
        end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1"
        await bench.execute("gateway", end, role)
        await bench.added(source, 2)
        held = [await _read_only(screens.pool) for _ in range(2)]
        await bench.execute("gateway", f"ALTER ROLE {role} RESET default_transaction_read_only")
        assert any(held)

        async def told() -> bool:
            rows = await bench.execute(
                "gateway", "SELECT count(*) AS n FROM history WHERE $1", True
            )
            return bool(rows[0]["n"] == 2)

        await eventually(told, "both kept", seconds=5)


async def _read_only(pool: Any) -> bool:
    while True:
        try:
            return bool(
                await pool.fetchval("SELECT current_setting('transaction_read_only') = 'on'")
            )
        except postgres.TRANSIENT:
            continue


async def test_connections_to_a_demoted_server_are_let_go(
    bench: Any, keeping: Any, eventually: Any
) -> None:
    await demoted(bench, keeping, eventually)


@pytest.mark.faults
async def test_kept_they_would_refuse_writes_for_ever(
    bench: Any, keeping: Any, eventually: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def keep(*_: Any) -> None:
        return

    monkeypatch.setattr(consumer, "heal", keep)
    monkeypatch.setattr(projector, "heal", keep)
    with pytest.raises(AssertionError, match="still not: both kept"):
        await demoted(bench, keeping, eventually)


async def key_made_after_demotion(bench: Any, eventually: Any) -> None:
    """Make a person's key once a server that took no writes takes them again."""
    site, role = await bench.open(), "bench_companies"
    await bench.execute("companies", f"ALTER ROLE {role} SET default_transaction_read_only = on")
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1"
    await bench.execute("companies", end, role)
    made: list[bytes] = []

    async def make() -> bool:
        with suppress(*postgres.TRANSIENT):
            made.append(await site.keys.make(bench.tenant, new_id()))
        return bool(made)

    for _ in range(site.settings.pool_size):
        assert not await make()
    await bench.execute("companies", f"ALTER ROLE {role} RESET default_transaction_read_only")
    await eventually(make, "a key made", seconds=2)


async def test_keys_are_made_again_by_a_server_that_takes_writes_again(
    bench: Any, eventually: Any
) -> None:
    await key_made_after_demotion(bench, eventually)


@pytest.mark.faults
async def test_kept_the_connections_of_the_key_ring_would_refuse_writes_for_ever(
    bench: Any, eventually: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def keep(*_: Any) -> None:
        return

    monkeypatch.setattr(tenancy, "heal", keep)
    with pytest.raises(AssertionError, match="still not: a key made"):
        await key_made_after_demotion(bench, eventually)


async def said_without_a_connection() -> str:
    """Answer something that finds no free connection; return the code of the refusal."""

    async def answer() -> Any:
        raise asyncpg.TooManyConnectionsError("sorry, too many clients already")

    return str(orjson.loads(await answering.replied("test", {}, answer))["problem"]["code"])


async def test_without_a_free_connection_a_request_is_to_be_asked_again() -> None:
    assert await said_without_a_connection() == "unavailable"


async def test_not_knowing_that_it_passes_it_would_be_a_bug(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    others = tuple(
        e for e in answering.TRANSIENT if not issubclass(asyncpg.TooManyConnectionsError, e)
    )
    monkeypatch.setattr(answering, "TRANSIENT", others)
    assert await said_without_a_connection() == "failed"


async def away_for_long(bench: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let a bus be away for longer than anybody stands still, events outstanding."""
    monkeypatch.setattr(watch, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(watch, "RESTART_SECONDS", 0.5)
    anew: list[str] = []
    monkeypatch.setattr(watch, "_start_anew", anew.append)
    site = await bench.open()
    site.heads["companies"] = 9
    await site.nats.close()
    async with bench.going(watch_without_listening(site, monkeypatch)):
        await asyncio.sleep(1.2)  # twice as long as is allowed where the bus is there
    return anew


async def watch_without_listening(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def deaf(*_: Any, **__: Any) -> None:
        return

    monkeypatch.setattr(site.nats, "subscribe", deaf)
    await watch.watch(site)


async def test_nobody_starts_anew_because_the_bus_is_away(
    bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await away_for_long(bench, monkeypatch) == []


@pytest.mark.faults
async def test_not_asking_the_bus_they_would(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def there(_: Any) -> bool:
        return True

    monkeypatch.setattr(watch, "_keep_consumer", there)
    assert await away_for_long(bench, monkeypatch)
