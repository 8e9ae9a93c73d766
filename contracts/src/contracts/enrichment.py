"""What is said about registry facts."""

from typing import Annotated, ClassVar, Literal, TypeAlias
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints

from contracts.message import Event, Message, Query
from contracts.values import (
    Address,
    AddressKind,
    CompanyDetails,
    CountryCode,
    Line,
    MunicipalityCode,
    Proceeding,
    Value,
)

QUERY_CHARACTERS_MAX = 100
"""More than anybody types into a search box."""
HITS_MAX = 50


class RegistryFacts(Value):
    """What a registry publishes about a company on a given day."""

    details: CompanyDetails
    active: bool
    proceedings: tuple[Proceeding, ...] = ()
    addresses: dict[AddressKind, Address] = Field(default_factory=dict)


class SubUnit(Value):
    """A workplace of a company: arbetsställe (CFAR number), underenhet."""

    number: str
    name: str
    active: bool
    address: Address | None = None


class RegistryFact(Event):
    """A fact about one company from a registry."""

    category: ClassVar[str] = "registry-facts"
    company_id: UUID

    @property
    def stream_id(self) -> UUID:
        """Return the id of the stream."""
        return self.company_id


class CompanyEnriched(RegistryFact):
    """The registry's facts about a company of the CRM were found, or have changed.

    `before` holds those details that it said otherwise of the same number until now.
    """

    type: Literal["company-enriched.v1"] = "company-enriched.v1"
    country: CountryCode
    number: str
    registry: Line
    facts: RegistryFacts
    as_of: AwareDatetime
    before: CompanyDetails | None = None


class CompanyNotInRegistry(RegistryFact):
    """No registry entry goes with this company."""

    type: Literal["company-not-in-registry.v1"] = "company-not-in-registry.v1"
    country: CountryCode
    reason: Literal["no-number", "unknown-number", "no-registry", "personal-number", "removed"]


class SubUnitAppeared(RegistryFact):
    """The registry has a sub-unit of this company that it did not have before."""

    type: Literal["sub-unit-appeared.v1"] = "sub-unit-appeared.v1"
    country: CountryCode
    number: str
    unit: SubUnit
    as_of: AwareDatetime


class SubUnitClosed(RegistryFact):
    """A sub-unit of this company is no longer active."""

    type: Literal["sub-unit-closed.v1"] = "sub-unit-closed.v1"
    country: CountryCode
    number: str
    unit: SubUnit
    as_of: AwareDatetime


RegistryEvent: TypeAlias = Annotated[
    CompanyEnriched | CompanyNotInRegistry | SubUnitAppeared | SubUnitClosed,
    Field(discriminator="type"),
]


class SearchRegistry(Query):
    """Which registered companies could be meant by these letters?"""

    type: Literal["search-registry"] = "search-registry"
    q: Annotated[str, StringConstraints(strip_whitespace=True, max_length=QUERY_CHARACTERS_MAX)]
    country: CountryCode | None = None
    limit: Annotated[int, Field(ge=1, le=HITS_MAX)] = 10
    municipality: MunicipalityCode | None = None
    """Whose companies come earlier: the one asking is there."""
    by: str = ""
    """Who asks: what was picked before comes first. Empty for nobody."""
    search_id: UUID | None = None
    """By which the question can be taken back."""


class ForgetSearch(Query):
    """A question that need not be answered any more: who asked has typed on, or gone."""

    type: Literal["forget-search"] = "forget-search"
    search_id: UUID


class RegistryHit(Value):
    """One line of the type-ahead: a company, or a sub-unit, which has a `parent`.

    `matches` are start and end, in characters of the name, of what was typed.
    """

    country: CountryCode
    organisation_number: str
    parent: str | None = None
    name: str
    city: str | None = None
    legal_form: str | None = None
    active: bool
    bankrupt: bool = False
    matches: tuple[tuple[int, int], ...] = ()


LoadingStep: TypeAlias = Literal["writing", "reading", "building"]
"""A sample's files are written, files are read, and what was read is made ready to be searched."""


class RegistryLoading(Value):
    """How far the first load of a registry is: until it is done nothing is found."""

    doing: LoadingStep
    percent: int


class RegistryHits(Message):
    """The best first; with `loading` there is nothing yet that could be found."""

    items: tuple[RegistryHit, ...]
    loading: RegistryLoading | None = None


class LookUpCompany(Query):
    """What does the registry say about this number?"""

    type: Literal["look-up-company"] = "look-up-company"
    country: CountryCode
    number: Annotated[str, StringConstraints(min_length=1, max_length=32)]
    by: str = ""
    """Who asks, and so picks the company; empty for nobody."""


class FactSource(Value):
    """Which registry said a thing, and of which day its word is."""

    registry: Line
    as_of: AwareDatetime


class RegistryEntry(Message):
    """A company, or a sub-unit, which has a `parent`, as its registry has it.

    `outcome` tells apart what it means that there are facts or none: with `not-reached` nobody
    could be asked, and another time there may be. `missing` could not be had today, of a `partial`
    answer. `sources` says of each field of the facts where it is from.
    """

    country: CountryCode
    organisation_number: str
    parent: str | None = None
    registry: str | None = None
    facts: RegistryFacts | None = None
    as_of: AwareDatetime | None = None
    sub_units: tuple[SubUnit, ...] = ()
    sources: dict[str, FactSource] = Field(default_factory=dict)
    outcome: Literal["found", "partial", "deleted", "removed", "unknown", "not-reached"] = "unknown"
    missing: tuple[str, ...] = ()
