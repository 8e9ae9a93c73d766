"""Two hundred people who type names at once, and at every letter want something else."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import cycle
from typing import Any
from urllib.parse import quote

from benchmarks.api import Api
from benchmarks.asking import asked
from benchmarks.found import Found, Taken
from benchmarks.rounds import number, waits
from benchmarks.row import Row
from enrichment.search import SECONDS_MAX

PATH = "/api/v1/registry/companies?q="
TYPISTS = 200
LETTERS_MAX = 10
"""How much of a name is typed."""
KEY_SECONDS = 0.2
"""From one letter to the next; whoever is not answered by then asks no longer for the last one."""
THINKING_SECONDS = 1.0
"""From one name to the next."""
ANSWERED = 200
LATER = 429
LOOK_SECONDS = 0.01
LEFT_SECONDS = 1.0
"""After which no query may be left of those that nobody waits for."""
OLDEST = """
SELECT coalesce(max(extract(epoch FROM clock_timestamp() - query_start)), 0)::float
FROM pg_stat_clear_snapshot(), pg_stat_activity
WHERE datname = current_database() AND state = 'active' AND pid <> pg_backend_pid()
  AND query LIKE '%registry.%'
"""


async def typing(api: Api, job: dict[str, Any]) -> Found:
    """Let everybody type; each name's whole start is asked for until it is answered."""
    taken, names = Taken(), cycle(job["names"])
    ends = time.perf_counter() + job["seconds"]

    async def typist(place: int) -> None:
        await asyncio.sleep(THINKING_SECONDS * place / job["typists"])
        while time.perf_counter() < ends:
            await _typed(api, taken, next(names))
            await asyncio.sleep(THINKING_SECONDS)

    await asyncio.gather(*(typist(place) for place in range(job["typists"])))
    return taken.found(job["seconds"])


async def _typed(api: Api, taken: Taken, name: str) -> None:
    """Type a name, and wait for the answer to all of it alone."""
    for end in range(1, len(name)):
        next_letter = asyncio.ensure_future(asyncio.sleep(KEY_SECONDS))
        with suppress(TimeoutError):
            async with asyncio.timeout(KEY_SECONDS):
                await _asked(api, taken, name[:end])
        await next_letter
    began = time.perf_counter()
    await _asked(api, taken, name)
    taken.visible.append(time.perf_counter() - began)


async def _asked(api: Api, taken: Taken, text: str) -> None:
    began, status = time.perf_counter(), LATER
    while status == LATER:
        status, _ = await api.get(PATH + quote(text))
        if status == LATER:
            await asyncio.sleep(KEY_SECONDS)
    if status == ANSWERED:
        taken.answered.append(time.perf_counter() - began)
    else:
        taken.failed += 1


async def minds_changed(
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
        await asyncio.gather(watching, return_exceptions=True)
