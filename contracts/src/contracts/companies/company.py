"""What is said about companies."""

from datetime import date
from typing import Annotated, ClassVar, Literal, TypeAlias
from uuid import UUID

from pydantic import Field

from contracts.companies.settings import RegistryPolicy
from contracts.enrichment import RegistryFacts
from contracts.message import Command, Event, Problem
from contracts.values import (
    Address,
    AddressKind,
    CompanyDetails,
    CountryCode,
    InvoiceProfile,
    Line,
    RelationCode,
    Sealed,
    Value,
)

SUB_UNITS_MAX = 100
"""One command is one commit and one message; the largest chains are added in several."""

FieldName: TypeAlias = Literal[
    "name",
    "legal_form",
    "registered_on",
    "industries",
    "employees",
    "municipality",
    "no_marketing",
    "vat_number",
    "website",
    "email",
    "phone",
    "description",
]
"""The fields of `CompanyDetails`, as they are named when one is cleared or proposed."""


class CompanyIdentity(Value):
    """Which company it is: its number in a register, or none yet.

    `number` is an organisation number (digits only), or a workplace's own number for a
    workplace; a sole trader's number is personal and stands in `personal_number` instead.
    """

    country: CountryCode
    number: str | None = None
    personal_number: Sealed | None = None


class NewSubUnit(Value):
    """A workplace to be added under its head company."""

    company_id: UUID
    number: str
    name: Line
    address: Address | None = None


MergeReason: TypeAlias = Literal["DUPLICATE", "SUCCESSION"]
"""Why two companies become one here: the same one was entered twice, or one became the other's."""


class Taken(Value):
    """What the company that stays had not, and took over from the one merged into it."""

    details: CompanyDetails = CompanyDetails()
    addresses: dict[AddressKind, Address] = Field(default_factory=dict)
    relations: dict[RelationCode, date] = Field(default_factory=dict)
    owners: tuple[UUID, ...] = ()
    department_id: UUID | None = None
    invoice_profile: InvoiceProfile | None = None


class CompanyWish(Command):
    """A wish about one company."""

    aggregate: ClassVar[str] = "company"
    company_id: UUID

    @property
    def stream_id(self) -> UUID:
        """Return the id of the stream."""
        return self.company_id


class CreateCompany(CompanyWish):
    """Add a company to the register, by hand or from a registry entry."""

    type: Literal["create-company"] = "create-company"
    origin: Literal["HAND", "REGISTRY", "IMPORT"]
    identity: CompanyIdentity
    name: Line
    details: CompanyDetails = CompanyDetails()
    addresses: dict[AddressKind, Address] = Field(default_factory=dict)
    relations: tuple[RelationCode, ...] = ()
    owners: tuple[UUID, ...] = ()
    department_id: UUID | None = None
    invoice_profile: InvoiceProfile | None = None
    sub_units: Annotated[tuple[NewSubUnit, ...], Field(max_length=SUB_UNITS_MAX)] = ()


class ChangeCompanyDetails(CompanyWish):
    """Set some details by hand, clear others."""

    type: Literal["change-company-details"] = "change-company-details"
    details: CompanyDetails = CompanyDetails()
    cleared: tuple[FieldName, ...] = ()


class IdentifyCompany(CompanyWish):
    """Give a company its number in a register, or correct it."""

    type: Literal["identify-company"] = "identify-company"
    identity: CompanyIdentity


class SetAddress(CompanyWish):
    """Set one of a company's addresses, or remove it."""

    type: Literal["set-address"] = "set-address"
    kind: AddressKind
    address: Address | None = None


class CopyAddress(CompanyWish):
    """Copy one address to another, once; a filled target only when `overwrite` says so."""

    type: Literal["copy-address"] = "copy-address"
    source: AddressKind = AddressKind.POSTAL
    target: AddressKind = AddressKind.INVOICE
    overwrite: bool = False


class StartRelation(CompanyWish):
    """Let a company be a customer, a prospect or a supplier."""

    type: Literal["start-relation"] = "start-relation"
    relation: RelationCode
    since: date


class EndRelation(CompanyWish):
    """End one of a company's relations."""

    type: Literal["end-relation"] = "end-relation"
    relation: RelationCode
    until: date


class AddOwner(CompanyWish):
    """Make a person responsible for a company."""

    type: Literal["add-owner"] = "add-owner"
    user_id: UUID


class RemoveOwner(CompanyWish):
    """End a person's responsibility for a company."""

    type: Literal["remove-owner"] = "remove-owner"
    user_id: UUID


class SetDepartment(CompanyWish):
    """Say which of the tenant's own departments a company belongs to, or that none does."""

    type: Literal["set-department"] = "set-department"
    department_id: UUID | None = None


