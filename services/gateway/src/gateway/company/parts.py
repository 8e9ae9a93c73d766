"""The parts of a company over HTTP: who looks after it, what it is to the tenant, its number."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Response

from contracts.companies.company import (
    AcceptRegistryChange,
    AddOwner,
    EndRelation,
    FieldName,
    IdentifyCompany,
    PinRegistryValue,
    RejectRegistryChange,
    RemoveOwner,
    SetDepartment,
    SetInvoiceProfile,
    StartRelation,
)
from contracts.values import CompanyDetails, RelationCode
from gateway.asked_by import CompanyChanger
from gateway.asking import Asked, Wish, Written, written
from gateway.bodies import WrittenDate, strictly
from gateway.company import queries
from gateway.company.bodies import (
    PERSONAL,
    DepartmentChoice,
    IdentityBody,
    InvoiceProfileBody,
    RelationBody,
    company_identity,
)
from gateway.reading import After, sealed
from gateway.references import check_department, check_owners

router = APIRouter(prefix="/companies/{company_id}", tags=["companies"])


@router.put("/owners/{user_id}")
async def add_owner(
    _who: CompanyChanger, asked: Asked, company_id: UUID, user_id: UUID, response: Response
) -> Written:
    """Make a user responsible for a company."""

    async def prepared() -> AddOwner:
        await check_owners(asked.site, asked.tenant, [user_id])
        return AddOwner(**asked.stamp(company_id=company_id, user_id=user_id))

    return written(response, await asked.ask_prepared(prepared()))


@router.delete("/owners/{user_id}")
async def remove_owner(
    _who: CompanyChanger, asked: Asked, company_id: UUID, user_id: UUID, response: Response
) -> Written:
    """End a user's responsibility for a company."""
    command = RemoveOwner(**asked.stamp(company_id=company_id, user_id=user_id))
    return written(response, await asked.ask(command))


@router.put("/relations/{relation}")
async def start_relation(
    _who: CompanyChanger,
    asked: Asked,
    company_id: UUID,
    relation: RelationCode,
    response: Response,
    body: Annotated[RelationBody | None, strictly(RelationBody | None), Body()] = None,
) -> Written:
    """Let a company be a customer, a prospect, a supplier or something of the tenant's own."""
    since = body.since if body else None
    if since is None:
        since = await _running_since(asked, company_id, relation) or asked.at.date()
    command = StartRelation(**asked.stamp(company_id=company_id, relation=relation, since=since))
    return written(response, await asked.ask(command))


@router.delete("/relations/{relation}")
async def end_relation(
    _who: CompanyChanger,
    asked: Asked,
    company_id: UUID,
    relation: RelationCode,
    response: Response,
    until: WrittenDate | None = None,
) -> Written:
    """End a relation, today or on another day."""
    until = until or asked.at.date()
    command = EndRelation(**asked.stamp(company_id=company_id, relation=relation, until=until))
    return written(response, await asked.ask(command))


@router.put("/invoice-profile")
async def set_invoice_profile(
    _who: CompanyChanger,
    asked: Asked,
    company_id: UUID,
    body: Annotated[InvoiceProfileBody, strictly(InvoiceProfileBody), Body()],
    response: Response,
) -> Written:
    """Say how a company wants its invoices."""
    profile = body.profile(company_id)
    command = SetInvoiceProfile(**asked.stamp(company_id=company_id, profile=profile))
    return written(response, await asked.ask(command))


@router.put("/department")
async def set_department(
    _who: CompanyChanger,
    asked: Asked,
    company_id: UUID,
    body: Annotated[DepartmentChoice, strictly(DepartmentChoice), Body()],
    response: Response,
) -> Written:
    """Say which of the tenant's own departments a company belongs to, or none."""

    async def prepared() -> SetDepartment:
        await check_department(asked.site, asked.tenant, body.department_id)
        chosen = body.department_id
        return SetDepartment(**asked.stamp(company_id=company_id, department_id=chosen))

    return written(response, await asked.ask_prepared(prepared()))


@router.put("/identity")
async def identify_company(
    _who: CompanyChanger,
    asked: Asked,
    company_id: UUID,
    body: Annotated[IdentityBody, strictly(IdentityBody), Body()],
    response: Response,
) -> Written:
    """Give a company its number, or correct it."""
    identity = company_identity(company_id, body.country, body.organisation_number, asked.at.date())
    command = IdentifyCompany(**asked.stamp(company_id=company_id, identity=identity))
    return written(response, await asked.ask(command))


@router.put("/pins/{field}")
async def pin_value(
    _who: CompanyChanger,
    asked: Asked,
    company_id: UUID,
    field: FieldName,
    response: Response,
    after: After = None,
) -> Written:
    """Keep a value of the registry's as it shows; a new one is proposed. Clear it to unpin."""
    found = await queries.card(asked.site, asked.tenant, company_id, after)
    shown: Any = getattr(found, field)
    said: dict[str, Any] = {field: sealed(company_id, shown) if field in PERSONAL else shown}
    value = CompanyDetails(**said)
    command = PinRegistryValue(**asked.stamp(company_id=company_id, field=field, value=value))
    return written(response, await asked.ask(command))


@router.post("/proposals/{field}/accept")
async def accept_proposal(
    _who: CompanyChanger, asked: Asked, company_id: UUID, field: FieldName, response: Response
) -> Written:
    """Let the registry's value replace the one set by hand."""
    command = AcceptRegistryChange(**asked.stamp(company_id=company_id, field=field))
    return written(response, await asked.ask(command))


@router.post("/proposals/{field}/reject")
async def reject_proposal(
    _who: CompanyChanger, asked: Asked, company_id: UUID, field: FieldName, response: Response
) -> Written:
    """Keep the value set by hand."""
    command = RejectRegistryChange(**asked.stamp(company_id=company_id, field=field))
    return written(response, await asked.ask(command))


async def _running_since(asked: Wish, company_id: UUID, relation: str) -> date | None:
    """Return since when a relation runs: asking for it again without a date changes nothing."""
    card = await queries.card_row(asked.site, asked.tenant, company_id)
    for period in card["relations"] if card else ():
        if period["relation"] == relation and period["to"] is None:
            return date.fromisoformat(period["from"])
    return None
