"""The event stream with many clients: how long an event takes to each, what a client costs."""

from collections.abc import AsyncIterator

import orjson

from benchmarks.asking import found_by, heard, process
from benchmarks.box import backlog
from benchmarks.processes import usage
from benchmarks.rounds import middle, number, waits
from benchmarks.row import Row
from benchmarks.stage import Stage

TENANTS = 10
"""A tenant may have a hundred listeners in one process."""
RATE = 5
"""Companies a second; each is two events to each of its tenant's listeners."""
LONGER = 3
AIM_MS = 250
LATE_SECONDS = 1.0
KIBIBYTES = 1024
WHY = "one process writes every event to every client, beside the other processes on the cores"


async def measure(stage: Stage) -> AsyncIterator[Row]:
    """Listen on many connections, create companies, time what comes."""
    box, scale = await stage.box(), stage.scale
    keys = [await stage.key(f"listeners-{n}") for n in range(TENANTS)]
    gateway, readings, costs = box.processes["gateway"], [], []
    job = {
        "kind": "listen",
        "url": box.urls["gateway"],
        "keys": keys,
        "listeners": scale.listeners,
        "rate": RATE,
        "seconds": scale.seconds * LONGER,
        "late_seconds": LATE_SECONDS,
    }
    for _ in range(scale.rounds):
        async with backlog(box) as behind:
            await behind.gone()
        before = usage(gateway).megabytes
        async with process("benchmarks.load", orjson.dumps(job).decode()) as load:
            await heard(load)
            costs.append(usage(gateway).megabytes - before)
            assert load.stdin  # noqa: S101 - it was asked for
            load.stdin.write(b"go\n")
            found = await found_by(load)
        if found.failed:
            raise RuntimeError(f"{found.failed} commands or listeners failed")
        readings.append(found.visible)
    taken = middle(readings)
    # A process keeps what it freed: only its first growth is the clients' own.
    each = max(costs) * KIBIBYTES / scale.listeners
    yield Row(
        f"event to client, {number(scale.listeners)} clients",
        f"{waits(taken)} from the request on, {each:.0f} kB of the gateway a client",
        aim=f"p99 ≤ {AIM_MS} ms",
        met=taken.p99 <= AIM_MS,
        why=WHY,
    )
