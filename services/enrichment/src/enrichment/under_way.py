"""How far a load is, put down every second where the type-ahead reads it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import asyncpg

from chassis.postgres import connect
from chassis.tenancy import Connection
from contracts.enrichment import LoadingStep, RegistryLoading

PUT_DOWN_SECONDS = 1.0
PUT_DOWN = """
INSERT INTO registry.loading (doing, percent) VALUES ($1, $2)
ON CONFLICT (only_one) DO UPDATE
SET (doing, percent, at) = (excluded.doing, excluded.percent, now())
"""
FORGET = "DELETE FROM registry.loading"
FIRST = """
SELECT doing, percent FROM registry.loading
WHERE at > now() - interval '30 seconds' AND NOT EXISTS (SELECT FROM registry.sources)
"""


@dataclass(slots=True)
class UnderWay:
    """What is being done, and how much of it is done."""

    doing: LoadingStep
    done: int = 0
    all_of_it: int = 1

    @property
    def percent(self) -> int:
        """Return how much of it is done, of a hundred."""
        return min(100, 100 * self.done // max(1, self.all_of_it))

    def more(self, count: int) -> None:
        """Take in that more is done."""
        self.done += count

    def step(self, _: str, done: int, steps: int) -> None:
        """Take in that a step of building is done."""
        self.doing, self.done, self.all_of_it = "building", done, steps


@dataclass(frozen=True, slots=True)
class Telling:
    """Who is told how far a load has come: bytes copied; a step done, as which of how many."""

    copied: Callable[[int], object] = int
    step: Callable[[str, int, int], object] = lambda *_: None

    def also(self, state: UnderWay) -> "Telling":
        """Tell it to both."""

        def copied(count: int) -> None:
            state.more(count)
            self.copied(count)

        def step(name: str, done: int, steps: int) -> None:
            state.step(name, done, steps)
            self.step(name, done, steps)

        return Telling(copied, step)


@asynccontextmanager
async def put_down(url: str, doing: LoadingStep, all_of_it: int) -> AsyncIterator[UnderWay]:
    """Put down how far something is for as long as it lasts; that this fails harms nobody."""
    state = UnderWay(doing, 0, all_of_it)
    connection = await connect(url, "registry-loading")
    telling = asyncio.create_task(_put_down(connection, state))
    try:
        yield state
    finally:
        telling.cancel()
        with suppress(asyncio.CancelledError, asyncpg.PostgresError, OSError):
            await telling
        with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            await connection.execute(FORGET)
        await connection.close()


async def _put_down(connection: Any, state: UnderWay) -> None:
    while True:
        await connection.execute(PUT_DOWN, state.doing, state.percent)
        await asyncio.sleep(PUT_DOWN_SECONDS)


async def first_load(connection: Connection) -> RegistryLoading | None:
    """Return how far the first load is, if there is nothing to be found because of it."""
    row = await connection.fetchrow(FIRST)
    return RegistryLoading(doing=row["doing"], percent=row["percent"]) if row else None
