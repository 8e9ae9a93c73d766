"""A read model built beside the live one and switched: no reader ever sees it empty."""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
import structlog

from chassis.failpoints import reach
from chassis.intake import BEHIND, reason_of
from chassis.projection import AnyProjection
from chassis.projector import HISTORY, others, park, told_from
from chassis.service import Service
from chassis.table import Table

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Roles:
    """Who defines tables, and who writes rows into them."""

    owner: str
    service: str


LOCK = 7004
PAGE_EVENTS = 2_000
"""The database finds the next page while this one is folded; a small one is there in time."""
COPY_ROWS = 1_000
"""Enough that sending costs each little."""
END_OF_STATEMENT = re.compile(r";$", re.MULTILINE)
"""A statement ends with its line; a comment has other signs at its end."""
NOTHING = r"\N"
ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})
"""As COPY reads its text format."""
UNPLAIN = re.compile(r"[\\\t\n\r]")


@dataclass(slots=True)
class Built:
    """A read model in the making: its rows, how far in history it is, what could not be folded."""

    rows: dict[tuple[str, str], Any] = field(default_factory=dict)
    touched: set[tuple[str, str]] = field(default_factory=set)
    position: int = 0
    blocked: set[tuple[str, Any]] = field(default_factory=set)
    parked: list[tuple[Any, str]] = field(default_factory=list)


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
    name = await _create(connection, projection)
    reach("rebuild.created")
    # Row-level security holds for the owner too: rows are read and written as the service.
    await connection.execute(f'SET ROLE "{roles.service}"')
    built = Built()
    await _fold(connection, projection, built)
    table = Table(projection, name)
    await connection.execute(f'SET ROLE "{roles.owner}"')
    await _fill(connection, projection, table, built.rows)
    reach("rebuild.filled")
    await connection.execute(f"ANALYZE {name}")
    old = await _switch(connection, projection, table, built, roles)
    reach("rebuild.switched")
    if old:
        await connection.execute(f"DROP TABLE IF EXISTS {old}")
    log.info("read model built", projection=projection.name, table=name, rows=len(built.rows))
    return len(built.rows)


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


async def _events(connection: Any, after: int) -> AsyncIterator[Any]:
    rows = await connection.fetch(HISTORY, after, PAGE_EVENTS)
    while rows:
        last = rows[-1]["seq"]
        following = asyncio.ensure_future(connection.fetch(HISTORY, last, PAGE_EVENTS))
        await asyncio.sleep(0)  # lets the question go out
        for row in rows:
            yield row
        rows = await following


async def _fold(connection: Any, projection: AnyProjection, built: Built) -> None:
    """Fold history into rows in memory, from where `built` is."""
    passed_over = others(projection)
    async for row in _events(connection, built.position):
        built.position = row["seq"]
        if row["type"] in passed_over:
            continue
        if (row["tenant_id"], row["stream_id"]) in built.blocked:
            built.parked.append((row, BEHIND))
            continue
        try:
            told = told_from(row)
            if isinstance(told.event, projection.handles):
                at = (told.tenant, projection.key(told))
                built.rows[at] = projection.evolve(built.rows.get(at), told)
                built.touched.add(at)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is parked with its reason
            built.blocked.add((row["tenant_id"], row["stream_id"]))
            built.parked.append((row, reason_of(error)))


async def _fill(
    connection: Any, projection: AnyProjection, table: Table, rows: dict[tuple[str, str], Any]
) -> None:
    """Fill a table that nobody but its owner can see yet, then index it, protect it, open it."""

    async def copied() -> AsyncIterator[bytes]:
        lines = [line(tenant, row) for tenant, row in table.settled(rows)]
        for start in range(0, len(lines), COPY_ROWS):
            yield "".join(lines[start : start + COPY_ROWS]).encode()

    await connection.copy_to_table(
        table.name, source=copied(), columns=["tenant_id", *table.fields], timeout=None
    )
    async with connection.transaction():
        if indexes := _statements(projection, table.name)[1]:
            await connection.execute(indexes)
        await connection.execute("SELECT app.open_to_service($1)", table.name)
        await connection.execute(
            "SELECT app.grant_to_service($1, 'SELECT, INSERT, UPDATE, DELETE')", table.name
        )
        await connection.execute("SELECT app.grant_to_reader($1, 'SELECT')", table.name)


def line(tenant: str, row: Sequence[Any]) -> str:
    """Return a row as COPY reads it."""
    return "\t".join([tenant, *map(_column, row)]) + "\n"


def _column(value: Any) -> str:
    if value is None:
        return NOTHING
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    return text.translate(ESCAPES) if UNPLAIN.search(text) else text


async def _switch(
    connection: Any, projection: AnyProjection, table: Table, built: Built, roles: Roles
) -> str | None:
    """Take in what came meanwhile, then lead readers and the projector to the new table."""
    async with connection.transaction():
        state = await connection.fetchrow(
            "SELECT table_name FROM projections WHERE name = $1 FOR UPDATE", projection.name
        )
        await connection.execute(f'SET LOCAL ROLE "{roles.service}"')
        built.touched.clear()
        await _fold(connection, projection, built)
        late = {at: built.rows[at] for at in built.touched}
        await table.write(connection, late)
        consumer = f"projection:{projection.name}"
        # What was parked before is in the new table or was met, and parked, again.
        await connection.execute("DELETE FROM parked WHERE consumer = $1", consumer)
        for row, reason in built.parked:
            await park(connection, projection, row, reason)
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
            built.position,
        )
        reach("rebuild.switching")
    return state["table_name"] if state else None


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
