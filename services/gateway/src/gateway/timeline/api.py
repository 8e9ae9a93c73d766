"""A company's timeline over HTTP."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel

from chassis.site import Site
from gateway.asked_by import CompanyReader, Here
from gateway.happenings import event_name
from gateway.problems import not_found
from gateway.reading import (
    PAGE,
    POSITION_MAX,
    After,
    Limit,
    caught_up,
    opened,
    plain,
    reading,
)
from gateway.timeline import queries

router = APIRouter(prefix="/companies/{company_id}/timeline", tags=["companies"])


class Cause(BaseModel):
    """An event that led to another."""

    id: UUID
    event: str
    category: str
    stream_id: UUID
    at: datetime
    by: str


class Happening(BaseModel):
    """Who did what, and why: the nearest cause first, back to what a request led to.

    `request` is the request that began it all: the same for everything that followed from it.
    """

    seq: int
    id: UUID
    at: datetime
    by: str
    event: str
    category: str
    version: int
    what: dict[str, Any]
    why: list[Cause]
    request: UUID


class Timeline(BaseModel):
    """The latest first; `next_before` asks for what came earlier."""

    items: list[Happening]
    next_before: int | None


@router.get("")
async def read_timeline(
    *,
    who: CompanyReader,
    site: Here,
    company_id: UUID,
    before: Annotated[int, Query(ge=1, le=POSITION_MAX)] = POSITION_MAX,
    limit: Limit = PAGE,
    after: After = None,
) -> Timeline:
    """Read what happened to a company: who, what, and why."""
    shown = await caught_up(site, who.tenant, "company_card", after)
    async with reading(site, who.tenant) as connection:
        if not await queries.is_known(connection, who.tenant, company_id):
            raise not_found("company", shown=shown)
        rows = await queries.happened(connection, who.tenant, company_id, before, limit + 1)
        causes = await queries.causes(
            connection, who.tenant, [row["causation"] for row in rows[:limit]]
        )
    items = [await _happening(site, who.tenant, row, causes) for row in rows[:limit]]
    return Timeline(items=items, next_before=items[-1].seq if len(rows) > limit else None)


async def _happening(site: Site, tenant: str, row: Any, causes: dict[UUID, Any]) -> Happening:
    what = plain(await opened(site, tenant, row["stream_id"], row["data"]))
    what.pop("type", None)
    return Happening(
        seq=row["seq"],
        id=row["id"],
        at=row["at"],
        by=row["by"],
        event=event_name(row["type"]),
        category=row["category"],
        version=row["version"],
        what=what,
        why=list(_chain(row["causation"], causes)),
        request=row["correlation"],
    )


def _chain(cause: UUID | None, causes: dict[UUID, Any]) -> Iterator[Cause]:
    """Follow causes back; each is met once."""
    met: set[UUID] = set()
    while cause in causes and cause not in met:
        met.add(cause)
        row = causes[cause]
        yield Cause(
            id=row["id"],
            event=event_name(row["type"]),
            category=row["category"],
            stream_id=row["stream_id"],
            at=row["at"],
            by=row["by"],
        )
        cause = row["causation"]
