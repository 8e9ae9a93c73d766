"""The list of companies over HTTP."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Query
from pydantic import BaseModel

from chassis.edge import now
from contracts.values import NO_CONTROLS, Band, Municipality, RelationCode
from gateway.asked_by import CompanyReader, Here
from gateway.companies.cursor import CURSOR_CHARACTERS_MAX
from gateway.companies.queries import Sort, Wanted, page
from gateway.reading import PAGE, After, Limit, caught_up, reading

router = APIRouter(prefix="/companies", tags=["companies"])

QUERY_CHARACTERS_MAX = 200
"""More than anybody types into a search box."""


class ListedCompany(BaseModel):
    """One line of the list."""

    company_id: UUID
    kind: str
    parent_id: UUID | None
    name: str
    country: str
    organisation_number: str | None
    workplace_number: str | None
    legal_form: str | None
    municipality: Municipality | None
    industries: list[str]
    relations: list[str]
    owners: list[UUID]
    department_id: UUID | None
    credit_band: Band | None
    rated_on: date | None
    watch: str | None
    watch_since: datetime | None
    watch_reason: str | None
    watch_bureau: str | None
    heard_at: datetime | None
    archived: bool
    merged_into: UUID | None
    created_at: datetime


class CompanyList(BaseModel):
    """A page of the list; `count` is exact unless `count_is_minimum` says otherwise."""

    items: list[ListedCompany]
    next_cursor: str | None
    count: int
    count_is_minimum: bool


@router.get("")
async def list_companies(
    *,
    who: CompanyReader,
    site: Here,
    q: Annotated[str | None, Query(max_length=QUERY_CHARACTERS_MAX, pattern=NO_CONTROLS)] = None,
    relation: RelationCode | None = None,
    owner: UUID | None = None,
    municipality: Annotated[str | None, Query(pattern="^[0-9]{4}$")] = None,
    industry: Annotated[
        str | None, Query(pattern="^[0-9]{2,6}$", description="A code, or how it begins.")
    ] = None,
    credit_band: Band | None = None,
    archived: bool = False,
    sort: Sort = "name",
    cursor: Annotated[str | None, Query(max_length=CURSOR_CHARACTERS_MAX)] = None,
    limit: Limit = PAGE,
    after: After = None,
) -> CompanyList:
    """List companies: words in any order, every filter at once, page by page."""
    await caught_up(site, who.tenant, "company_list", after)
    today = now().date()
    wanted = Wanted(
        today=today,
        q=q,
        relation=relation,
        owner=owner,
        municipality=municipality,
        industry=industry,
        credit_band=credit_band,
        archived=archived,
        sort=sort,
    )
    async with reading(site, who.tenant) as connection:
        found = await page(connection, who.tenant, wanted, cursor, limit)
    return CompanyList(
        items=[_line(row, today) for row in found.rows],
        next_cursor=found.next_cursor,
        count=found.count,
        count_is_minimum=found.count_is_minimum,
    )


def _line(row: Any, today: date) -> ListedCompany:
    is_workplace = row["kind"] == "WORKPLACE"
    relations = orjson.loads(row["relations"])
    code, place = row["municipality"], row["municipality_name"]
    return ListedCompany(
        company_id=row["company_id"],
        kind=row["kind"],
        parent_id=row["parent_id"],
        name=row["name"],
        country=row["country"],
        organisation_number=None if is_workplace else row["number"],
        workplace_number=row["number"] if is_workplace else None,
        legal_form=row["legal_form"],
        municipality=Municipality(code=code, name=place) if code else None,
        industries=orjson.loads(row["industries"]),
        relations=sorted(
            code
            for code, period in relations.items()
            if period["to"] is None or period["to"] > today.isoformat()
        ),
        owners=orjson.loads(row["owners"]),
        department_id=row["department_id"],
        credit_band=row["band"],
        rated_on=row["rated_on"],
        watch=row["watch"],
        watch_since=row["watch_since"],
        watch_reason=row["watch_reason"],
        watch_bureau=row["watch_bureau"],
        heard_at=row["heard_at"],
        archived=row["archived"],
        merged_into=row["merged_into"],
        created_at=row["created_at"],
    )
