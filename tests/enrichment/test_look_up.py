"""What the registry says about a number."""

import pytest

from chassis.decider import Rejected
from chassis.site import Site
from contracts.enrichment import LookUpCompany, RegistryEntry, SearchRegistry
from contracts.values import AddressKind
from enrichment.sample.company import AS_OF, Sampled, companies
from enrichment.wire import on_look_up, on_search

pytestmark = pytest.mark.servers

SEED = 7


@pytest.fixture(scope="module")
def swedish() -> list[Sampled]:
    return list(companies(SEED, "SE", 1_000))


@pytest.fixture(scope="module")
def norwegian() -> list[Sampled]:
    return list(companies(SEED, "NO", 500))


async def look_up(site: Site, country: str, number: str) -> RegistryEntry:
    return await on_look_up(LookUpCompany(tenant="t1", country=country, number=number), site)


async def test_a_swedish_company_is_told_whole(site: Site, swedish: list[Sampled]) -> None:
    one = next(one for one in swedish if one.units and one.proceeding)
    number = f"{one.number[:6]}-{one.number[6:]}"
    entry = await look_up(site, "SE", number)
    assert entry.organisation_number == one.number
    assert entry.registry == "bolagsverket"
    assert entry.as_of == AS_OF
    assert entry.facts
    details = entry.facts.details
    assert details.name == one.name
    assert details.legal_form
    assert details.legal_form.code == one.form
    assert details.registered_on == one.registered_on
    assert details.industries
    assert details.industries[0].text == one.trade.text
    assert details.employees
    assert (details.employees.low, details.employees.high) == one.employees
    assert details.municipality
    assert details.municipality.name == one.place.name
    assert details.no_marketing == one.no_marketing
    assert details.description == one.description
    assert (details.email, details.phone) == (None, None)
    assert entry.facts.active
    assert [(each.kind, each.since) for each in entry.facts.proceedings] == [one.proceeding]
    postal = entry.facts.addresses[AddressKind.POSTAL]
    assert postal.lines == (one.post_box or one.street,)
    assert [unit.number for unit in entry.sub_units] == [unit.number for unit in one.units]
    assert all(unit.address for unit in entry.sub_units)


async def test_a_norwegian_company_is_told_whole(site: Site, norwegian: list[Sampled]) -> None:
    one = next(one for one in norwegian if one.employed >= 5 and one.post_box and one.units)
    entry = await look_up(site, "NO", f"NO {one.number} MVA")
    assert entry.registry == "brreg"
    assert entry.facts
    assert entry.facts.details.vat_number == f"NO{one.number}MVA"
    assert entry.facts.details.employees
    assert entry.facts.details.employees.low == one.employed
    assert entry.facts.addresses[AddressKind.VISITING].lines == (one.street,)
    assert entry.facts.addresses[AddressKind.POSTAL].lines == (f"Post{one.post_box}",)
    assert {unit.number for unit in entry.sub_units} == {unit.number for unit in one.units}


async def test_a_company_that_ended_is_told_to_have(site: Site, swedish: list[Sampled]) -> None:
    one = next(one for one in swedish if one.deregistered_on)
    entry = await look_up(site, "SE", one.number)
    assert entry.facts
    assert not entry.facts.active


async def test_an_unknown_number_has_no_facts(site: Site) -> None:
    entry = await look_up(site, "SE", "556016-0680")
    assert entry.organisation_number == "5560160680"
    assert (entry.facts, entry.registry) == (None, "bolagsverket")


async def test_a_sub_units_number_is_answered_with_the_sub_unit(
    site: Site, norwegian: list[Sampled], swedish: list[Sampled]
) -> None:
    for country, sampled in (("NO", norwegian), ("SE", swedish)):
        one = next(one for one in sampled if one.units)
        entry = await look_up(site, country, one.units[0].number)
        assert entry.parent == one.number
        assert entry.facts
        assert entry.facts.details.name == one.units[0].name
        assert entry.sub_units == ()


async def test_a_country_without_registry_here_says_so(site: Site) -> None:
    entry = await look_up(site, "DK", "DK 13585628")
    assert (entry.facts, entry.registry) == (None, None)


@pytest.mark.parametrize(
    ("country", "number", "code"),
    [
        ("SE", "556016-0681", "number-check-digit"),
        ("SE", "12", "number-malformed"),
        ("NO", "x", "number-malformed"),
        ("XX", "1", "country-unsupported"),
        ("SE", "811218-9876", "number-personal"),
    ],
)
async def test_a_number_that_cannot_be_a_companys_is_refused(
    site: Site, country: str, number: str, code: str
) -> None:
    with pytest.raises(Rejected) as refusal:
        await look_up(site, country, number)
    assert refusal.value.code == code
    assert number not in refusal.value.message


async def test_the_type_ahead_answers_too(site: Site) -> None:
    assert (await on_search(SearchRegistry(tenant="t1", q="s"), site)).items
