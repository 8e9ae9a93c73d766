"""Many who ask the registry at once: on connections, over HTTP, and as people who type."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from typing import Any
from urllib.parse import quote

from benchmarks.asking import asked
from benchmarks.registry.loaded import Ours, connected, database
from benchmarks.registry.typed import Sought
from benchmarks.rounds import Reading, alternating, middle, number, rate, reading, waits
from benchmarks.row import Row
from benchmarks.stage import Stage
from enrichment.search import SECONDS_MAX

CLIENTS = 16
HTTP_RATE = 200
HTTP_MS_AIM = 25
TYPISTS = 200
LETTERS_MAX = 10
"""How much of a name is typed."""
LOOK_SECONDS = 0.01
LEFT_SECONDS = 1.0
"""After which no query may be left of those that nobody waits for."""
OLDEST = """
SELECT coalesce(max(extract(epoch FROM clock_timestamp() - query_start)), 0)::float
FROM pg_stat_clear_snapshot(), pg_stat_activity
WHERE datname = current_database() AND state = 'active' AND pid <> pg_backend_pid()
  AND query LIKE '%registry.%'
"""


async def crowd(
    stage: Stage, box: Any, connection: Any, among: Sequence[Sought]
) -> AsyncIterator[Row]:
    """Ask from many connections at once, over HTTP at a rate, and as people who type."""
    texts = [one.key[: 1 + place % 10] for place, one in enumerate(among)]
    sides = [
        partial(_at_once, database(box), texts, stage.scale.seconds, floor=floor)
        for floor in (True, False)
    ]
    floor, own = await alternating(stage.scale.rounds, *sides)
    yield Row(
        f"registry: {CLIENTS} clients at once, 1-10 letters",
        f"{rate(middle(own).per_second)}, {waits(middle(own))}",
        f"SELECT 1: {rate(middle(floor).per_second)}, {waits(middle(floor))}",
        f"{middle(own).per_second / middle(floor).per_second:.2f}",
    )
    key = await stage.key("registry")
    paths = [f"/api/v1/registry/companies?q={quote(text)}" for text in texts]
    seconds = stage.scale.seconds * 3
    found = [
        await asked("read", box.urls["gateway"], key, paths=paths, rate=HTTP_RATE, seconds=seconds)
        for _ in range(stage.scale.rounds)
    ]
    taken = middle([one.answered for one in found])
    failed = sum(one.failed for one in found)
    yield Row(
        f"registry: over HTTP at {HTTP_RATE}/s, 1-10 letters",
        f"{waits(taken)}, {failed} failed",
        aim=f"p99 ≤ {HTTP_MS_AIM} ms",
        met=taken.p99 <= HTTP_MS_AIM and not failed,
        why="gateway, bus, service, Postgres and the load share the cores",
    )
    url, key = box.urls["gateway"], await stage.key("typists")
    names = [one.key for one in among]
    yield await _minds_changed(url, key, connection, names, stage.scale.seconds * 4)


async def _at_once(url: str, texts: Sequence[str], seconds: float, *, floor: bool) -> Reading:
    """Let many clients ask, each as soon as it is answered."""
    async with AsyncExitStack() as stack:
        clients = [Ours(await connected(stack, url)) for _ in range(CLIENTS)]
        took: list[float] = []
        ends = time.perf_counter() + seconds

        async def client(place: int, one: Ours) -> None:
            turn = place * len(texts) // CLIENTS
            while (before := time.perf_counter()) < ends:
                turn += 1
                await (one.floor if floor else one.ask)(texts[turn % len(texts)])
                took.append(time.perf_counter() - before)

        await asyncio.gather(*(client(place, one) for place, one in enumerate(clients)))
        return reading(seconds, took)


async def _minds_changed(
    url: str, key: str, connection: Any, names: Sequence[str], seconds: float
) -> Row:
    """Measure what becomes of those who type, and of the queries of what they want no more."""
    starts = [name[: 1 + n % LETTERS_MAX] for n, name in enumerate(names)]
    async with _watched(connection) as oldest:
        found = await asked("type", url, key, names=starts, typists=TYPISTS, seconds=seconds)
    await asyncio.sleep(LEFT_SECONDS)
    left = await connection.fetchval(OLDEST)
    longest = max(oldest)
    letters = found.answered.per_second * seconds
    return Row(
        f"registry: {TYPISTS} typists over HTTP, who change their mind at every letter",
        f"{number(letters)} letters answered, the last one of a name {waits(found.visible)},"
        f" {found.failed} failed; longest query {longest * 1_000:.0f} ms,"
        f" {int(left > 0)} left a second later",
        aim=f"0 failed, no query above {SECONDS_MAX:g} s, none left",
        met=not found.failed and longest <= SECONDS_MAX + LOOK_SECONDS and not left,
        why="gateway, bus, service, Postgres and the load share the cores",
    )


@asynccontextmanager
async def _watched(connection: Any) -> AsyncIterator[list[float]]:
    """Note meanwhile how old the oldest query of the registry is."""
    oldest = [0.0]

    async def watch() -> None:
        while True:
            oldest.append(await connection.fetchval(OLDEST))
            await asyncio.sleep(LOOK_SECONDS)

    watching = asyncio.create_task(watch())
    try:
        yield oldest
    finally:
        watching.cancel()
        # Had it ended by itself, nothing would have been watched: that is not to be overlooked.
        with suppress(asyncio.CancelledError):
            await watching
