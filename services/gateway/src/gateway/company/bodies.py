"""What is written about a company, as it comes in."""

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from pydantic import Discriminator, Field, StringConstraints, Tag

from contracts.companies.company import SUB_UNITS_MAX, CompanyIdentity
from contracts.identifiers import NumberInvalid, NumberKind, identify, workplace
from contracts.values import (
    NO_CONTROLS,
    Address,
    AddressKind,
    CompanyDetails,
    CountryCode,
    CreditTerms,
    CurrencyCode,
    Delivery,
    ElectronicAddress,
    EmailAddress,
    Employees,
    IndustryCode,
    InvoiceProfile,
    LegalForm,
    Line,
    Municipality,
    Prose,
    RelationCode,
    Website,
)
from gateway.bodies import Body
from gateway.problems import invalid
from gateway.reading import sealed

NUMBER_CHARACTERS_MAX = 64
"""The longest way of writing one (label, prefix, spaces, suffix) takes about half of it."""
RELATIONS_MAX = 50
OWNERS_MAX = 200

Number = Annotated[
    str,
    StringConstraints(min_length=1, max_length=NUMBER_CHARACTERS_MAX, pattern=NO_CONTROLS),
]
"""A number in any of the ways people write it."""
Phone = Annotated[
    str, StringConstraints(strip_whitespace=True, pattern=r"^[+0-9][0-9 ()/.,x#-]{2,39}$")
]
VatNumber = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}[A-Z0-9]{2,14}$")]


PERSONAL = ("email", "phone")
"""The details that may be a person's, and are sealed."""


class DetailsBody(Body):
    """What a company is like; each field is set by hand when it is given."""

    legal_form: LegalForm | None = None
    registered_on: date | None = None
    industries: Annotated[tuple[IndustryCode, ...], Field(max_length=3)] | None = None
    employees: Employees | None = None
    municipality: Municipality | None = None
    no_marketing: bool | None = None
    vat_number: VatNumber | None = None
    website: Website | None = None
    email: EmailAddress | None = None
    phone: Phone | None = None
    description: Prose | None = None

    def details(self, company_id: UUID) -> CompanyDetails:
        """Return them with what is personal marked as such."""
        given = {name: getattr(self, name) for name in CompanyDetails.model_fields if name in self}
        for name in PERSONAL:
            given[name] = sealed(company_id, given.get(name))
        return CompanyDetails(**given)

    def __contains__(self, name: str) -> bool:
        return name in self.model_fields_set


class InvoiceProfileBody(Body):
    """How a company wants its invoices."""

    delivery: Delivery
    fallback: Delivery | None = None
    invoice_email: EmailAddress | None = None
    automatic_handling: bool = False
    credit_terms: CreditTerms | None = None
    currency: CurrencyCode = "SEK"
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")] = "sv"
    your_reference: Line | None = None
    electronic_address: ElectronicAddress | None = None

    def profile(self, company_id: UUID) -> InvoiceProfile:
        """Return it with what is personal marked as such."""
        given: dict[str, Any] = {name: getattr(self, name) for name in type(self).model_fields}
        for name in ("invoice_email", "your_reference"):
            given[name] = sealed(company_id, given[name])
        return InvoiceProfile(**given)


class NewCompany(DetailsBody):
    """What every new company may come with."""

    relations: Annotated[tuple[RelationCode, ...], Field(max_length=RELATIONS_MAX)] = ()
    owners: Annotated[tuple[UUID, ...], Field(max_length=OWNERS_MAX)] = ()
    department_id: UUID | None = None
    addresses: dict[AddressKind, Address] = Field(default_factory=dict)
    invoice_profile: InvoiceProfileBody | None = None


class CompanyByHand(NewCompany):
    """A company that somebody describes."""

    name: Line
    country: CountryCode
    organisation_number: Number | None = None


class RegistryReference(Body):
    """An entry of a company registry."""

    country: CountryCode
    organisation_number: Number


class CompanyFromRegistry(NewCompany):
    """A company chosen in a registry; what is given besides is set by hand."""

    registry: RegistryReference
    name: Line | None = None
    sub_units: Annotated[tuple[Number, ...], Field(max_length=SUB_UNITS_MAX)] = ()


def _which(value: Any) -> str:
    """Tell the two ways to create a company apart."""
    from_registry = (
        "registry" in value if isinstance(value, dict) else isinstance(value, CompanyFromRegistry)
    )
    return "from-registry" if from_registry else "by-hand"


AnyNewCompany = Annotated[
    Annotated[CompanyByHand, Tag("by-hand")] | Annotated[CompanyFromRegistry, Tag("from-registry")],
    Discriminator(_which),
]


class CompanyChange(DetailsBody):
    """Fields to set by hand; a field given as null is cleared, one left out stays."""

    name: Line | None = None

    def cleared(self) -> tuple[str, ...]:
        """Return the fields that were given as null."""
        names = self.model_fields_set
        return tuple(sorted(name for name in names if getattr(self, name) is None))


class IdentityBody(Body):
    """Which company it is."""

    country: CountryCode
    organisation_number: Number


class RelationBody(Body):
    """From when a relation runs; today, when left out."""

    since: Annotated[date | None, Field(alias="from")] = None


class CopyBody(Body):
    """Which address is copied to which; a filled one only when told so."""

    source: AddressKind = AddressKind.POSTAL
    target: AddressKind = AddressKind.INVOICE
    overwrite: bool = False


class DepartmentChoice(Body):
    """The tenant's own department a company belongs to, or null."""

    department_id: UUID | None


def company_identity(
    company_id: UUID, country: str, typed: str | None, today: date
) -> CompanyIdentity:
    """Understand a number as it was typed; a sole trader's is personal, and sealed."""
    if typed is None:
        return CompanyIdentity(country=country)
    found = _understood("organisation_number", lambda: identify(country, typed, today))
    if found.kind is NumberKind.PERSNR:
        return CompanyIdentity(country=country, personal_number=sealed(company_id, found.number))
    return CompanyIdentity(country=country, number=found.number)


def workplace_number(country: str, typed: str, field: str = "sub_units") -> str:
    """Understand a workplace's number as it was typed."""
    number: str = _understood(field, lambda: workplace(country, typed)).number
    return number


def _understood(field: str, read: Callable[[], Any]) -> Any:
    try:
        return read()
    except NumberInvalid as error:
        raise invalid(field, error.code, str(error)) from error