class SetInvoiceProfile(CompanyWish):
    """Say how a company wants its invoices."""

    type: Literal["set-invoice-profile"] = "set-invoice-profile"
    profile: InvoiceProfile


class NoteRegistryFacts(CompanyWish):
    """Hold what the registry says against what was set by hand, or is to be kept.

    `before` is what it said of the same number until now.
    """

    type: Literal["note-registry-facts"] = "note-registry-facts"
    facts: RegistryFacts
    before: CompanyDetails = CompanyDetails()
    policy: RegistryPolicy = "write"


class PinRegistryValue(CompanyWish):
    """Keep a value as it shows, whatever the registry says from now on."""

    type: Literal["pin-registry-value"] = "pin-registry-value"
    field: FieldName
    value: CompanyDetails


class AcceptRegistryChange(CompanyWish):
    """Let the registry's value replace the one set by hand."""

    type: Literal["accept-registry-change"] = "accept-registry-change"
    field: FieldName


class RejectRegistryChange(CompanyWish):
    """Keep the value set by hand."""

    type: Literal["reject-registry-change"] = "reject-registry-change"
    field: FieldName


class AddSubUnits(CompanyWish):
    """Add workplaces under a company that is in the register already, all or none."""

    type: Literal["add-sub-units"] = "add-sub-units"
    sub_units: Annotated[tuple[NewSubUnit, ...], Field(min_length=1, max_length=SUB_UNITS_MAX)]


class DismissSubUnit(CompanyWish):
    """Leave out a workplace that the registry has, and that was proposed."""

    type: Literal["dismiss-sub-unit"] = "dismiss-sub-unit"
    number: str


class ArchiveCompany(CompanyWish):
    """Put a company away: it stays readable, nothing more is done about it."""

    type: Literal["archive-company"] = "archive-company"


class RestoreCompany(CompanyWish):
    """Take an archived company back."""

    type: Literal["restore-company"] = "restore-company"


class MergeCompany(CompanyWish):
    """Merge a company into another of the tenant's, which stays and takes over what it lacks."""

    type: Literal["merge-company"] = "merge-company"
    into: UUID
    reason: MergeReason = "DUPLICATE"


class ReverseMerge(CompanyWish):
    """Take a merge back: what the other took over, and nobody changed since, is given back."""

    type: Literal["reverse-merge"] = "reverse-merge"


class RefuseWish(CompanyWish):
    """What whoever asks has found against a wish: it is refused so, unless it was answered before.

    It comes in the wish's place, under its id and with its fingerprint.
    """

    type: Literal["refuse-wish"] = "refuse-wish"
    problem: Problem


class CompanyFact(Event):
    """A fact about one company."""

    category: ClassVar[str] = "company"
    company_id: UUID

    @property
    def stream_id(self) -> UUID:
        """Return the id of the stream."""
        return self.company_id


class CompanyCreated(CompanyFact):
    """A company, or a workplace of one, entered the register."""

    type: Literal["company-created.v1"] = "company-created.v1"
    kind: Literal["COMPANY", "WORKPLACE"] = "COMPANY"
    parent_id: UUID | None = None
    origin: Literal["HAND", "REGISTRY", "IMPORT"]
    identity: CompanyIdentity
    name: Line


class CompanyDetailsChanged(CompanyFact):
    """Somebody set some details by hand, or cleared what was set by hand."""

    type: Literal["company-details-changed.v1"] = "company-details-changed.v1"
    details: CompanyDetails = CompanyDetails()
    cleared: tuple[FieldName, ...] = ()


class CompanyIdentified(CompanyFact):
    """A company got its number in a register, or another one."""

    type: Literal["company-identified.v1"] = "company-identified.v1"
    identity: CompanyIdentity


class AddressChanged(CompanyFact):
    """One of a company's addresses was set by hand, or removed."""

    type: Literal["address-changed.v1"] = "address-changed.v1"
    kind: AddressKind
    address: Address | None = None


class AddressCopied(CompanyFact):
    """One address was copied to another."""

    type: Literal["address-copied.v1"] = "address-copied.v1"
    source: AddressKind
    target: AddressKind
    address: Address


class RelationStarted(CompanyFact):
    """A company became a customer, a prospect or a supplier."""

    type: Literal["relation-started.v1"] = "relation-started.v1"
    relation: RelationCode
    since: date


class RelationEnded(CompanyFact):
    """One of a company's relations ended."""

    type: Literal["relation-ended.v1"] = "relation-ended.v1"
    relation: RelationCode
    until: date


