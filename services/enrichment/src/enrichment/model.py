"""What has been told of a company from its registry, and whether there is something new."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias
from uuid import UUID

from pydantic import AwareDatetime

from chassis.decider import Decider
from contracts.enrichment import CompanyEnriched, CompanyNotInRegistry, RegistryFacts
from contracts.message import Command
from contracts.values import CountryCode, Value

Fact: TypeAlias = CompanyEnriched | CompanyNotInRegistry
Reason: TypeAlias = Literal["no-number", "unknown-number", "no-registry", "personal-number"]


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


@dataclass(frozen=True, slots=True)
class Told:
    """What was told last: a number and its facts, or why there are none."""

    country: str = ""
    number: str = ""
    known: RegistryFacts | str | None = None


def decide(command: TakeRegistryFacts, told: Told) -> Sequence[Fact]:
    """Tell what is new; the same facts of a later day are not."""
    found = command.found
    if isinstance(found, Published):
        fact: Fact = CompanyEnriched(
            company_id=command.company_id,
            country=command.country,
            number=found.number,
            registry=found.registry,
            facts=found.facts,
            as_of=found.as_of,
        )
    else:
        fact = CompanyNotInRegistry(
            company_id=command.company_id, country=command.country, reason=found
        )
    return [] if evolve(told, fact) == told else [fact]


def evolve(_told: Told, event: Fact) -> Told:
    """Take in one more fact."""
    match event:
        case CompanyEnriched():
            return Told(event.country, event.number, event.facts)
        case CompanyNotInRegistry():
            return Told(event.country, "", event.reason)


registry_facts: Decider[TakeRegistryFacts, Told, Fact] = Decider(Told(), decide, evolve)
