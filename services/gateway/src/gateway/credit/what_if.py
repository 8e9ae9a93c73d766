"""Runs a policy over the past: who would have been treated otherwise?

It looks for as long as a caller should wait, and says where it got to; the next page goes on
there. So no past is too long for it.
"""

import time
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Body
from pydantic import BaseModel, Field

from chassis.site import Site
from contracts.credit_policy import DecisionPolicy, Outcome
from contracts.values import Band, Money
from gateway.asked_by import CreditChecker, Here
from gateway.bodies import Body as Wanted
from gateway.bodies import strictly
from gateway.credit import queries
from gateway.credit.periods import Bound, period, policy_of
from gateway.credit.ruling import ruled
from gateway.disclosure import private_among
from gateway.reading import PAGE, PAGE_MAX, POSITION_MAX, reading

router = APIRouter(prefix="/credit/what-if", tags=["credit"])

LOOK_SECONDS_MAX = 2.0
"""What a caller waits for a page."""


class Place(Wanted):
    """Where the last page ended."""

    company_id: UUID
    seq: Annotated[int, Field(ge=0, le=POSITION_MAX)]


class WhatIfBody(Wanted):
    """A policy, and the one it is held against: the tenant's own where none is given.

    `from` and `to` are moments with their zone, or days: from its beginning, up to its end, by the
    clock of the tenant's policy.
    """

    policy: DecisionPolicy
    against: DecisionPolicy | None = None
    since: Bound | None = Field(default=None, alias="from")
    until: Bound | None = Field(default=None, alias="to")
    after: Place | None = None
    limit: Annotated[int, Field(ge=1, le=PAGE_MAX)] = PAGE


class Difference(BaseModel):
    """A rating that both policies would have treated differently."""

    company_id: UUID
    name: str
    at: datetime
    band: Band
    grade: str | None
    score: str | None
    limit: Money | None
    policy: Outcome
    against: Outcome


class WhatIf(BaseModel):
    """Differences company by company, in the order they happened; `next_after` asks for more.

    A page may be short, or empty, and not the last: then it ends where time was up.
    """

    items: list[Difference]
    looked_at: int
    next_after: Place | None


@router.post("")
async def what_if(
    who: CreditChecker,
    site: Here,
    body: Annotated[WhatIfBody, strictly(WhatIfBody), Body()],
) -> WhatIf:
    """List who would have been treated otherwise, page by page."""
    async with reading(site, who.tenant) as connection:
        against = body.against or (await policy_of(connection, who.tenant)).decisions
        bounds = await period(connection, who.tenant, body.since, body.until)
    ends = time.monotonic() + LOOK_SECONDS_MAX
    items: list[Difference] = []
    place, looked_at = body.after, 0
    while True:
        rows = await _chunk(site, who.tenant, bounds, place)
        for row in rows:
            looked_at += 1
            place = Place(company_id=row["company_id"], seq=row["seq"])
            if found := _difference(row, body.policy, against):
                items.append(found)
            if len(items) == body.limit:
                return WhatIf(items=items, looked_at=looked_at, next_after=place)
        if len(rows) < queries.CHUNK:
            return WhatIf(items=items, looked_at=looked_at, next_after=None)
        if time.monotonic() > ends:
            return WhatIf(items=items, looked_at=looked_at, next_after=place)


async def _chunk(
    site: Site, tenant: str, bounds: tuple[datetime | None, datetime], place: Place | None
) -> Sequence[Any]:
    """Read on; a person's ratings are none of this."""
    async with reading(site, tenant) as connection:
        await connection.execute(f"SET LOCAL statement_timeout = '{queries.WHAT_IF_TIMEOUT}'")
        after = (str(place.company_id), place.seq) if place else ("", 0)
        rows = await connection.fetch(queries.PAST, tenant, *bounds, *after)
        private = await private_among(connection, tenant, [UUID(r["company_id"]) for r in rows])
    # All rows count, so that the last chunk is known by its length.
    return [row if UUID(row["company_id"]) not in private else {**row, "new": None} for row in rows]


def _difference(row: Any, policy: DecisionPolicy, against: DecisionPolicy) -> Difference | None:
    if row["new"] is None:
        return None
    rating = orjson.loads(row["new"])
    one, other = ruled(policy, rating), ruled(against, rating)
    if one == other:
        return None
    return Difference(
        company_id=row["company_id"],
        name=row["name"],
        at=row["at"],
        band=rating["band"],
        grade=rating.get("grade"),
        score=rating.get("score"),
        limit=rating.get("limit"),
        policy=one,
        against=other,
    )
