"""What is told of a company from its registry."""

from hypothesis import given as for_all
from hypothesis import strategies as st

from chassis.edge import derived_id
from chassis.testing import scenario
from contracts.companies.company import CreateCompany
from contracts.enrichment import CompanyEnriched, CompanyNotInRegistry
from contracts.examples import example
from enrichment.model import Fact, Published, Reason, TakeRegistryFacts, registry_facts

given = scenario(registry_facts)
enriched, absent = example(CompanyEnriched), example(CompanyNotInRegistry)
found = Published(
    number=enriched.number, registry=enriched.registry, facts=enriched.facts, as_of=enriched.as_of
)


def take(what: Published | Reason, country: str = "SE") -> TakeRegistryFacts:
    asked = example(CreateCompany)
    return TakeRegistryFacts(
        command_id=derived_id("take", str(what)),
        tenant=asked.tenant,
        by="policy:take-registry-facts",
        at=asked.at,
        correlation=asked.correlation,
        company_id=enriched.company_id,
        country=country,
        found=what,
    )


def test_facts_that_were_found_are_told() -> None:
    given().when(take(found)).then(enriched)


def test_why_there_are_none_is_told() -> None:
    given().when(take("unknown-number")).then(absent)


def test_the_same_facts_of_a_later_day_are_not_told_again() -> None:
    later = found.model_copy(update={"as_of": found.as_of.replace(year=found.as_of.year + 1)})
    given(enriched).when(take(later)).then_nothing()


def test_the_same_absence_is_not_told_again() -> None:
    given(absent).when(take("unknown-number")).then_nothing()


def test_changed_facts_are_told() -> None:
    facts = found.facts.model_copy(update={"active": not found.facts.active})
    changed = found.model_copy(update={"facts": facts})
    given(enriched).when(take(changed)).then(enriched.model_copy(update={"facts": facts}))


def test_the_same_facts_under_another_number_are_told() -> None:
    other = found.model_copy(update={"number": "5560160680"})
    given(enriched).when(take(other)).then(enriched.model_copy(update={"number": "5560160680"}))


def test_a_company_that_left_the_registry_is_told_and_its_return_too() -> None:
    given(enriched).when(take("unknown-number")).then(absent)
    given(enriched, absent).when(take(found)).then(enriched)


WISHES: list[Published | Reason] = [found, "no-number", "unknown-number", "personal-number"]


@for_all(st.lists(st.sampled_from(WISHES), max_size=6), st.sampled_from(WISHES))
def test_asking_again_adds_nothing(before: list[Published | Reason], last: Published) -> None:
    told: list[Fact] = []
    for wish in [*before, last]:
        told += registry_facts.decide(take(wish), registry_facts.fold(told))
    given(*told).when(take(last)).then_nothing()
