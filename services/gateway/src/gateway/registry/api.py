"""The company registries over HTTP: type-ahead and look-up, with what is here already marked."""

from contextlib import suppress
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel
from starlette.requests import Request

from chassis.edge import new_id
from chassis.site import Site
from contracts.enrichment import (
    HITS_MAX,
    QUERY_CHARACTERS_MAX,
    ForgetSearch,
    LookUpCompany,
    RegistryEntry,
    RegistryHits,
    RegistryLoading,
    SearchRegistry,
)
from contracts.identifiers import NumberInvalid, NumberKind, identify, workplace
from contracts.values import (
    NO_CONTROLS,
    CountryCode,
    MunicipalityCode,
)
from gateway.asked_by import Here, RegistryReader
from gateway.leaving import Left, unless_left
from gateway.problems import invalid
from gateway.registry.entry import Entry, absent, shown
from gateway.registry.queries import companies_with

router = APIRouter(prefix="/registry/companies", tags=["registry"])

HITS = 10
TYPED_CHARACTERS_MAX = 10_000
"""Whatever is pasted is looked for; what is beyond a name's length says nothing more."""


class Hit(BaseModel):
    """One line of the type-ahead; with `company_id` it is the tenant's already.

    With a `parent` it is a sub-unit of the company of that number. `matches` are start and end, in
    characters of the name, of what was typed.
    """

    country: str
    organisation_number: str
    parent: str | None
    name: str
    city: str | None
    legal_form: str | None
    active: bool
    bankrupt: bool
    matches: list[tuple[int, int]]
    company_id: UUID | None


class Hits(BaseModel):
    """The best first; with `loading`, how far the first load is, nothing can be found yet."""

    items: list[Hit]
    loading: RegistryLoading | None = None


@router.get("")
async def search_registry(
    *,
    who: RegistryReader,
    site: Here,
    request: Request,
    q: Annotated[str, Query(max_length=TYPED_CHARACTERS_MAX, pattern=NO_CONTROLS)],
    country: CountryCode | None = None,
    limit: Annotated[int, Query(ge=1, le=HITS_MAX)] = HITS,
    municipality: MunicipalityCode | None = None,
) -> Hits:
    """Find registered companies by a few letters or digits; each more sharpens the ranking.

    Companies of the `municipality` given, and those looked up before, come earlier.
    """
    query = SearchRegistry(
        tenant=who.tenant,
        q=q[:QUERY_CHARACTERS_MAX],
        country=country,
        limit=limit,
        municipality=municipality,
        by=who.actor,
        search_id=new_id(),
    )
    found = await _found(request, site, query)
    numbers = [(hit.country, hit.organisation_number) for hit in found.items]
    here = await companies_with(site, who.tenant, numbers)
    return Hits(
        items=[
            Hit.model_validate(hit.model_dump() | {"company_id": here.get(number)})
            for hit, number in zip(found.items, numbers, strict=True)
        ],
        loading=found.loading,
    )


async def _found(request: Request, site: Site, query: SearchRegistry) -> RegistryHits:
    """Ask, and take the question back when nobody waits for the answer any more."""
    try:
        asked = site.ask.query("enrichment", query, RegistryHits)
        return await unless_left(request, asked)
    except Left:
        forget = ForgetSearch.model_validate(query.model_dump(include={"tenant", "search_id"}))
        await site.ask.tell("enrichment", forget)
        return RegistryHits(items=())


@router.get("/{country}/{number}")
async def read_registry_entry(
    who: RegistryReader,
    site: Here,
    country: CountryCode,
    number: Annotated[str, Path(min_length=1, max_length=64, pattern=NO_CONTROLS)],
) -> Entry:
    """Look a company up by its number, with its workplaces."""
    query = LookUpCompany(
        tenant=who.tenant, country=country, number=_number(country, number), by=who.actor
    )
    found = await site.ask.query("enrichment", query, RegistryEntry)
    if found.facts is None:
        raise absent(found)
    numbers = [unit.number for unit in found.sub_units]
    here = await companies_with(
        site,
        who.tenant,
        [(found.country, one) for one in (found.organisation_number, *numbers)],
    )
    return shown(found, here)


def _number(country: str, typed: str) -> str:
    """Understand a number as it was typed: a company's, or a Swedish workplace's."""
    if country == "SE":
        with suppress(NumberInvalid):
            return workplace(country, typed).number
    try:
        found = identify(country, typed)
    except NumberInvalid as error:
        raise invalid("number", error.code, str(error)) from error
    if found.kind is NumberKind.PERSNR:
        raise invalid(
            "number", "number-personal", "A sole trader's number is personal; it is not looked up."
        )
    return found.number
