"""Workplaces over HTTP: added under a company that is here already, or dismissed."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Path, Response, status
from pydantic import Field

from chassis.edge import new_id
from contracts.companies.company import SUB_UNITS_MAX, AddSubUnits, DismissSubUnit, NewSubUnit
from contracts.enrichment import LookUpCompany, RegistryEntry, SubUnit
from contracts.values import NO_CONTROLS
from gateway.asked_by import CompanyChanger
from gateway.asking import Asked, Wish, Written, etag, written
from gateway.bodies import Body as BodyModel
from gateway.bodies import strictly
from gateway.company import queries
from gateway.company.bodies import NUMBER_CHARACTERS_MAX, Number, workplace_number
from gateway.problems import Missing, Refused, not_found, not_shown
from gateway.reading import After, caught_up

router = APIRouter(prefix="/companies/{company_id}/sub-units", tags=["companies"])


class SubUnitsBody(BodyModel):
    """The numbers of the workplaces to be added; what they are called, the registry knows."""

    sub_units: Annotated[tuple[Number, ...], Field(min_length=1, max_length=SUB_UNITS_MAX)]


class SubUnitsAdded(Written):
    """The workplaces that came into being, by their numbers."""

    sub_units: dict[str, UUID]


@router.post("", status_code=status.HTTP_201_CREATED)
async def add_sub_units(
    _who: CompanyChanger,
    asked: Asked,
    company_id: UUID,
    body: Annotated[SubUnitsBody, strictly(SubUnitsBody), Body()],
    response: Response,
    after: After = None,
) -> SubUnitsAdded:
    """Add workplaces out of the registry, all or none, each a record of its own."""
    if not await caught_up(asked.site, asked.tenant, "company_card", after):
        raise not_shown()
    answer = await asked.ask_prepared(_addition(asked, company_id, body))
    response.headers["ETag"] = etag(answer.version)
    return SubUnitsAdded(position=answer.position, sub_units=answer.created)


@router.post("/{number}/dismiss")
async def dismiss_sub_unit(
    _who: CompanyChanger,
    asked: Asked,
    company_id: UUID,
    number: Annotated[
        str, Path(min_length=1, max_length=NUMBER_CHARACTERS_MAX, pattern=NO_CONTROLS)
    ],
    response: Response,
) -> Written:
    """Leave a workplace out that was proposed; it is not proposed again."""
    command = DismissSubUnit(**asked.stamp(company_id=company_id, number=number))
    return written(response, await asked.ask(command))


def chosen(entry: RegistryEntry, units: dict[str, SubUnit], typed: str) -> NewSubUnit:
    """Return a workplace as the registry has it, by its number as it was typed."""
    number = workplace_number(entry.country, typed)
    unit = units.get(number)
    if unit is None:
        raise Missing("sub_units", "sub-unit-unknown", f"{number} is no workplace of this company.")
    return NewSubUnit(company_id=new_id(), number=number, name=unit.name, address=unit.address)


async def _addition(asked: Wish, company_id: UUID, body: SubUnitsBody) -> AddSubUnits:
    entry = await _entry(asked, company_id)
    units = {unit.number: unit for unit in entry.sub_units}
    wanted = tuple(chosen(entry, units, typed) for typed in body.sub_units)
    return AddSubUnits(**asked.stamp(company_id=company_id, sub_units=wanted))


async def _entry(asked: Wish, company_id: UUID) -> RegistryEntry:
    """Look the head company up in its registry."""
    card = await queries.card_row(asked.site, asked.tenant, company_id)
    if card is None:
        raise not_found("company")
    identity = card["known"]["identity"]
    if card["kind"] == "WORKPLACE" or not identity.get("number"):
        raise Refused(
            "sub-unit-of-none",
            "Workplaces are added under a company that has an organisation number; this one has"
            " none, or is a workplace itself.",
            status=409,
        )
    query = LookUpCompany(
        tenant=asked.tenant, country=identity["country"], number=identity["number"]
    )
    entry: RegistryEntry = await asked.site.ask.query("enrichment", query, RegistryEntry)
    if entry.facts is None:
        raise Refused(
            "registry-entry-unknown",
            "The registry no longer knows this company; read it again.",
            status=409,
        )
    return entry
