"""A read model built beside the live one and switched: no reader ever sees it empty."""

import re
from typing import Any

import structlog

from chassis.applying import CONCERNING, HISTORY, apply, others, park
from chassis.failpoints import reach
from chassis.folding import Filled, Roles, fill
from chassis.projection import AnyProjection
from chassis.projector import BATCH_EVENTS
from chassis.service import Service
from chassis.table import Table

log = structlog.get_logger()

LOCK = 7004
HEAD = "SELECT seq FROM history_head"
END_OF_STATEMENT = re.compile(r";$", re.MULTILINE)
"""A statement ends with its line; a comment has other signs at its end."""


async def build_missing(connection: Any, service: Service, roles: Roles) -> None:
    """Build the read models that are not there in this version yet."""
    if not service.projections:
        return
    rows = await connection.fetch("SELECT name, version FROM projections")
    built = {row["name"]: row["version"] for row in rows}
    for projection in service.projections:
        if built.get(projection.name) != projection.version:
            await rebuild(connection, projection, roles)


async def rebuild(connection: Any, projection: AnyProjection, roles: Roles) -> int:
    """Build a read model anew from history and switch to it; returns how many rows it has."""
    # Two at once would take each other's half-built table for what was left behind.
    await connection.execute("SELECT pg_advisory_lock($1)", LOCK)
    try:
        return await _rebuild(connection, projection, roles)
    finally:
        await connection.execute("SELECT pg_advisory_unlock($1)", LOCK)


async def _rebuild(connection: Any, projection: AnyProjection, roles: Roles) -> int:
    table = Table(projection, await _create(connection, projection))
    reach("rebuild.created")
    upto = await connection.fetchval(HEAD)
    filled = await fill(connection, projection, table, upto, roles)
    await _open(connection, projection, table)
    reach("rebuild.filled")
    await connection.execute(f"ANALYZE {table.name}")
    old = await _switch(connection, projection, table, upto, filled, roles)
    reach("rebuild.switched")
    if old:
        await connection.execute(f"DROP TABLE IF EXISTS {old}")
    log.info("read model built", projection=projection.name, table=table.name, rows=filled.rows)
    return filled.rows


async def _create(connection: Any, projection: AnyProjection) -> str:
    """Create a table of its own name, and throw away what an interrupted rebuild left."""
    live = await connection.fetchval(
        "SELECT table_name FROM projections WHERE name = $1", projection.name
    )
    left = await connection.fetch(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ $1",
        f"^{projection.name}_v[0-9]+_[0-9]+$",
    )
    for row in left:
        if row["relname"] != live:
            await connection.execute(f"DROP TABLE {row['relname']}")
    number = int(live.rpartition("_")[2]) + 1 if live else 1
    name = f"{projection.name}_v{projection.version}_{number}"
    await connection.execute(_statements(projection, name)[0])
    return name


def _statements(projection: AnyProjection, name: str) -> tuple[str, str]:
    """Return what creates a table, and what makes its indexes."""
    parts = END_OF_STATEMENT.split(projection.table_sql.format(table=name), maxsplit=1)
    return parts[0], parts[1].strip() if len(parts) > 1 else ""


async def _open(connection: Any, projection: AnyProjection, table: Table) -> None:
    """Index a table, protect it, and open it to those who are to use it."""
    async with connection.transaction():
        if indexes := _statements(projection, table.name)[1]:
            await connection.execute(indexes)
        await connection.execute("SELECT app.open_to_service($1)", table.name)
        await connection.execute(
            "SELECT app.grant_to_service($1, 'SELECT, INSERT, UPDATE, DELETE')", table.name
        )
        await connection.execute("SELECT app.grant_to_reader($1, 'SELECT')", table.name)


async def _switch(  # noqa: PLR0917 - all that has come together
    connection: Any,
    projection: AnyProjection,
    table: Table,
    upto: int,
    filled: Filled,
    roles: Roles,
) -> str | None:
    """Take in what came meanwhile, then lead readers and the projector to the new table."""
    async with connection.transaction():
        state = await connection.fetchrow(
            "SELECT table_name FROM projections WHERE name = $1 FOR UPDATE", projection.name
        )
        await connection.execute(f'SET LOCAL ROLE "{roles.service}"')
        await _park(connection, projection, filled.parked)
        position = await _catch_up(connection, projection, table, upto)
        await connection.execute(f'SET LOCAL ROLE "{roles.owner}"')
        await connection.execute(
            f"CREATE OR REPLACE VIEW {projection.name} WITH (security_invoker = true)"
            f" AS SELECT * FROM {table.name}"
            if not await _shape_changed(connection, projection, table)
            else f"DROP VIEW {projection.name}; CREATE VIEW {projection.name}"
            f" WITH (security_invoker = true) AS SELECT * FROM {table.name}"
        )
        for grant in ("service", "reader"):
            await connection.execute(f"SELECT app.grant_to_{grant}($1, 'SELECT')", projection.name)
        await connection.execute(
            "INSERT INTO projections (name, version, table_name, position)"
            " VALUES ($1, $2, $3, $4) ON CONFLICT (name) DO UPDATE SET"
            " version = excluded.version, table_name = excluded.table_name,"
            " position = excluded.position, built_at = now()",
            projection.name,
            projection.version,
            table.name,
            position,
        )
        reach("rebuild.switching")
    return state["table_name"] if state else None


async def _park(connection: Any, projection: AnyProjection, parked: dict[int, str]) -> None:
    """Put aside what could not be folded; what was before is in the table or among it again."""
    consumer = f"projection:{projection.name}"
    await connection.execute("DELETE FROM parked WHERE consumer = $1", consumer)
    for seq, reason in sorted(parked.items()):
        row = await connection.fetchrow(HISTORY, seq - 1, 1)
        await park(connection, projection, row, reason)


async def _catch_up(connection: Any, projection: AnyProjection, table: Table, upto: int) -> int:
    """Fold what came meanwhile as the projector does; return how far that goes."""
    head: int = await connection.fetchval(HEAD)
    passed_over = sorted(others(projection))
    is_full = True
    while is_full:
        rows = await connection.fetch(CONCERNING, upto, head, passed_over, BATCH_EVENTS)
        await apply(connection, projection, table, rows, parks=True)
        is_full = len(rows) == BATCH_EVENTS
        upto = rows[-1]["seq"] if is_full else head
    return upto


async def _shape_changed(connection: Any, projection: AnyProjection, table: Table) -> bool:
    """Say whether the view that stands has other columns than the new table."""
    columns = await connection.fetch(
        "SELECT attrelid::regclass::text AS relation, array_agg(attname || ' ' || atttypid::text"
        " ORDER BY attnum) AS columns FROM pg_attribute"
        " WHERE attrelid IN (to_regclass($1), to_regclass($2)) AND attnum > 0 AND NOT attisdropped"
        " GROUP BY 1",
        projection.name,
        table.name,
    )
    found = {row["relation"]: row["columns"] for row in columns}
    view = found.get(projection.name)
    return view is not None and view != found[table.name]
