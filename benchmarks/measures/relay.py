"""The relay: a long backlog put on the bus, in order and with each event acknowledged."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from functools import partial
from itertools import count
from typing import Any

import asyncpg

from benchmarks import raw_publish
from benchmarks.happened import fill_events
from benchmarks.rounds import Reading, alternating, middle, number, rate, rate_ratio
from benchmarks.row import Row
from benchmarks.stage import Stage
from chassis.edge import new_id
from chassis.migrate import with_database
from chassis.relay import envelope_of, relay
from companies.app import service
from contracts.envelope import Envelope

PREFIX = "relay"
AIM = 0.45
LIMIT_SHARE = 5
"""The limit needs fewer events than the backlog to be known."""
LOOK_SECONDS = 0.01
SECONDS_MAX = 300.0
WHY = "every event is read, worded and awaited one by one in Python before it is published"
FAR = "SELECT position FROM relay"
SAMPLE = """
SELECT position, tenant_id, category, stream_id, version, event_id, type, data::text AS data,
       meta::text AS meta FROM events ORDER BY position LIMIT $1
"""


async def measure(stage: Stage) -> AsyncIterator[Row]:
    """Drain a backlog in as many parts as there are rounds."""
    servers, scale = await stage.servers(), stage.scale
    installation = await servers.install(PREFIX, service)
    share = scale.relayed // scale.rounds
    connection = await asyncpg.connect(
        with_database(servers.admin_url, f"{PREFIX}_{service.role}"), timeout=60
    )
    await fill_events(connection, share * scale.rounds)
    rows = await connection.fetch(SAMPLE, share // LIMIT_SHARE)
    sample = [envelope_of(service.name, row) for row in rows]
    async with installation.site(service) as site:
        ends = count(share, share)
        ours, limit = await alternating(
            scale.rounds,
            lambda: drained(site, connection, share, next(ends)),
            partial(published, servers.nats.url("admin"), sample),
        )
    await connection.close()
    ratio = rate_ratio(ours, limit)
    yield Row(
        f"relay, a backlog of {number(share * scale.rounds)} events",
        rate(middle(ours).per_second),
        f"raw pipelined publish: {rate(middle(limit).per_second)}",
        f"{ratio:.2f}",
        f"≥ {AIM}",
        ratio >= AIM,
        WHY,
    )


async def drained(site: Any, connection: Any, share: int, end: int) -> Reading:
    """Let the relay go until it is that far; it is stopped, and goes on from there next time."""
    clock = asyncio.get_running_loop().time
    began, before = clock(), end - share
    task = asyncio.create_task(relay(site))
    try:
        async with asyncio.timeout(SECONDS_MAX):
            while (at := await connection.fetchval(FAR)) < end:  # noqa: ASYNC110
                await asyncio.sleep(LOOK_SECONDS)
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    return Reading((at - before) / (clock() - began))


async def published(url: str, sample: Sequence[Envelope]) -> Reading:
    """Publish as many as the sample holds, under new ids."""
    # Left alone for our round, a connection that answers nobody would be given up.
    raw = await raw_publish.connect(url)
    frames = [raw_publish.frame(_again(one)) for one in sample]
    clock = asyncio.get_running_loop().time
    began = clock()
    await raw.publish(frames)
    took = clock() - began
    await raw.close()
    return Reading(len(frames) / took)


def _again(envelope: Envelope) -> Envelope:
    """Return an event under another id: the bus would know it by the old one."""
    values = {name: getattr(envelope, name) for name in Envelope.__slots__}
    return Envelope(**{**values, "id": new_id()})
