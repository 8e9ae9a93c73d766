"""What has been told of a company from its registry, and whether there is something new."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal, TypeAlias
from uuid import UUID

from pydantic import AwareDatetime

from chassis.decider import Decider
from contracts.enrichment import (
    CompanyEnriched,
    CompanyNotInRegistry,
    RegistryFacts,
    SubUnit,
    SubUnitAppeared,
    SubUnitClosed,
)
from contracts.message import Command
from contracts.values import CompanyDetails, CountryCode, Value

Fact: TypeAlias = CompanyEnriched | CompanyNotInRegistry | SubUnitAppeared | SubUnitClosed
Reason: TypeAlias = Literal[
    "no-number", "unknown-number", "no-registry", "personal-number", "removed"
]


class Published(Value):
    """What a registry publishes under a number."""

    number: str
    registry: str
    facts: RegistryFacts
    as_of: AwareDatetime


class TakeRegistryFacts(Command):
    """Hold what a registry says of a company, or that it says nothing, against what was told."""

    aggregate: ClassVar[str] = "registry-facts"
    company_id: UUID
    country: CountryCode
    found: Published | Reason

    @property
    def stream_id(self) -> UUID:
        """Return the id of the stream: the company's own."""
        return self.company_id


class TakeSubUnit(Command):
    """Hold what a registry says of a company's sub-unit against what was told of it."""

    aggregate: ClassVar[str] = "registry-facts"
    company_id: UUID
    country: CountryCode
    number: str
    unit: SubUnit
    as_of: AwareDatetime

    @property
    def stream_id(self) -> UUID:
        """Return the id of the stream: the company's own."""
        return self.company_id


Taking: TypeAlias = TakeRegistryFacts | TakeSubUnit


@dataclass(frozen=True, slots=True)
class Told:
    """What was told last: a number and its facts, or why there are none; sub-units by number."""

    country: str = ""
    number: str = ""
    known: RegistryFacts | str | None = None
    units: Mapping[str, bool] = field(default_factory=dict)


def decide(command: Taking, told: Told) -> Sequence[Fact]:
    """Tell what is new; the same facts of a later day are not."""
    match command:
        case TakeRegistryFacts():
            return _facts(command, told)
        case TakeSubUnit():
            return _sub_unit(command, told)


def _facts(command: TakeRegistryFacts, told: Told) -> Sequence[Fact]:
    found = command.found
    if isinstance(found, Published):
        fact: Fact = CompanyEnriched(
            company_id=command.company_id,
            country=command.country,
            number=found.number,
            registry=found.registry,
            facts=found.facts,
            as_of=found.as_of,
            before=_before(told, command.country, found),
        )
    else:
        fact = CompanyNotInRegistry(
            company_id=command.company_id, country=command.country, reason=found
        )
    return [] if evolve(told, fact) == told else [fact]


def _before(told: Told, country: str, found: Published) -> CompanyDetails | None:
    """Return what was said otherwise of the same number until now."""
    is_same = (told.country, told.number) == (country, found.number)
    if not is_same or not isinstance(told.known, RegistryFacts):
        return None
    old, new = told.known.details, found.facts.details
    other = {
        name: getattr(old, name)
        for name in CompanyDetails.model_fields
        if getattr(old, name) is not None and getattr(old, name) != getattr(new, name)
    }
    return CompanyDetails(**other) if other else None


def _sub_unit(command: TakeSubUnit, told: Told) -> Sequence[Fact]:
    """Tell of a sub-unit that appeared, once, and of one that closed: it was there before."""
    before = told.units.get(command.unit.number, not command.unit.active)
    if before == command.unit.active:
        return []
    form = SubUnitAppeared if command.unit.active else SubUnitClosed
    fact = form(
        company_id=command.company_id,
        country=command.country,
        number=command.number,
        unit=command.unit,
        as_of=command.as_of,
    )
    return [fact]


def evolve(told: Told, event: Fact) -> Told:
    """Take in one more fact."""
    match event:
        case CompanyEnriched():
            return Told(event.country, event.number, event.facts, told.units)
        case CompanyNotInRegistry():
            return Told(event.country, "", event.reason, told.units)
        case SubUnitAppeared() | SubUnitClosed():
            units = {**told.units, event.unit.number: event.unit.active}
            return replace(told, units=units)


registry_facts: Decider[Taking, Told, Fact] = Decider(Told(), decide, evolve)
