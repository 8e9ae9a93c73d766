"""History folded in memory and copied into a new table."""

import asyncio
import gc
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import orjson

from chassis.applying import CONCERNING, others, told_from
from chassis.incoming import reason_of
from chassis.intake import BEHIND
from chassis.projection import AnyProjection
from chassis.table import Table

PAGE_EVENTS = 2_000
"""The database finds the next page while this one is folded; a small one is there in time."""
COPY_ROWS = 1_000
"""Enough that sending costs each little."""
NOTHING = r"\N"
ESCAPES = {"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"}
"""As COPY reads its text format, the backslash first; other control signs stand for themselves."""
Rows: TypeAlias = dict[tuple[str, str], Any]


@dataclass(frozen=True, slots=True)
class Roles:
    """Who defines tables, and who writes rows into them."""

    owner: str
    service: str


@dataclass(slots=True)
class Filled:
    """How many rows were copied, and which events could not be folded, with the reason."""

    rows: int = 0
    parked: dict[int, str] = field(default_factory=dict)


async def fill(
    connection: Any, projection: AnyProjection, table: Table, upto: int, roles: Roles
) -> Filled:
    """Fill a new table with what history up to a place leads to: folded in memory, then copied."""
    filled = Filled()
    # Row-level security holds for the owner too: history is read as the service.
    await connection.execute(f'SET ROLE "{roles.service}"')
    with _unswept():
        rows = await _fold(connection, projection, upto, filled)
        await connection.execute(f'SET ROLE "{roles.owner}"')
        filled.rows = await _copy(connection, table, rows)
    return filled


@contextmanager
def _unswept() -> Iterator[None]:
    """Look for no cycles: here are none, and looking through all rows again and again is slow."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


async def _events(connection: Any, upto: int, passed_over: Sequence[str]) -> AsyncIterator[Any]:
    after = 0

    def page() -> Any:
        return connection.fetch(CONCERNING, after, upto, passed_over, PAGE_EVENTS)

    rows = await page()
    while rows:
        after = rows[-1]["seq"]
        following = asyncio.ensure_future(page())
        await asyncio.sleep(0)  # lets the question go out
        for row in rows:
            yield row
        rows = await following


async def _fold(connection: Any, projection: AnyProjection, upto: int, filled: Filled) -> Rows:
    rows: Rows = {}
    blocked: set[tuple[str, Any]] = set()
    async for row in _events(connection, upto, sorted(others(projection))):
        if blocked and (row["tenant_id"], row["stream_id"]) in blocked:
            filled.parked[row["seq"]] = BEHIND
            continue
        try:
            told = told_from(row)
            if projection.concerns(told):
                at = (told.tenant, projection.key(told))
                rows[at] = projection.evolve(rows.get(at), told)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is parked with its reason
            blocked.add((row["tenant_id"], row["stream_id"]))
            filled.parked[row["seq"]] = reason_of(error)
    return rows


async def _copy(connection: Any, table: Table, rows: Rows) -> int:
    """Copy rows into a table that nobody but its owner can see yet; return how many."""

    async def copied() -> AsyncIterator[bytes]:
        lines = [line(tenant, row) for tenant, row in table.settled(rows)]
        for start in range(0, len(lines), COPY_ROWS):
            yield "".join(lines[start : start + COPY_ROWS]).encode()

    done = await connection.copy_to_table(
        table.name, source=copied(), columns=["tenant_id", *table.fields], timeout=None
    )
    return int(done.split()[-1])


def line(tenant: str, row: Sequence[Any]) -> str:
    """Return a row as COPY reads it."""
    return "\t".join([tenant, *map(_column, row)]) + "\n"


def _column(value: Any) -> str:
    if value is None:
        return NOTHING
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    for sign, escaped in ESCAPES.items():
        text = text.replace(sign, escaped)
    return text
