"""A company over HTTP: created, read, changed, put away and taken back."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Response, status

from chassis.edge import new_id
from contracts.companies.company import (
    ArchiveCompany,
    ChangeCompanyDetails,
    CompanyIdentity,
    CreateCompany,
    RestoreCompany,
)
from contracts.enrichment import LookUpCompany, RegistryEntry
from contracts.values import CompanyDetails
from gateway.asked_by import CompanyChanger, CompanyReader, Here
from gateway.asking import Asked, AskedOfVersion, Wish, Written, etag, written
from gateway.bodies import strictly
from gateway.company import queries
from gateway.company.answers import CompanyAnswer, Created
from gateway.company.bodies import (
    AnyNewCompany,
    CompanyByHand,
    CompanyChange,
    CompanyFromRegistry,
    NewCompany,
    company_identity,
)
from gateway.company.sub_units import chosen
from gateway.problems import Missing, Refused, invalid
from gateway.reading import After
from gateway.references import check_department, check_owners

router = APIRouter(prefix="/companies", tags=["companies"])


@router.post("", status_code=status.HTTP_201_CREATED)
async def create_company(
    _who: CompanyChanger,
    asked: Asked,
    body: Annotated[AnyNewCompany, strictly(AnyNewCompany), Body()],
    response: Response,
) -> Created:
    """Add a company by hand, or from a registry entry with the workplaces ticked."""
    answer = await asked.ask_prepared(_prepared(asked, body))
    response.headers["Location"] = f"/api/v1/companies/{answer.stream_id}"
    response.headers["ETag"] = etag(answer.version)
    return Created(company_id=answer.stream_id, position=answer.position, sub_units=answer.created)


@router.get("/{company_id}")
async def read_company(
    who: CompanyReader, site: Here, company_id: UUID, response: Response, after: After = None
) -> CompanyAnswer:
    """Read the card: every field, and where its value comes from."""
    found = await queries.card(site, who.tenant, company_id, after)
    response.headers["ETag"] = etag(found.version)
    return found


@router.patch("/{company_id}")
async def change_company(
    _who: CompanyChanger,
    asked: AskedOfVersion,
    company_id: UUID,
    body: Annotated[CompanyChange, strictly(CompanyChange), Body()],
    response: Response,
) -> Written:
    """Set fields by hand; null clears one, and the registry's value shows again."""
    details = body.details(company_id).model_copy(update={"name": body.name})
    command = ChangeCompanyDetails(
        **asked.stamp(company_id=company_id, details=details, cleared=body.cleared())
    )
    return written(response, await asked.ask(command))


@router.post("/{company_id}/archive")
async def archive_company(
    _who: CompanyChanger, asked: Asked, company_id: UUID, response: Response
) -> Written:
    """Put a company away; its credit watch ends."""
    command = ArchiveCompany(**asked.stamp(company_id=company_id))
    return written(response, await asked.ask(command))


@router.post("/{company_id}/restore")
async def restore_company(
    _who: CompanyChanger, asked: Asked, company_id: UUID, response: Response
) -> Written:
    """Take an archived company back."""
    command = RestoreCompany(**asked.stamp(company_id=company_id))
    return written(response, await asked.ask(command))


async def _prepared(asked: Wish, body: AnyNewCompany) -> CreateCompany:
    """See that all it names is there."""
    await check_owners(asked.site, asked.tenant, body.owners)
    await check_department(asked.site, asked.tenant, body.department_id)
    company_id = new_id()
    if isinstance(body, CompanyByHand):
        return _by_hand(asked, company_id, body)
    return await _from_registry(asked, company_id, body)


def _by_hand(asked: Wish, company_id: UUID, body: CompanyByHand) -> CreateCompany:
    identity = company_identity(company_id, body.country, body.organisation_number, asked.at.date())
    return _creation(asked, company_id, body, origin="HAND", identity=identity, name=body.name)


async def _from_registry(asked: Wish, company_id: UUID, body: CompanyFromRegistry) -> CreateCompany:
    """Name the company as its registry does; a name given besides is set by hand."""
    entry = await _entry(asked, body)
    units = {unit.number: unit for unit in entry.sub_units}
    facts = entry.facts
    registered = facts.details.name if facts else None
    command = _creation(
        asked,
        company_id,
        body,
        origin="REGISTRY",
        identity=CompanyIdentity(country=entry.country, number=entry.organisation_number),
        name=registered or body.name or entry.organisation_number,
        sub_units=tuple(chosen(entry, units, typed) for typed in body.sub_units),
    )
    if body.name and body.name != registered:
        details = command.details.model_copy(update={"name": body.name})
        return command.model_copy(update={"details": details})
    return command


async def _entry(asked: Wish, body: CompanyFromRegistry) -> RegistryEntry:
    """Look the chosen entry up."""
    chosen = body.registry
    identity = company_identity(
        asked.command_id, chosen.country, chosen.organisation_number, asked.at.date()
    )
    if identity.number is None:
        raise invalid(
            "registry.organisation_number",
            "number-personal",
            "A sole trader's number is personal, and in no registry here; enter the company by"
            " hand.",
        )
    entry = await asked.site.ask.query(
        "enrichment",
        LookUpCompany(
            tenant=asked.tenant, country=chosen.country, number=identity.number, by=asked.by
        ),
        RegistryEntry,
    )
    if entry.parent is not None:
        raise invalid(
            "registry.organisation_number",
            "registry-entry-sub-unit",
            f"This is a sub-unit of {entry.parent}: create that company, with its sub-unit.",
        )
    if entry.outcome == "not-reached":
        words = "The registry cannot be reached now; try again, or enter the company by hand."
        raise Refused("registry-not-reached", words, status=503)
    if entry.facts is None:
        raise Missing(
            "registry.organisation_number",
            "registry-entry-unknown",
            "The registry knows no company with this number; enter it by hand.",
        )
    return entry


def _creation(asked: Wish, company_id: UUID, body: NewCompany, **own: object) -> CreateCompany:
    details: CompanyDetails = body.details(company_id)
    profile = body.invoice_profile and body.invoice_profile.profile(company_id)
    return CreateCompany(
        **asked.stamp(
            company_id=company_id,
            details=details,
            addresses=body.addresses,
            relations=body.relations,
            owners=body.owners,
            department_id=body.department_id,
            invoice_profile=profile,
            **own,
        )
    )
