"""What each process takes of memory and of a core: at rest, and while it is busy."""

import asyncio
from collections.abc import AsyncIterator

from benchmarks.asking import asked
from benchmarks.box import backlog
from benchmarks.measures.latency import BUSY, NotCarriedError, carried
from benchmarks.processes import Usage, usage
from benchmarks.row import Row
from benchmarks.stage import Stage
from onebox.box import Onebox

LONGER = 3
"""Seconds enough for what comes only now and then."""


async def measure(stage: Stage) -> AsyncIterator[Row]:
    """Look at rest, then at so many commands a second, each read once."""
    box, seconds = await stage.box(), stage.scale.seconds * LONGER
    key = await stage.key("footprint")
    async with backlog(box) as behind:
        await behind.gone()
        busiest = await carried(box.urls["gateway"], key, seconds, behind)
        await behind.gone()
    rest = await used(box, seconds)
    for busy_rate in BUSY[BUSY.index(busiest) :]:
        busy = await used_at(box, key, busy_rate, seconds)
        if busy:
            break
    else:
        raise NotCarriedError(f"{BUSY[-1]} commands a second are not carried every time")
    for name in box.processes:
        yield Row(
            f"{name}: memory and CPU, at rest; at {busy_rate} commands/s",
            f"{_said(rest[name])}; {_said(busy[name])}",
        )
    yield Row("all together", f"{_said(_sum(rest))}; {_said(_sum(busy))}")


async def used_at(box: Onebox, key: str, rate: int, seconds: float) -> dict[str, Usage] | None:
    """Return what each takes at a rate, or nothing where that is not carried this time."""
    async with backlog(box) as behind:
        load = asyncio.create_task(
            asked("create", box.urls["gateway"], key, rate=rate, seconds=seconds + 2)
        )
        await asyncio.sleep(1)
        busy = await used(box, seconds)
        if not (await load).failed:
            return busy
        await behind.gone()
    return None


async def used(box: Onebox, seconds: float) -> dict[str, Usage]:
    """Return what each process has now, and its share of a core meanwhile."""
    before = {name: usage(pid) for name, pid in box.processes.items()}
    await asyncio.sleep(seconds)
    after = {name: usage(pid) for name, pid in box.processes.items()}
    return {
        name: Usage(after[name].megabytes, (after[name].seconds - before[name].seconds) / seconds)
        for name in before
    }


def _sum(used: dict[str, Usage]) -> Usage:
    return Usage(
        sum(one.megabytes for one in used.values()), sum(one.seconds for one in used.values())
    )


def _said(one: Usage) -> str:
    return f"{one.megabytes:.0f} MB, {max(0.0, one.seconds):.1%}"
