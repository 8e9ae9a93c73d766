"""Values that appear in messages: checked when made, never changed."""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal, TypeAlias
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

NAME_CHARACTERS_MAX = 300
"""Longer than any registered name seen (the longest Swedish ones pass 200)."""
PROSE_CHARACTERS_MAX = 4_000
"""A page and a half: what people write about a company, not documents."""
ADDRESS_LINES_MAX = 4
INDUSTRIES_MAX = 3
"""What the registries publish at most and the card shows."""

NO_CONTROLS = r"^[^\x00-\x1f\x7f\u0085\u2028\u2029]*$"
NO_CONTROLS_BUT_LINES = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"

Line: TypeAlias = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=NAME_CHARACTERS_MAX, pattern=NO_CONTROLS
    ),
]
"""One line of text without control characters."""
Prose: TypeAlias = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        min_length=1,
        max_length=PROSE_CHARACTERS_MAX,
        pattern=NO_CONTROLS_BUT_LINES,
    ),
]
"""Several lines of text."""
CountryCode: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
"""ISO 3166-1 alpha-2."""
CurrencyCode: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
"""ISO 4217."""
Website: TypeAlias = Annotated[
    str, StringConstraints(max_length=300, pattern=r"^https?://[^\s\x00-\x1f\x7f]+$")
]
EmailAddress: TypeAlias = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        max_length=254,
        pattern=r"^[^\s@\x00-\x1f\x7f\"(),:;<>\[\]\\]{1,64}@[^\s@\x00-\x1f\x7f\"(),:;<>\[\]\\]+\.[^\s@.\x00-\x1f\x7f\"(),:;<>\[\]\\]{2,}$",
    ),
]
"""One address as RFC 5321 sends it, without quoting and comments."""
RelationCode: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,39}$")]
"""customer, prospect, supplier-product, supplier-service, other, or a tenant's own."""


class Value(BaseModel):
    """Equal when its parts are equal."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Sealed(Value):
    """A text about a person: readable in memory, unreadable at rest once its key is destroyed.

    `text` is what it says, while it travels inside a process or over request/reply; `sealed` is
    the same under the subject's own key (AES-256-GCM, base64 of nonce, ciphertext and tag),
    which is all that events hold in the store, on the bus and in read models. Both are absent
    when the subject has been erased.
    """

    kind: Literal["sealed"] = "sealed"
    subject: UUID
    text: Annotated[str, StringConstraints(max_length=PROSE_CHARACTERS_MAX)] | None = None
    sealed: str | None = None


class Money(Value):
    """An amount in a currency; a string in JSON, never a float."""

    amount: Decimal
    currency: CurrencyCode


class LegalForm(Value):
    """How a company is constituted: the registry's code (AB, HB, E, AS, ENK …) and its text."""

    code: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{1,8}$")]
    text: Line | None = None


class IndustryCode(Value):
    """A branch of industry: SNI in Sweden, SN in Norway, both NACE with a fifth digit."""

    scheme: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2,6}[0-9.]{0,6}$")]
    code: Annotated[str, StringConstraints(pattern=r"^[0-9]{2,6}$")]
    text: Line | None = None


class Employees(Value):
    """How many work there: a size class (Sweden) or an exact number (`low` = `high`)."""

    low: Annotated[int, Field(ge=0)]
    high: Annotated[int, Field(ge=0)] | None = None
    as_of: date | None = None


class Proceeding(Value):
    """Bankruptcy, liquidation and their like, as the registry has it."""

    kind: Literal["bankruptcy", "liquidation", "forced-dissolution", "restructuring", "merger"]
    since: date | None = None


MunicipalityCode: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}$")]
"""Official in Sweden and in Norway."""


class Municipality(Value):
    """Kommun: the official code and the name."""

    code: MunicipalityCode
    name: Line | None = None


class AddressKind(StrEnum):
    """Which of a company's addresses."""

    VISITING = "VISITING"
    POSTAL = "POSTAL"
    INVOICE = "INVOICE"


class Address(Value):
    """Where a company is visited, gets its post or gets its invoices."""

    lines: Annotated[tuple[Line, ...], Field(min_length=1, max_length=ADDRESS_LINES_MAX)]
    postal_code: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9 -]{2,12}$")] | None = None
    city: Line | None = None
    country: CountryCode = "SE"


class CreditTerms(Value):
    """When an invoice falls due: net N days, or the end of the month and N days."""

    kind: Literal["NET_DAYS", "END_OF_MONTH"]
    days: Annotated[int, Field(ge=0, le=365)]


class ElectronicAddress(Value):
    """Where Peppol delivers: 0007 is a Swedish, 0192 a Norwegian organisation number."""

    scheme: Literal["0007", "0192"]
    id: Annotated[str, StringConstraints(pattern=r"^[0-9]{9,10}$")]


class Delivery(StrEnum):
    """How an invoice reaches the customer (fakturatyp)."""

    EMAIL_TRACKING_LINK = "EMAIL_TRACKING_LINK"
    EMAIL_PDF = "EMAIL_PDF"
    PAPER = "PAPER"
    PEPPOL = "PEPPOL"


class InvoiceProfile(Value):
    """How a customer wants its invoices."""

    delivery: Delivery
    fallback: Delivery | None = None
    invoice_email: Sealed | None = None
    automatic_handling: bool = False
    credit_terms: CreditTerms | None = None
    currency: CurrencyCode = "SEK"
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")] = "sv"
    your_reference: Sealed | None = None
    electronic_address: ElectronicAddress | None = None


class CompanyDetails(Value):
    """What is known of a company besides its identity; every field has a source of its own."""

    name: Line | None = None
    legal_form: LegalForm | None = None
    registered_on: date | None = None
    industries: Annotated[tuple[IndustryCode, ...], Field(max_length=INDUSTRIES_MAX)] | None = None
    employees: Employees | None = None
    municipality: Municipality | None = None
    no_marketing: bool | None = None
    vat_number: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}[A-Z0-9]{2,14}$")] | None = None
    website: Website | None = None
    email: Sealed | None = None
    phone: Sealed | None = None
    description: Prose | None = None


class Band(StrEnum):
    """The common credit band: mapped by the adapter from the bureau's grade, never computed."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"
    E = "E"
    NOT_RATED = "NOT_RATED"


class CreditRating(Value):
    """What a bureau says of a company (kreditbetyg); score and grade are kept verbatim."""

    bureau: Line
    reference: Line
    band: Band
    grade: Line | None = None
    score: Line | None = None
    scale: Line | None = None
    text: Line | None = None
    limit: Money | None = None
    model: Line | None = None
    reasons: tuple[Line, ...] = ()
    rated_on: date
