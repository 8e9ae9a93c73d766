"""A company's credit history over HTTP."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Query
from pydantic import BaseModel

from contracts.values import CreditRating
from gateway.asked_by import CreditReader, Here
from gateway.credit import queries
from gateway.problems import not_found
from gateway.reading import PAGE, POSITION_MAX, After, Limit, caught_up, reading

router = APIRouter(prefix="/companies/{company_id}/credit", tags=["credit"])


class CreditEntry(BaseModel):
    """One thing that was said of a company's credit, with the rating before and after."""

    id: UUID
    seq: int
    at: datetime
    by: str
    event: str
    cause: str | None
    purpose: str | None
    message: str | None
    old: CreditRating | None
    new: CreditRating | None


class CreditHistory(BaseModel):
    """The latest first; `next_before` asks for what came earlier."""

    items: list[CreditEntry]
    next_before: int | None


@router.get("")
async def read_credit(
    *,
    who: CreditReader,
    site: Here,
    company_id: UUID,
    before: Annotated[int, Query(ge=1, le=POSITION_MAX)] = POSITION_MAX,
    limit: Limit = PAGE,
    after: After = None,
) -> CreditHistory:
    """Read what bureaus said of a company, and how it was watched."""
    await caught_up(site, who.tenant, "credit_history", after)
    async with reading(site, who.tenant) as connection:
        if not await queries.is_known(connection, who.tenant, company_id):
            raise not_found("company")
        rows = await queries.history(connection, who.tenant, company_id, before, limit + 1)
    items = [_entry(row) for row in rows[:limit]]
    return CreditHistory(items=items, next_before=items[-1].seq if len(rows) > limit else None)


def _entry(row: Any) -> CreditEntry:
    return CreditEntry(
        id=row["event_id"],
        seq=row["seq"],
        at=row["at"],
        by=row["by"],
        event=row["what"],
        cause=row["cause"],
        purpose=row["purpose"],
        message=row["message"],
        old=row["old"] and orjson.loads(row["old"]),
        new=row["new"] and orjson.loads(row["new"]),
    )
