"""What deciding about a company needs to know of its past, and nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, TypeVar, get_args
from uuid import UUID

from contracts.companies.company import CompanyIdentity, FieldName, Taken
from contracts.values import Address, AddressKind, CompanyDetails, InvoiceProfile, Sealed

K = TypeVar("K")
V = TypeVar("V")

FIELDS: tuple[FieldName, ...] = get_args(FieldName)

NO_IDENTITY = CompanyIdentity(country="SE")


@dataclass(frozen=True, slots=True)
class Company:
    """A company so far.

    `by_hand` holds the values set by hand, which are the only ones that anything is decided on:
    the registry's reign wherever nothing was set. `proposed` are the registry's values somebody
    still has to choose on, `rejected` the ones last declined; `dismissed` are the numbers of
    workplaces that are not wanted here. `taken` is what was taken over from each company merged
    into this one, `merged_into` the one that this became part of.
    """

    status: Literal["absent", "active", "archived", "merged"] = "absent"
    kind: Literal["COMPANY", "WORKPLACE"] = "COMPANY"
    origin: Literal["HAND", "REGISTRY", "IMPORT"] = "HAND"
    identity: CompanyIdentity = NO_IDENTITY
    by_hand: Mapping[FieldName, Any] = field(default_factory=dict)
    proposed: Mapping[FieldName, Any] = field(default_factory=dict)
    rejected: Mapping[FieldName, Any] = field(default_factory=dict)
    addresses: Mapping[AddressKind, Address] = field(default_factory=dict)
    relations: Mapping[str, date] = field(default_factory=dict)
    ended: Mapping[str, date] = field(default_factory=dict)
    owners: frozenset[UUID] = frozenset()
    department_id: UUID | None = None
    invoice_profile: InvoiceProfile | None = None
    dismissed: frozenset[str] = frozenset()
    taken: Mapping[UUID, Taken] = field(default_factory=dict)
    merged_into: UUID | None = None


def given(details: CompanyDetails) -> dict[FieldName, Any]:
    """Return the details that are there, by field."""
    found: dict[FieldName, Any] = {name: getattr(details, name) for name in FIELDS}
    return {name: value for name, value in found.items() if value is not None}


def same(one: Any, other: Any) -> bool:
    """Tell whether two values say the same, whichever key they are sealed under."""
    if isinstance(one, Sealed) and isinstance(other, Sealed):
        return one.text == other.text
    return bool(one == other)


def same_identity(one: CompanyIdentity, other: CompanyIdentity) -> bool:
    """Tell whether two identities are of the same company."""
    return (one.country, one.number) == (other.country, other.number) and same(
        one.personal_number, other.personal_number
    )


def same_profile(one: InvoiceProfile | None, other: InvoiceProfile) -> bool:
    """Tell whether two profiles have the same effect."""
    if one is None:
        return False
    bare = {"invoice_email": None, "your_reference": None}
    return (
        one.model_copy(update=bare) == other.model_copy(update=bare)
        and same(one.invoice_email, other.invoice_email)
        and same(one.your_reference, other.your_reference)
    )


def without(values: Mapping[K, V], *names: K) -> dict[K, V]:
    """Return what is left of some values."""
    return {name: value for name, value in values.items() if name not in names}
