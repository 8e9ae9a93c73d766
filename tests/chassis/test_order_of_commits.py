"""Positions become visible in their order, whoever commits first: no reader ever skips one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from chassis.streams import transact

pytestmark = pytest.mark.servers

LOCK = "PERFORM pg_advisory_xact_lock(7001);"
MEANWHILE_SECONDS = 0.3
"""Long enough for an append that does not wait to be done many times over."""


@asynccontextmanager
async def half_done(site: Any, departments: Any, command: Any) -> AsyncIterator[None]:
    """Append in a transaction that stays open meanwhile, and then commits."""
    async with site.pool.acquire() as lent, lent.transaction():
        await transact(site.streams.within(lent), departments, command)
        yield


async def visible(site: Any) -> list[int]:
    rows = await site.pool.fetch("SELECT position FROM events ORDER BY position")
    return [row["position"] for row in rows]


async def test_an_append_waits_for_the_one_that_drew_its_position_first(
    bench: Any, departments: Any
) -> None:
    site = await bench.open()
    async with half_done(site, departments, bench.add("first")):
        second = asyncio.create_task(transact(site.streams, departments, bench.add("second")))
        await asyncio.wait([second], timeout=MEANWHILE_SECONDS)
        assert not second.done()
        assert await visible(site) == []
    assert (await second).position == 2
    assert await visible(site) == [1, 2]


async def test_who_reads_on_from_the_last_position_misses_nothing(
    bench: Any, departments: Any
) -> None:
    sites = [await bench.open() for _ in range(3)]
    stop = asyncio.Event()

    async def follow() -> list[int]:
        seen: list[int] = []
        while True:
            done = stop.is_set()
            rows = await sites[0].pool.fetch(
                "SELECT position FROM events WHERE position > $1 ORDER BY position",
                seen[-1] if seen else 0,
            )
            seen += [row["position"] for row in rows]
            if done and not rows:
                return seen

    async def inside(n: int) -> None:
        async with half_done(sites[n % 3], departments, bench.add(f"inside {n}")):
            await asyncio.sleep(0.001 * (n % 5))

    follower = asyncio.create_task(follow())
    await asyncio.gather(
        *(transact(sites[n % 3].streams, departments, bench.add(f"d{n}")) for n in range(60)),
        *(inside(n) for n in range(12)),
    )
    stop.set()
    assert await follower == list(range(1, 73))


@pytest.fixture
async def without_lock(bench: Any) -> AsyncIterator[None]:
    """Take the lock out of the functions that append, and put it back."""
    rows = await bench.execute(
        "companies",
        "SELECT pg_get_functiondef(oid) AS f FROM pg_proc WHERE proname = ANY ($1)",
        ["append_batch", "append_one"],
    )
    whole = [row["f"] for row in rows]
    assert [LOCK in one for one in whole] == [True, True]
    for one in whole:
        await bench.execute("companies", one.replace(LOCK, ""))
    yield
    for one in whole:
        await bench.execute("companies", one)


@pytest.mark.usefixtures("without_lock")
async def test_without_the_lock_two_would_draw_the_same_position(
    bench: Any, departments: Any
) -> None:
    site = await bench.open()
    with pytest.raises(Exception, match=r"duplicate key|unique"):  # noqa: PT012 - the end counts
        async with half_done(site, departments, bench.add("first")):
            second = asyncio.create_task(transact(site.streams, departments, bench.add("second")))
            await asyncio.wait([second], timeout=MEANWHILE_SECONDS)
        await second
