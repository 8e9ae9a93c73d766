"""Read models kept up with history: fold a batch, write it in one statement, move the position."""

import asyncio
from collections.abc import Sequence
from typing import Any

import structlog

from chassis import codec
from chassis.failpoints import reach
from chassis.intake import BEHIND, reason_of
from chassis.leadership import leading, still_leading
from chassis.postgres import heal, passes
from chassis.projection import AnyProjection, Told
from chassis.site import Site
from chassis.table import Table
from chassis.tenancy import Connection
from chassis.wire import INTERRUPTIONS
from contracts.catalogue import EVENTS

log = structlog.get_logger()

BATCH_EVENTS = 1_000
POLL_SECONDS = 1.0
"""New history wakes the projectors at once; this is for a wake-up that was missed."""
STATE = """
SELECT set_config('synchronous_commit', 'off', true), table_name, version, position,
  (SELECT seq FROM history_head) AS head,
  EXISTS (SELECT FROM parked WHERE consumer = 'projection:' || name) AS parks
FROM projections WHERE name = $1 FOR UPDATE
"""
"""Rows and position are in one transaction: were it lost in a power cut, both would be, and the
same events folded again out of history. So nobody waits for the disk here."""
MOVE = """
WITH moved AS (UPDATE projections SET position = $2 WHERE name = $1)
SELECT pg_notify('projected', $1)
"""
EVENT = """
seq, tenant_id, stream_id, version, type, id::text AS id, at, by,
correlation::text AS correlation, causation::text AS causation, data::text AS data
"""
CONCERNING = f"""
SELECT {EVENT} FROM history
WHERE seq > $1 AND seq <= $2 AND type <> ALL ($3::text[]) ORDER BY seq LIMIT $4
"""
HISTORY = f"SELECT {EVENT} FROM history WHERE seq > $1 ORDER BY seq LIMIT $2"


def told_from(row: Any) -> Told:
    """Return an event of history as a projection meets it."""
    # By place: looked up by name, the fields of a million events take seconds.
    seq, tenant, _, version, kind, event_id, at, by, correlation, causation, data = row
    written = at.isoformat().replace("+00:00", "Z")
    event = codec.event_in(data, kind)
    return Told(tenant, event, seq, version, written, by, event_id, correlation, causation)


def others(projection: AnyProjection) -> frozenset[str]:
    """Return the types that a projection passes over; one that nobody knows is not among them."""
    handled = {form.model_fields["type"].default for form in projection.handles}
    return frozenset(EVENTS.keys() - handled)


async def project(site: Site, projection: AnyProjection) -> None:
    """Keep one read model up with history, as the one leader among replicas."""
    url = site.settings.database_url.get_secret_value()
    while True:
        try:
            async with leading(url, f"{site.service.name}:project:{projection.name}") as lock:
                await _follow(site, projection, lock)
        except INTERRUPTIONS as error:
            log.warning("projector interrupted", projection=projection.name, error=repr(error))
            await heal(site.pool, error)
            await asyncio.sleep(POLL_SECONDS)


async def _follow(site: Site, projection: AnyProjection, lock: Any) -> None:
    bell = asyncio.Event()
    await lock.add_listener("history", lambda *_: bell.set())
    while True:
        bell.clear()
        while await step(site, projection):
            pass
        try:
            async with asyncio.timeout(POLL_SECONDS):
                await bell.wait()
        except TimeoutError:
            # The bell comes over the very connection that holds the lock: silent, it may be lost.
            await still_leading(lock)


async def step(site: Site, projection: AnyProjection) -> bool:
    """Take in the next events of history; say whether there may be more."""
    async with site.pool.acquire() as lent, lent.transaction():
        state = await lent.fetchrow(STATE, projection.name)
        if state is None or state["version"] != projection.version:
            # Folding into another version's table would park every event.
            raise ConnectionError(f"read model {projection.name} is not built; run migrate")
        before, upto = state["position"], state["head"]
        if upto <= before:
            return False
        rows = await lent.fetch(CONCERNING, before, upto, sorted(others(projection)), BATCH_EVENTS)
        is_full = len(rows) == BATCH_EVENTS
        table = Table(projection, state["table_name"])
        reach("projector.read")
        await apply(lent, projection, table, rows, parks=state["parks"])
        reach("projector.applied")
        await lent.execute(MOVE, projection.name, rows[-1]["seq"] if is_full else upto)
        reach("projector.moved")
    reach("projector.committed")
    if waiting := site.shown.get(projection.name):
        waiting.set()
    return is_full


async def apply(
    connection: Connection,
    projection: AnyProjection,
    table: Table,
    rows: Sequence[Any],
    *,
    parks: bool,
) -> None:
    """Fold a batch into its rows; where one event cannot be folded, go on one by one."""
    if not rows:
        return
    blocked = await _blocked(connection, projection) if parks else set()
    if not any((row["tenant_id"], row["stream_id"]) in blocked for row in rows):
        try:
            async with connection.transaction():
                await fold_into(connection, projection, table, rows)
        except Exception as error:
            if passes(error):
                raise
            # Found out below which one it is.
            log.warning("fold failed, one by one", projection=projection.name, error=repr(error))
        else:
            return
    for row in rows:
        await _apply_one(connection, projection, table, row, blocked)


async def _blocked(connection: Connection, projection: AnyProjection) -> set[Any]:
    """Return the streams that have something parked."""
    rows = await connection.fetch(
        "SELECT tenant_id, stream_id FROM parked WHERE consumer = $1",
        f"projection:{projection.name}",
    )
    return {(row["tenant_id"], row["stream_id"]) for row in rows}


async def _apply_one(
    connection: Connection, projection: AnyProjection, table: Table, row: Any, blocked: set[Any]
) -> None:
    stream = (row["tenant_id"], row["stream_id"])
    reason = BEHIND
    if stream not in blocked:
        try:
            async with connection.transaction():
                await fold_into(connection, projection, table, [row])
        except Exception as error:
            if passes(error):
                raise
            reason = reason_of(error)
            blocked.add(stream)
        else:
            return
    await park(connection, projection, row, reason)


async def park(connection: Any, projection: AnyProjection, row: Any, reason: str) -> None:
    """Put an event of history aside with its reason; its text stays in history."""
    consumer = f"projection:{projection.name}"
    log.error("parked", consumer=consumer, type=row["type"], id=row["id"], why=reason)
    await connection.execute(
        "INSERT INTO parked (consumer, tenant_id, stream_id, source, position, type, reason,"
        " headers, body) VALUES ($1, $2, $3, 'history', $4, $5, $6, '{}', '')"
        " ON CONFLICT DO NOTHING",
        consumer,
        row["tenant_id"],
        row["stream_id"],
        row["seq"],
        row["type"],
        reason,
    )


async def fold_into(
    connection: Connection, projection: AnyProjection, table: Table, rows: Sequence[Any]
) -> None:
    """Fold events into their rows and write them, one statement for all."""
    told = [told_from(row) for row in rows]
    told = [one for one in told if projection.concerns(one)]
    at = [(one.tenant, projection.key(one)) for one in told]
    found = await table.load(connection, list(dict.fromkeys(at)))
    for place, one in zip(at, told, strict=True):
        found[place] = projection.evolve(found.get(place), one)
    await table.write(connection, {place: found[place] for place in dict.fromkeys(at)})
