"""The list as SQL: filters by what was asked, pages by where the last one ended."""

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Literal, TypeAlias
from uuid import UUID

import orjson

from chassis.edge import fingerprint
from chassis.tenancy import Connection
from contracts.values import Band
from gateway.companies.cursor import Cursor, moment, read_cursor
from gateway.letters import words

COUNT_MAX = 10_000
"""Counting further takes long and tells nobody more; the answer says that there are more."""

Sort: TypeAlias = Literal["name", "-name", "created", "-created"]
ORDERS: dict[Sort, tuple[str, str]] = {
    "name": ("sort_name", "ASC"),
    "-name": ("sort_name", "DESC"),
    "created": ("created_at", "ASC"),
    "-created": ("created_at", "DESC"),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants to see of the list."""

    today: date
    q: str | None = None
    relation: str | None = None
    owner: UUID | None = None
    municipality: str | None = None
    industry: str | None = None
    credit_band: Band | None = None
    archived: bool = False
    sort: Sort = "name"

    def stands_for(self) -> str:
        """Return what a cursor remembers of it."""
        asked = {name: said for name, said in asdict(self).items() if name != "today"}
        return fingerprint(orjson.dumps(asked, default=str))[:16]


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of the list, where the next begin, and how many there are in all."""

    rows: list[Any]
    next_cursor: str | None
    count: int
    count_is_minimum: bool


def _filters(tenant: str, wanted: Wanted) -> tuple[list[str], list[Any]]:
    """Return the conditions, and the values they speak of by place."""
    clauses = ["tenant_id = $1", "created_at IS NOT NULL", "archived = $2"]
    values: list[Any] = [tenant, wanted.archived]

    def add(clause: str, value: Any) -> None:
        values.append(value)
        clauses.append(clause.replace("$?", f"${len(values)}"))

    for word in words(wanted.q or ""):
        add("strpos(search, $?) > 0", word)
    if wanted.relation:
        add("relations ? $?", wanted.relation)
        add(f"coalesce((relations -> ${len(values)} ->> 'to')::date > $?, true)", wanted.today)
    if wanted.owner:
        add("owners ? $?", str(wanted.owner))
    if wanted.municipality:
        add("municipality = $?", wanted.municipality)
    if wanted.industry:
        add(
            "EXISTS (SELECT FROM jsonb_array_elements_text(industries) i WHERE starts_with(i, $?))",
            wanted.industry,
        )
    if wanted.credit_band:
        add("band = $?", wanted.credit_band.value)
    return clauses, values


async def page(
    connection: Connection, tenant: str, wanted: Wanted, cursor: str | None, limit: int
) -> Page:
    """Return one page, and the count as far as it is worth counting."""
    clauses, values = _filters(tenant, wanted)
    counted = await connection.fetchval(
        f"SELECT count(*) FROM (SELECT FROM company_list WHERE {' AND '.join(clauses)}"
        f" LIMIT {COUNT_MAX + 1}) found",
        *values,
    )
    column, order = ORDERS[wanted.sort]
    asked = wanted.stands_for()
    if cursor is not None:
        last = read_cursor(cursor, asked)
        values += [moment(last.value) if column == "created_at" else last.value, last.id]
        sign = ">" if order == "ASC" else "<"
        clauses.append(f"({column}, company_id) {sign} (${len(values) - 1}, ${len(values)})")
    rows = await connection.fetch(
        f"SELECT * FROM company_list WHERE {' AND '.join(clauses)}"
        f" ORDER BY {column} {order}, company_id {order} LIMIT {limit + 1}",
        *values,
    )
    return Page(
        rows=rows[:limit],
        next_cursor=_next(rows, limit, column, asked),
        count=min(counted, COUNT_MAX),
        count_is_minimum=counted > COUNT_MAX,
    )


def _next(rows: list[Any], limit: int, column: str, asked: str) -> str | None:
    """Return where the next page begins, if there is one."""
    if len(rows) <= limit:
        return None
    last = rows[limit - 1]
    value = last[column] if column == "sort_name" else last[column].isoformat()
    return Cursor(asked, value, last["company_id"]).text()
