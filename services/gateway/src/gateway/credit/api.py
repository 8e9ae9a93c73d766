"""A company's credit history over HTTP."""

from contextlib import suppress
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel

from chassis.ask import Unavailable
from chassis.decider import Rejected
from chassis.edge import now
from chassis.site import Site
from contracts.credit_checks import OpenCreditReport, OpenedReports
from contracts.values import CreditRating
from gateway.access.keys import Principal
from gateway.asked_by import CreditReader, Here
from gateway.credit import queries
from gateway.credit.told import Telling, alerts_of, telling
from gateway.problems import not_found
from gateway.reading import (
    PAGE,
    POSITION_MAX,
    After,
    AfterCredit,
    Limit,
    caught_up,
    reading,
)
from gateway.views import note_view

router = APIRouter(prefix="/companies/{company_id}/credit", tags=["credit"])


class CreditEntry(BaseModel):
    """One thing that was said of a company's credit, with the rating before and after.

    `shown` says whose it is: `ASKER_ONLY` is a report on a person, `THAT_ONLY` that nothing more
    may be said. `corrected` is what the bureau later took back; the right value stands here.
    """

    id: UUID
    seq: int
    at: datetime
    by: str
    event: str
    cause: str | None
    purpose: str | None
    message: str | None
    check_id: UUID | None
    asked_by: str | None
    bureau: str | None
    shown: Literal["VALUES", "ASKER_ONLY", "THAT_ONLY"]
    corrected: bool
    old: CreditRating | None
    new: CreditRating | None
    told: list[Telling]


class CreditHistory(BaseModel):
    """The latest first; `next_before` asks for what came earlier."""

    items: list[CreditEntry]
    next_before: int | None


AsOf = Annotated[
    AwareDatetime | None, Query(description="As it was known then; a moment with its zone.")
]


@router.get("")
async def read_credit(
    *,
    who: CreditReader,
    site: Here,
    company_id: UUID,
    as_of: AsOf = None,
    before: Annotated[int, Query(ge=1, le=POSITION_MAX)] = POSITION_MAX,
    limit: Limit = PAGE,
    after: After = None,
    after_credit: AfterCredit = None,
) -> CreditHistory:
    """Read what bureaus said of a company, who asked them, and how it was watched."""
    shown = await caught_up(site, who.tenant, "credit_history", after)
    shown &= await caught_up(site, who.tenant, "credit_history", after_credit, "credit-monitor")
    tenant, moment = who.tenant, as_of or now()
    async with reading(site, tenant) as connection:
        if not await queries.is_known(connection, tenant, company_id):
            raise not_found("company", shown=shown)
        rows = await queries.history(connection, tenant, company_id, before, limit + 1, moment)
        wrong = await queries.corrections(connection, tenant, company_id)
        private = await queries.is_private(connection, tenant, company_id)
        raised = await alerts_of(connection, tenant, [row["event_id"] for row in rows])
    mine = await _opened(site, who, company_id, rows)
    if rows and not private and any(row["new"] for row in rows):
        await note_view(site, tenant, company_id, who.actor, rows[0]["seq"])
    items = []
    for row in rows[:limit]:
        told = [await telling(site, tenant, one) for one in raised.get(row["event_id"], ())]
        entry = _entry(row, {} if as_of else wrong, mine, private=private)
        items.append(entry.model_copy(update={"told": told}))
    return CreditHistory(items=items, next_before=items[-1].seq if len(rows) > limit else None)


async def _opened(
    site: Site, who: Principal, company_id: UUID, rows: list[Any]
) -> dict[str, CreditRating]:
    """Return the reports on a person that the caller asked for, by their checks."""
    asked = any(row["shown"] == "ASKER_ONLY" and row["asked_by"] == who.actor for row in rows)
    if not asked:
        return {}
    query = OpenCreditReport(tenant=who.tenant, company_id=company_id, by=who.actor)
    with suppress(Unavailable, Rejected):
        found = await site.ask.query("credit-monitor", query, OpenedReports)
        return {str(one.check_id): one.rating for one in found.items}
    return {}


def _entry(
    row: Any, wrong: dict[str, str], mine: dict[str, CreditRating], *, private: bool
) -> CreditEntry:
    old, new = row["old"], row["new"]
    is_report = row["what"] != "CreditReportCorrected"
    corrected = is_report and (old in wrong or new in wrong)
    if is_report:
        old, new = wrong.get(old, old), wrong.get(new, new)
    if private:
        old, new = None, None
    return CreditEntry(
        id=row["event_id"],
        seq=row["seq"],
        at=row["at"],
        by=row["by"],
        event=row["what"],
        cause=row["cause"],
        purpose=row["purpose"],
        message=row["message"],
        check_id=row["check_id"],
        asked_by=row["asked_by"],
        bureau=row["bureau"],
        shown="THAT_ONLY" if private and row["shown"] == "VALUES" else row["shown"],
        corrected=corrected,
        old=old and orjson.loads(old),
        new=mine.get(row["check_id"]) or (new and orjson.loads(new)),
        told=[],
    )