class OwnerAdded(CompanyFact):
    """A person became responsible for a company."""

    type: Literal["owner-added.v1"] = "owner-added.v1"
    user_id: UUID


class OwnerRemoved(CompanyFact):
    """A person is no longer responsible for a company."""

    type: Literal["owner-removed.v1"] = "owner-removed.v1"
    user_id: UUID


class DepartmentSet(CompanyFact):
    """A company belongs to one of the tenant's own departments, or to none."""

    type: Literal["department-set.v1"] = "department-set.v1"
    department_id: UUID | None = None


class InvoiceProfileChanged(CompanyFact):
    """A company wants its invoices in this way."""

    type: Literal["invoice-profile-changed.v1"] = "invoice-profile-changed.v1"
    profile: InvoiceProfile


class RegistryValuePinned(CompanyFact):
    """A value of the registry's stays in force until somebody chooses another."""

    type: Literal["registry-value-pinned.v1"] = "registry-value-pinned.v1"
    field: FieldName
    value: CompanyDetails


class RegistryChangeProposed(CompanyFact):
    """The registry says otherwise than what was set by hand; somebody has to choose."""

    type: Literal["registry-change-proposed.v1"] = "registry-change-proposed.v1"
    field: FieldName
    proposed: CompanyDetails


class RegistryChangeAccepted(CompanyFact):
    """The registry's value took the place of the one set by hand."""

    type: Literal["registry-change-accepted.v1"] = "registry-change-accepted.v1"
    field: FieldName


class RegistryChangeRejected(CompanyFact):
    """The value set by hand stays."""

    type: Literal["registry-change-rejected.v1"] = "registry-change-rejected.v1"
    field: FieldName


class RegistryChangeWithdrawn(CompanyFact):
    """The registry says again what was set by hand; there is nothing left to choose."""

    type: Literal["registry-change-withdrawn.v1"] = "registry-change-withdrawn.v1"
    field: FieldName


class SubUnitDismissed(CompanyFact):
    """A workplace that the registry has is not wanted here."""

    type: Literal["sub-unit-dismissed.v1"] = "sub-unit-dismissed.v1"
    number: str


class CompanyArchived(CompanyFact):
    """A company was put away."""

    type: Literal["company-archived.v1"] = "company-archived.v1"


class CompanyRestored(CompanyFact):
    """An archived company was taken back."""

    type: Literal["company-restored.v1"] = "company-restored.v1"


class CompanyMerged(CompanyFact):
    """A company became part of another of the tenant's; nothing more is done about it."""

    type: Literal["company-merged.v1"] = "company-merged.v1"
    into: UUID
    reason: MergeReason


class MergeReversed(CompanyFact):
    """A company that was merged stands by itself again."""

    type: Literal["merge-reversed.v1"] = "merge-reversed.v1"
    into: UUID


class OtherCompanyTakenOver(CompanyFact):
    """Another company was merged into this one; what was taken over is told by facts before it."""

    type: Literal["other-company-taken-over.v1"] = "other-company-taken-over.v1"
    merged_id: UUID
    reason: MergeReason
    taken: Taken


class OtherCompanyGivenBack(CompanyFact):
    """Another company's merge into this one was reversed."""

    type: Literal["other-company-given-back.v1"] = "other-company-given-back.v1"
    merged_id: UUID


CompanyCommand: TypeAlias = Annotated[
    CreateCompany
    | ChangeCompanyDetails
    | IdentifyCompany
    | SetAddress
    | CopyAddress
    | StartRelation
    | EndRelation
    | AddOwner
    | RemoveOwner
    | SetDepartment
    | SetInvoiceProfile
    | NoteRegistryFacts
    | PinRegistryValue
    | AcceptRegistryChange
    | RejectRegistryChange
    | AddSubUnits
    | DismissSubUnit
    | ArchiveCompany
    | RestoreCompany
    | MergeCompany
    | ReverseMerge
    | RefuseWish,
    Field(discriminator="type"),
]
CompanyEvent: TypeAlias = Annotated[
    CompanyCreated
    | CompanyDetailsChanged
    | CompanyIdentified
    | AddressChanged
    | AddressCopied
    | RelationStarted
    | RelationEnded
    | OwnerAdded
    | OwnerRemoved
    | DepartmentSet
    | InvoiceProfileChanged
    | RegistryValuePinned
    | RegistryChangeProposed
    | RegistryChangeAccepted
    | RegistryChangeRejected
    | RegistryChangeWithdrawn
    | SubUnitDismissed
    | CompanyArchived
    | CompanyRestored
    | CompanyMerged
    | MergeReversed
    | OtherCompanyTakenOver
    | OtherCompanyGivenBack,
    Field(discriminator="type"),
]
