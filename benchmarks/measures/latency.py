"""How long a command takes, and until what it did can be read, at a quiet and at a busy rate."""

import time
from collections.abc import AsyncIterator
from contextlib import suppress
from functools import partial
from typing import Any, Self

import asyncpg
from nats.js.api import StorageType, StreamConfig

from benchmarks.api import Api
from benchmarks.asking import asked
from benchmarks.box import Backlog, backlog, ceiling
from benchmarks.found import Found, Taken
from benchmarks.load import paced
from benchmarks.rounds import Reading, alternating, middle, waits
from benchmarks.row import Row
from benchmarks.stage import Stage
from chassis import wire

QUIET = 20
BUSY = (200, 150, 100, 50, 25)
"""The first that is carried is measured; the aim is of the first of all."""
LONGER = 3
"""Seconds enough for a percentile at the quiet rate."""
SUBJECT = "floor.bench"
TABLE = "CREATE TABLE IF NOT EXISTS floor (n bigint GENERATED ALWAYS AS IDENTITY, said text)"
COMMIT = "INSERT INTO floor (said) VALUES ($1)"
SAID = "x" * 500
VISIBLE_MS = (12, 30)
QUEUE_MS = 500
"""Where half of them show later than this, more is asked than is done, and what is read is how
long the line has become."""
WHY = (
    "the way leads through six commits and two passes over the bus in seven processes that share"
    " the cores with the load"
)


class NotCarriedError(RuntimeError):
    """A rate at which commands are refused, or show late: others would measure a queue."""


async def measure(stage: Stage) -> AsyncIterator[Row]:
    """Create at a rate and read as soon as it shows, beside the least there is to do."""
    box, seconds = await stage.box(), stage.scale.seconds * LONGER
    key = await stage.key("latency")
    async with ceiling(box) as alone, backlog(box) as behind, Floor(box, alone, key) as floor:
        await behind.gone()
        busy = await carried(box.urls["gateway"], key, seconds, behind)
        for row in await both(stage, floor, key, QUIET):
            yield row
        for row in await at_once_or_slower(stage, floor, key, busy):
            yield row


async def at_once_or_slower(stage: Stage, floor: "Floor", key: str, busy: int) -> list[Row]:
    """Measure the busiest rate that is carried in every round, and not only once."""
    for speed in BUSY[BUSY.index(busy) :]:
        with suppress(NotCarriedError):
            return await both(stage, floor, key, speed, is_aim=True)
    raise NotCarriedError(f"{BUSY[-1]} commands a second are not carried in every round")


async def both(
    stage: Stage, floor: "Floor", key: str, speed: int, *, is_aim: bool = False
) -> list[Row]:
    """Return how long a command takes, and until it shows, beside the least there is to do."""
    box, seconds, posts = await stage.box(), stage.scale.seconds * LONGER, list[Reading]()
    ours, least = await alternating(
        stage.scale.rounds,
        partial(seen, box.urls["gateway"], key, speed, seconds, posts),
        partial(floor.paced, speed, seconds),
    )
    shown, lowest = middle(ours), middle(least)
    p50, p99 = VISIBLE_MS
    visible = Row(
        f"visible by GET at {speed}/s",
        waits(shown),
        f"two commits, a publication, two requests: {waits(lowest)}",
        f"{shown.p50 / lowest.p50:.1f}",
        f"at {BUSY[0]}/s p50 ≤ {p50} ms, p99 ≤ {p99} ms" if is_aim else "stated",
        (speed >= BUSY[0] and shown.p50 <= p50 and shown.p99 <= p99) if is_aim else None,
        WHY,
    )
    return [Row(f"POST at {speed}/s", waits(middle(posts))), visible]


async def carried(url: str, key: str, seconds: float, behind: Backlog) -> int:
    """Return the highest rate at which nothing is refused or late."""
    for speed in BUSY:
        found = await asked("create", url, key, rate=speed, seconds=seconds)
        await behind.gone()
        if is_carried(found):
            return speed
    raise NotCarriedError(f"not even {BUSY[-1]} commands a second are carried")


def is_carried(found: Found) -> bool:
    """Say whether everything showed, and no line grew."""
    return not found.failed and found.visible.p50 <= QUEUE_MS


async def seen(url: str, key: str, speed: int, seconds: float, posts: list[Reading]) -> Reading:
    """Create companies and read each with `after`; notes how long the creations took."""
    found: Found = await asked("create", url, key, rate=speed, seconds=seconds)
    if not is_carried(found):
        raise NotCarriedError(f"{found.failed} did not show, half after {found.visible.p50:.0f} ms")
    posts.append(found.answered)
    return found.visible


class Floor:
    """The least that a command costs: two commits, one publication, two requests."""

    def __init__(self, box: Any, url: str, key: str) -> None:
        self._box = box
        self._api = Api(url, key)
        self._pool: Any = None
        self._nats: Any = None

    async def __aenter__(self) -> Self:
        self._pool = await asyncpg.create_pool(self._box.urls["database"], min_size=4, max_size=8)
        await self._pool.execute(TABLE)
        self._nats = await wire.connect(self._box.nats_url("admin"), "benchmark", "_INBOX")
        await self._nats.jetstream().add_stream(
            StreamConfig(name="FLOOR", subjects=[SUBJECT], storage=StorageType.FILE)
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        self._api.close()
        await self._nats.jetstream().delete_stream("FLOOR")
        await self._nats.close()
        await self._pool.execute("DROP TABLE floor")
        await self._pool.close()

    async def paced(self, speed: int, seconds: float) -> Reading:
        """Do it at a rate."""
        found = await paced({"rate": speed, "seconds": seconds}, self._once)
        return found.answered

    async def _once(self, taken: Taken) -> None:
        began = time.perf_counter()
        await self._api.get("/healthz")
        await self._pool.execute(COMMIT, SAID)
        await self._nats.jetstream().publish(SUBJECT, SAID.encode())
        await self._pool.execute(COMMIT, SAID)
        await self._api.get("/healthz")
        taken.answered.append(time.perf_counter() - began)
