"""The events table is the outbox: one leader puts it on the bus in order, and notes how far."""

import asyncio
import time
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

import orjson
import structlog
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from chassis import metrics
from chassis.failpoints import reach
from chassis.leadership import leading
from chassis.publisher import Publisher
from chassis.site import Site
from chassis.stream import refuse_drift
from chassis.wire import INTERRUPTIONS
from contracts.envelope import Envelope

log = structlog.get_logger()

WINDOW_EVENTS = 500
"""Published before waiting for the acknowledgements: the bus is busy, little is repeated."""
POLL_SECONDS = 0.5
"""The doorbell may be missed; nothing waits longer than this for it."""
REST_SECONDS_MAX = 0.02
"""After a window the relay rests as long as that took, but no longer than this: on a busy machine
what is committed meanwhile shares the next one. What comes after a pause goes out at once."""
HEAD_SECONDS = 1.0
POSITION_MAX = 2**63 - 1
REPUBLISH_EVENTS_MAX = 5_000
BACK_OFF_SECONDS = (0.1, 0.2, 0.5, 1.0, 2.0)
QUIET_SECONDS = 15.0
"""Longer than any time-out here: after this without a failure, the next is a first one."""

SELECT = """
SELECT position, tenant_id, category, stream_id, version, event_id, type, data::text AS data,
       meta::text AS meta
FROM events WHERE position > $1 ORDER BY position LIMIT $2
"""
NEXT = f"""
SELECT e.*, r.position AS relayed, r.epoch FROM relay r CROSS JOIN LATERAL (
  {SELECT.replace("$1", "r.position").replace("$2", "$1")}
) e ORDER BY e.position
"""
"""How far we are and what comes then, in one question."""


def envelope_of(source: str, row: Any) -> Envelope:
    """Return a row of the record as it travels."""
    meta = orjson.loads(row["meta"])
    return Envelope(
        id=row["event_id"],
        type=row["type"],
        tenant=row["tenant_id"],
        category=row["category"],
        stream_id=row["stream_id"],
        version=row["version"],
        source=source,
        position=row["position"],
        at=datetime.fromisoformat(meta["at"]),
        by=meta["by"],
        command=UUID(meta["command"]),
        correlation=UUID(meta["correlation"]),
        causation=UUID(meta["causation"]) if meta.get("causation") else None,
        traceparent=meta.get("traceparent"),
        data=row["data"],
    )


async def relay(site: Site) -> None:
    """Relay for as long as the service runs, as leader or waiting to become it."""
    await _look_at_the_stream(site)
    failures = 0
    while True:
        began = time.monotonic()
        try:
            url = site.settings.database_url.get_secret_value()
            async with leading(url, f"{site.service.name}:relay") as connection:
                await _lead(site, connection)
        except INTERRUPTIONS as error:
            metrics.RETRIED.labels("relay").inc()
            log.warning("relay interrupted", error=repr(error))
        if time.monotonic() - began > QUIET_SECONDS:
            failures = 0
        await asyncio.sleep(BACK_OFF_SECONDS[min(failures, len(BACK_OFF_SECONDS) - 1)])
        failures += 1


async def _look_at_the_stream(site: Site) -> None:
    """Begin only on a stream that is as it must be; raises `StreamDrifted`."""
    while True:
        try:
            await refuse_drift(site.nats)
        except INTERRUPTIONS as error:
            log.warning("no stream yet", error=repr(error))
            await asyncio.sleep(BACK_OFF_SECONDS[-1])
        else:
            return


async def _lead(site: Site, connection: Any) -> None:
    source = site.service.name
    bell = asyncio.Event()
    bell.set()
    await connection.add_listener("events", lambda *_: bell.set())
    # What it remembers need not be on disk: what is published again is known by its id.
    await connection.execute("SET synchronous_commit = off")
    publisher = Publisher(site.nats)
    acknowledgements = await publisher.open()
    requests: asyncio.Queue[tuple[int, int]] = asyncio.Queue(maxsize=100)
    subscription = await site.nats.subscribe(
        f"relay.{source}.republish", cb=partial(_note_request, requests)
    )
    heads = asyncio.create_task(_tell_head(site))
    log.info("relay leads", source=source)
    try:
        # Of a window on its way to a stream that is just being made, the last would be kept first.
        await _window(source, connection, publisher, 1)
        while True:
            began = time.monotonic()
            bell.clear()
            while await _window(source, connection, publisher):
                pass
            while not requests.empty():
                await _republish(source, connection, publisher, requests.get_nowait())
            done = time.monotonic()
            rested = done + min(done - began, REST_SECONDS_MAX)
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):
                    await bell.wait()
            await asyncio.sleep(max(0.0, rested - time.monotonic()))
    finally:
        heads.cancel()
        for one in (subscription, acknowledgements):
            with suppress(NatsError):
                await one.unsubscribe()


async def _window(
    source: str, connection: Any, publisher: Publisher, events_max: int | None = None
) -> bool:
    """Put the next events on the bus; say whether there may be more."""
    events_max = events_max or WINDOW_EVENTS
    rows = await connection.fetch(NEXT, events_max)
    if not rows:
        metrics.RELAY_DEPTH.set(0)
        return False
    relayed, epoch = rows[0]["relayed"], rows[0]["epoch"]
    envelopes = [envelope_of(source, row) for row in rows]
    last = envelopes[-1].position
    metrics.RELAY_DEPTH.set(len(rows))
    reach("relay.read")
    await publisher.publish(envelopes, f".{epoch}" if epoch else "")
    reach("relay.acknowledged")
    # Compared and set: a leader that slept through its own replacement changes nothing.
    await connection.execute(
        "UPDATE relay SET position = $2 WHERE position = $1 AND epoch = $3",
        relayed,
        last,
        epoch,
    )
    reach("relay.remembered")
    metrics.RELAYED.inc(len(rows))
    return len(rows) == events_max


async def _republish(
    source: str, connection: Any, publisher: Publisher, span: tuple[int, int]
) -> None:
    """Put events on the bus once more for a reader that misses them."""
    first, last = span
    log.warning("republishing", source=source, first=first, last=last)
    limit = min(last - first + 1, REPUBLISH_EVENTS_MAX)
    rows = await connection.fetch(SELECT, first - 1, limit)
    loop_time = int(asyncio.get_running_loop().time() * 1000)
    for at in range(0, len(rows), WINDOW_EVENTS):
        window = [envelope_of(source, row) for row in rows[at : at + WINDOW_EVENTS]]
        await publisher.publish(window, f".again{loop_time}")


async def _note_request(requests: "asyncio.Queue[tuple[int, int]]", message: Msg) -> None:
    with suppress(ValueError, KeyError, TypeError, asyncio.QueueFull):
        wish = orjson.loads(message.data)
        first, last = int(wish["first"]), int(wish["last"])
        if 0 < first <= last <= POSITION_MAX:
            requests.put_nowait((first, last))


async def _tell_head(site: Site) -> None:
    """Tell every second how far the record goes: readers measure their lag against it."""
    while True:
        with suppress(*INTERRUPTIONS):
            head = await site.pool.fetchval("SELECT coalesce(max(position), 0) FROM events")
            await site.nats.publish(f"head.{site.service.name}", str(head).encode())
        await asyncio.sleep(HEAD_SECONDS)
