"""Whoever hangs up, or whose answer is lost, asks again and gets the one answer there is."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from chassis import appender as appending
from chassis.appender import Appender
from chassis.decider import Rejected
from chassis.event_store import PostgresStreams
from chassis.keys import KeyRing
from chassis.postgres import TRANSIENT
from chassis.streams import transact
from support.faults.cancelled import cancelled_at

pytestmark = pytest.mark.servers

WAITS = range(1, 13)
"""More than a command waits for anything: the last are not cancelled at all."""


async def hung_up(site: Any, decider: Any, command: Any, nth: int) -> None:
    """Ask, and hang up at the nth wait."""
    with suppress(asyncio.CancelledError):
        await asyncio.create_task(
            cancelled_at(transact(site.streams, decider, command), nth)  # type: ignore[arg-type]
        )


async def kept(site: Any, *commands: Any) -> list[int]:
    """Return how many events each command left."""
    return [
        await site.pool.fetchval(
            "SELECT count(*) FROM events WHERE meta->>'command' = $1", str(command.command_id)
        )
        for command in commands
    ]


async def test_who_hangs_up_at_any_wait_may_ask_again_and_it_happens_once(
    bench: Any, departments: Any
) -> None:
    site = await bench.open()
    commands = [bench.add(f"d{n}") for n in WAITS]
    for nth, command in zip(WAITS, commands, strict=True):
        await hung_up(site, departments, command, nth)
        answer = await transact(site.streams, departments, command)
        assert answer.version == 1
    assert await kept(site, *commands) == [1] * len(WAITS)


async def test_some_who_hung_up_had_been_served_and_without_memory_would_be_refused(
    bench: Any, departments: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = await bench.open()
    commands = [bench.add(f"d{n}") for n in WAITS]
    for nth, command in zip(WAITS, commands, strict=True):
        await hung_up(site, departments, command, nth)
    # What was handed to the appender before the caller hung up is kept all the same.
    await bench.happen(site, bench.add("last"))
    served = [command for command in commands if (await kept(site, command))[0]]
    assert len(served) > 0
    read: Callable[..., Any] = PostgresStreams.read

    async def forgetful(self: Any, stream: Any, command: Any) -> Any:
        return replace(await read(self, stream, command), answered=None)

    monkeypatch.setattr(PostgresStreams, "read", forgetful)
    with pytest.raises(Rejected):
        await transact(site.streams, departments, served[0])


@dataclass
class Wire:
    """A socket before Postgres's own that can swallow an answer and cut the connection."""

    path: Path
    swallows: bool = False
    swallowed: int = 0
    writers: list[Any] = field(default_factory=list)

    def url(self, real: str) -> str:
        """Return a database's URL that leads over this wire."""
        split = urlsplit(real)
        host = quote(str(self.path.parent), safe="")
        return split._replace(query=f"host={host}&port=5432").geturl()

    async def _pump(self, reader: Any, writer: Any, *, answers: bool) -> None:
        while data := await reader.read(65_536):
            if answers and self.swallows:
                self.swallowed += 1
                self.swallows = False
                break
            writer.write(data)
            await writer.drain()

    async def serve(self, real: Path, reader: Any, writer: Any) -> None:
        """Carry one connection."""
        there, back = await asyncio.open_unix_connection(real)
        pumps = (
            asyncio.create_task(self._pump(reader, back, answers=False)),
            asyncio.create_task(self._pump(there, writer, answers=True)),
        )
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        for pump in pumps:
            pump.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)
        for one in (writer, back):
            one.transport.abort()


@asynccontextmanager
async def wire(bench: Any) -> AsyncIterator[tuple[Wire, Any]]:
    """Open the bench's companies with appends that go over a wire."""
    site = await bench.open()
    url = site.settings.database_url.get_secret_value()
    real = Path(parse_qs(urlsplit(url).query)["host"][0]) / ".s.PGSQL.5432"
    with TemporaryDirectory() as folder:
        carried = Wire(Path(folder) / ".s.PGSQL.5432")

        async def serve(reader: Any, writer: Any) -> None:
            await carried.serve(real, reader, writer)

        server = await asyncio.start_unix_server(serve, carried.path)
        appender = Appender(carried.url(url), "test")
        site.streams = PostgresStreams(site.pool, appender, site.keys)
        try:
            yield carried, site
        finally:
            await appender.close()
            server.close()


@pytest.mark.processes
async def test_a_commit_whose_answer_is_lost_is_answered_once_it_is_asked_about(
    bench: Any,
) -> None:
    async with wire(bench) as (carried, site):
        await bench.happen(site, bench.add("first"))
        command = bench.add("second")
        carried.swallows = True
        (answer,) = await bench.happen(site, command)
        assert carried.swallowed == 1
    assert answer.position == 2
    assert await kept(site, command) == [1]


@pytest.mark.processes
async def test_a_refusal_whose_commit_was_not_heard_of_is_given_once_it_is_asked_about(
    bench: Any,
) -> None:
    async with wire(bench) as (carried, site):
        first = bench.add("first")
        await bench.happen(site, first)
        command = bench.add("first")
        carried.swallows = True
        with pytest.raises(Rejected) as refusal:
            await bench.happen(site, command)
        assert carried.swallowed == 1
        await bench.happen(site, bench.rename(first, "other"))
        with pytest.raises(Rejected) as again:
            await bench.happen(site, command)
    assert (again.value.code, again.value.details) == ("taken", refusal.value.details)


@pytest.mark.processes
async def test_without_asking_about_it_a_commit_whose_answer_is_lost_would_seem_undone(
    bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(appending, "RETRY_SECONDS", ())
    async with wire(bench) as (carried, site):
        await bench.happen(site, bench.add("first"))
        command = bench.add("second")
        carried.swallows = True
        with pytest.raises(TRANSIENT):
            await bench.happen(site, command)
    assert await kept(site, command) == [1]


async def test_if_wishes_were_not_compared_a_used_id_would_give_the_answer_to_another(
    bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = await bench.open()
    first = bench.add("Sales")
    other = bench.rename(first, "Other", command_id=first.command_id)
    (answer,) = await bench.happen(site, first)
    with pytest.raises(Rejected) as refusal:
        await bench.happen(site, other)
    assert refusal.value.code == "command-reused"

    async def alike(*_: Any) -> bytes:
        return (await site.pool.fetchval("SELECT digest FROM commands")) or b""

    monkeypatch.setattr(KeyRing, "digest", alike)
    assert await bench.happen(site, other) == [answer]


async def test_without_the_version_that_was_read_both_of_two_changes_would_be_made(
    bench: Any,
) -> None:
    site = await bench.open()
    added = bench.add("Sales")
    await bench.happen(site, added)
    renames = [bench.rename(added, f"{n}") for n in range(2)]
    await bench.happen(site, *renames)
    assert await kept(site, *renames) == [1, 1]
    guarded = [bench.rename(added, f"g{n}", expected_version=3) for n in range(2)]
    await bench.happen(site, guarded[0])
    with pytest.raises(Rejected) as refusal:
        await bench.happen(site, guarded[1])
    assert refusal.value.code == "stale"
