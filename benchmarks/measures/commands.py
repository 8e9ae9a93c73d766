"""Commands over HTTP with everything running, counted until all of it shows everywhere."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial

from benchmarks.asking import asked
from benchmarks.box import Backlog, backlog, ceiling
from benchmarks.rounds import Reading, alternating, middle, rate, rate_ratio, waits
from benchmarks.row import Row
from benchmarks.stage import Stage

CONNECTIONS = 32
LONGER = 2
"""A backlog needs a while to build up."""
AIM = 0.5
WHY = (
    "on these cores the same seconds also go to companies, Postgres, NATS, four consumers, seven"
    " read models and the load itself; the ceiling has them to itself"
)


async def measure(stage: Stage) -> AsyncIterator[Row]:
    """Create companies as fast as they are taken, beside the app with nobody behind it."""
    box, seconds = await stage.box(), stage.scale.seconds * LONGER
    key = await stage.key("commands")
    async with ceiling(box) as alone, backlog(box) as behind:
        await behind.gone()
        waited: list[float] = []
        ours, limit = await alternating(
            stage.scale.rounds,
            partial(taken, box.urls["gateway"], key, seconds, behind, waited),
            partial(flooded, alone, key, seconds),
        )
    ratio = rate_ratio(ours, limit)
    yield Row(
        f"commands over HTTP, {CONNECTIONS} connections, until all of it shows",
        f"{rate(middle(ours).per_second)}, {waits(middle(ours))},"
        f" backlog gone in {max(waited):.1f} s",
        f"the app alone: {rate(middle(limit).per_second)}, {waits(middle(limit))}",
        f"{ratio:.2f}",
        f"≥ {AIM}",
        ratio >= AIM,
        WHY,
    )


async def flooded(url: str, key: str, seconds: float) -> Reading:
    """Create companies on every connection."""
    found = await asked("flood", url, key, seconds=seconds, connections=CONNECTIONS)
    if found.failed:
        raise RuntimeError(f"{found.failed} commands were refused")
    return found.answered


async def taken(
    url: str, key: str, seconds: float, behind: Backlog, waited: list[float]
) -> Reading:
    """Create companies, and count the time until everybody has taken in what follows too."""
    found = await flooded(url, key, seconds)
    waited.append(await behind.gone())
    await asyncio.sleep(0)
    share = seconds / (seconds + waited[-1])
    return Reading(found.per_second * share, found.p50, found.p99)
