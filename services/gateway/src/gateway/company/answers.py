"""The card as it is answered: each field's value, and where it comes from."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from contracts.companies.company import MergeReason
from contracts.values import (
    Address,
    Band,
    CreditTerms,
    Delivery,
    ElectronicAddress,
    Employees,
    IndustryCode,
    LegalForm,
    Money,
    Municipality,
    Proceeding,
)
from gateway.asking import Written


class Created(Written):
    """A company that came into being, and the workplaces with it, by their numbers."""

    company_id: UUID
    sub_units: dict[str, UUID] = Field(default_factory=dict)


class Source(BaseModel):
    """Where a value comes from: hand, registry, import or a copy; when, and by whom."""

    source: str
    at: datetime
    by: str | None = None
    registry: str | None = None
    copied_from: str | None = None


class Relation(BaseModel):
    """What a company is, or was, to the tenant."""

    model_config = ConfigDict(populate_by_name=True)

    relation: str
    since: date = Field(alias="from")
    until: date | None = Field(alias="to")


class Owner(BaseModel):
    """Somebody responsible for a company."""

    user_id: UUID
    since: datetime
    by: str


class InvoiceProfileAnswer(BaseModel):
    """How a company wants its invoices."""

    delivery: Delivery
    fallback: Delivery | None = None
    invoice_email: str | None = None
    automatic_handling: bool = False
    credit_terms: CreditTerms | None = None
    currency: str
    language: str
    your_reference: str | None = None
    electronic_address: ElectronicAddress | None = None


class Proposal(BaseModel):
    """A registry value waiting beside one set by hand."""

    field: str
    proposed: Any
    at: datetime


class RegistryState(BaseModel):
    """What came of looking a company up in its registry."""

    state: str
    registry: str | None = None
    as_of: datetime | None = None
    reason: str | None = None


class Watch(BaseModel):
    """Whether a company is under credit watch, since when and why."""

    state: str
    since: datetime | None = None
    reason: str | None = None
    note: str | None = None
    by: str | None = None
    bureau: str | None = None
    heard_at: datetime | None = None


class Credit(BaseModel):
    """The latest rating, kept as the bureau gave it, and the watch."""

    bureau: str | None = None
    band: Band | None = None
    grade: str | None = None
    score: str | None = None
    scale: str | None = None
    text: str | None = None
    limit: Money | None = None
    model: str | None = None
    reasons: list[str] = []
    rated_on: date | None = None
    changed_at: datetime | None = None
    failure: str | None = None
    watch: Watch | None = None


class SubUnit(BaseModel):
    """A workplace of a company, a record of its own."""

    company_id: UUID
    name: str
    workplace_number: str | None


class SubUnitProposal(BaseModel):
    """A workplace that appeared in the registry, to be added or dismissed."""

    workplace_number: str
    name: str
    address: Address | None = None
    at: datetime


class MergedCompany(BaseModel):
    """A company that became part of this one; `POST …/reverse-merge` on it takes that back."""

    company_id: UUID
    at: datetime
    reason: MergeReason


class CompanyAnswer(BaseModel):
    """All that is known of one company."""

    company_id: UUID
    version: int
    kind: str
    parent_id: UUID | None
    country: str
    organisation_number: str | None
    workplace_number: str | None
    personal_number: str | None
    name: str
    legal_form: LegalForm | None = None
    registered_on: date | None = None
    industries: tuple[IndustryCode, ...] | None = None
    employees: Employees | None = None
    municipality: Municipality | None = None
    no_marketing: bool | None = None
    vat_number: str | None = None
    website: str | None = None
    email: str | None = None
    phone: str | None = None
    description: str | None = None
    active: bool | None
    proceedings: tuple[Proceeding, ...]
    addresses: dict[str, Address]
    relations: list[Relation]
    owners: list[Owner]
    department_id: UUID | None
    invoice_profile: InvoiceProfileAnswer | None
    proposals: list[Proposal]
    registry: RegistryState
    credit: Credit
    sub_units: list[SubUnit]
    sub_unit_proposals: list[SubUnitProposal]
    archived: bool
    archived_at: datetime | None
    merged_at: datetime | None
    merged_into: UUID | None
    merged: list[MergedCompany]
    created_at: datetime
    sources: dict[str, Source]
