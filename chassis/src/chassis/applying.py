"""A batch of history folded into one read model's rows; what cannot be folded is parked."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import structlog

from chassis import codec
from chassis.incoming import reason_of
from chassis.intake import BEHIND
from chassis.postgres import passes
from chassis.projection import AnyProjection, Told
from chassis.table import Table
from chassis.tenancy import Connection
from contracts.catalogue import EVENTS

log = structlog.get_logger()

Read: TypeAlias = Callable[[Any], Told]
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


async def apply(
    connection: Connection,
    projection: AnyProjection,
    table: Table,
    rows: Sequence[Any],
    *,
    parks: bool,
    read: Read = told_from,
) -> None:
    """Fold a batch into its rows; where one event cannot be folded, go on one by one."""
    if not rows:
        return
    blocked = await _blocked(connection, projection) if parks else set()
    if not any((row["tenant_id"], row["stream_id"]) in blocked for row in rows):
        try:
            async with connection.transaction():
                await fold_into(connection, projection, table, rows, read)
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
    connection: Connection,
    projection: AnyProjection,
    table: Table,
    rows: Sequence[Any],
    read: Read = told_from,
) -> None:
    """Fold events into their rows and write them, one statement for all."""
    told = [read(row) for row in rows]
    told = [one for one in told if projection.concerns(one)]
    at = [(one.tenant, projection.key(one)) for one in told]
    found = await table.load(connection, list(dict.fromkeys(at)))
    for place, one in zip(at, told, strict=True):
        found[place] = projection.evolve(found.get(place), one)
    await table.write(connection, {place: found[place] for place in dict.fromkeys(at)})
