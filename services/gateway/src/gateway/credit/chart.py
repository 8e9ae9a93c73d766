"""How a company was rated over time: a chart's worth, in one call."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Query
from pydantic import BaseModel

from contracts.values import Band, Money
from gateway.asked_by import CreditReader, Here
from gateway.credit import queries
from gateway.credit.periods import Bound, period
from gateway.problems import not_found
from gateway.reading import AfterCredit, caught_up, reading
from gateway.views import note_view

router = APIRouter(prefix="/companies/{company_id}/credit/chart", tags=["credit"])

From = Annotated[
    Bound | None,
    Query(alias="from", description="From then on: a moment with its zone, or a day's beginning."),
]
Until = Annotated[
    Bound | None,
    Query(alias="to", description="Up to then: a moment with its zone, or a day's end."),
]


class Point(BaseModel):
    """How a company was rated from then on."""

    at: datetime
    event: str
    cause: str | None
    bureau: str
    band: Band
    grade: str | None
    score: str | None
    limit: Money | None
    model: str | None


class Chart(BaseModel):
    """Oldest first; the first point may be from before, for that is how it was rated then.

    `withheld` says that this company's form lets no value be shown; `cut` that there are more
    points than these, the latest of them.
    """

    points: list[Point]
    withheld: bool
    cut: bool


@router.get("")
async def read_chart(
    *,
    who: CreditReader,
    site: Here,
    company_id: UUID,
    since: From = None,
    until: Until = None,
    after_credit: AfterCredit = None,
) -> Chart:
    """Read how a company was rated over time."""
    shown = await caught_up(site, who.tenant, "credit_history", after_credit, "credit-monitor")
    async with reading(site, who.tenant) as connection:
        if not await queries.is_known(connection, who.tenant, company_id):
            raise not_found("company", shown=shown)
        private = await queries.is_private(connection, who.tenant, company_id)
        bounds = await period(connection, who.tenant, since, until)
        rows = await queries.ratings(connection, who.tenant, company_id, *bounds)
        wrong = await queries.corrections(connection, who.tenant, company_id)
    if private:
        return Chart(points=[], withheld=True, cut=False)
    if rows:
        await note_view(site, who.tenant, company_id, who.actor, rows[0]["seq"])
    points = [_point(row, wrong) for row in reversed(rows[: queries.POINTS_MAX])]
    return Chart(points=points, withheld=False, cut=len(rows) > queries.POINTS_MAX)


def _point(row: Any, wrong: dict[str, str]) -> Point:
    rating = orjson.loads(wrong.get(row["new"], row["new"]))
    shown = {name: rating.get(name) for name in ("band", "grade", "score", "limit", "model")}
    return Point(
        at=row["at"], event=row["what"], cause=row["cause"], bureau=rating["bureau"], **shown
    )
