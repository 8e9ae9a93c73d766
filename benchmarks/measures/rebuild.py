"""A read model built anew from a long history, beside readers that must not notice."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median

import asyncpg

from benchmarks import spent
from benchmarks.asking import asked
from benchmarks.box import backlog
from benchmarks.found import Found
from benchmarks.happened import TENANT, fill_history
from benchmarks.peers import copied_out, told_by
from benchmarks.rounds import Reading, middle, number, rate, rate_ratio, waits
from benchmarks.row import Row
from benchmarks.stage import Stage
from chassis.applying import HISTORY
from chassis.migrate import with_database
from gateway.companies.projection import company_list
from onebox.box import Onebox

AIM = 0.4
SLOWER_AIM = 1.1
READ_RATE = 20
READ_SECONDS = 10.0
LONGER = 3
PAGE = "/api/v1/companies?limit=50"
COPIED = HISTORY.replace("$1", "0").replace("LIMIT $2", "").strip()
"""What a rebuild reads."""
WHY = (
    "an event takes {each:.0f} µs of a processor in Python, to be read, decoded and folded, beside"
    " what Postgres takes; the aim leaves {left:.0f} µs of two processors for both"
)
WHY_SLOWER = (
    "two cores carry the rebuild, its Postgres session, the readers and those who serve them;"
    " none of them has time to spare"
)


async def measure(stage: Stage) -> AsyncIterator[Row]:
    """Rebuild the company list while it is read, beside psql that copies the same history out."""
    box, scale = await stage.box(), stage.scale
    url = with_database(box.urls["database"], "kundvakt_gateway")
    async with backlog(box) as behind:
        await behind.gone()
    connection = await asyncpg.connect(url)
    await fill_history(connection, scale.rebuilt)
    count = await connection.fetchval("SELECT count(*) FROM history")
    await connection.close()
    key = await stage.key(f"{TENANT}-0")
    readers = Readers(partial(asked, "read", box.urls["gateway"], key, path=PAGE, rate=READ_RATE))
    took, _ = await rebuilt(box)  # the live one has rows from here on
    ours: list[Reading] = []
    limit: list[Reading] = []
    costs: list[float] = []
    for _ in range(scale.rounds):
        await readers.read(readers.before, min(READ_SECONDS, scale.seconds * LONGER))
        reading = asyncio.create_task(readers.read(readers.during, took))
        took, cost = await rebuilt(box)
        await reading
        costs.append(spent.MICROSECONDS * cost / count)
        ours.append(Reading(count / took))
        limit.append(Reading(count / await copied_out(url, COPIED)))
    speed = rate_ratio(ours, limit)
    yield Row(
        f"rebuild of the company list from {number(count)} events",
        rate(middle(ours).per_second),
        f"psql COPY out: {rate(middle(limit).per_second)}",
        f"{speed:.2f}",
        f"≥ {AIM}",
        speed >= AIM,
        WHY.format(
            each=median(costs),
            left=2 * spent.MICROSECONDS / (AIM * middle(limit).per_second),
        ),
    )
    slower = median(
        one.p99 / other.p99 for one, other in zip(readers.during, readers.before, strict=True)
    )
    yield Row(
        f"reading the list during a rebuild, {READ_RATE}/s",
        waits(middle(readers.during)),
        f"before it: {waits(middle(readers.before))}",
        f"p99 {slower:.2f}",
        f"p99 ≤ {SLOWER_AIM}",
        slower <= SLOWER_AIM,
        WHY_SLOWER,
    )


@dataclass(slots=True)
class Readers:
    """Those who read the list meanwhile."""

    ask: Callable[..., Awaitable[Found]]
    before: list[Reading] = field(default_factory=list)
    during: list[Reading] = field(default_factory=list)

    async def read(self, readings: list[Reading], seconds: float) -> None:
        """Read for a while."""
        found = await self.ask(seconds=seconds)
        if found.failed:
            raise RuntimeError(f"{found.failed} readers got no list")
        readings.append(found.answered)


async def rebuilt(box: Onebox) -> tuple[float, float]:
    """Rebuild as an operator does; return the seconds it took, of the clock and of a processor."""
    clock = asyncio.get_running_loop().time
    began, before = clock(), spent.below()
    command = [str(Path(sys.executable).with_name("kundvakt")), "rebuild", company_list.name]
    await told_by(command, {"KUNDVAKT_HOME": str(box.home.path)})
    return clock() - began, spent.below() - before
