"""What only one of the sources does, and what our adapters make of it."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from cases import CASES, SEED, SWEDISH, nth, quick

from enrichment.registry import facts_of
from enrichment.sample.company import companies
from enrichment.sources import bolagsverket as register
from enrichment.sources.bolagsverket import Bolagsverket
from enrichment.sources.cvr import Cvr
from enrichment.sources.gleif import Gleif
from enrichment.sources.port import (
    Barred,
    Deleted,
    Found,
    Garbled,
    NotOffered,
    Partial,
    Unavailable,
    Unknown,
)
from enrichment.sources.prh import Prh
from enrichment.sources.scb import Scb
from enrichment.sources.tokens import ClientCredentials
from standins.registries import foreign
from standins.testing import StandIn

SWEDISH_CASE = next(case for case in CASES if case.fixture == "scb")


def answer(**blocks: Any) -> dict[str, Any]:
    return {
        "organisationsidentitet": {"identitetsbeteckning": "5570123454"},
        "namnskyddslopnummer": None,
        "organisationsnamn": {"organisationsnamnLista": [{"namn": "Granhult AB"}], "fel": None},
        **blocks,
    }


def broken(kind: str) -> dict[str, Any]:
    return {"fel": {"typ": kind, "felBeskrivning": "…"}, "dataproducent": "SCB"}


async def test_a_swedish_company_is_told_in_either_spelling_and_date_form(
    bolagsverket: Bolagsverket,
) -> None:
    insolvent = [one for one in companies(SEED, "SE", SWEDISH) if one.proceeding]
    assert len({int(one.number) % 2 for one in insolvent}) == 2
    for one in insolvent[:8]:
        found = await bolagsverket.look_up("SE", one.number)
        assert isinstance(found, Found)
        facts = facts_of(found.listing.facts, active=True)
        assert [(each.kind, each.since) for each in facts.proceedings] == [one.proceeding]
        assert facts.details.registered_on == one.registered_on


async def test_a_block_that_could_not_be_had_makes_an_answer_partial(
    bolagsverket: Bolagsverket, registries: StandIn
) -> None:
    registries.control("POST", "faults", {"fail": "partial", "path": "organisationer"})
    found = await bolagsverket.look_up("SE", SWEDISH_CASE.number)
    assert isinstance(found, Partial)
    assert found.missing == {"postal", "industries", "no_marketing"}
    assert not found.missing & found.listing.facts.keys()
    assert found.listing.facts["name"] == SWEDISH_CASE.name


def test_when_no_authority_can_be_had_even_the_identity_is_missing() -> None:
    nothing = {
        "organisationsidentitet": None,
        "organisationsnamn": broken("TIMEOUT"),
        "organisationsform": broken("OTILLGANGLIG_UPPGIFTSKALLA"),
    }
    found = register.outcome("5570123454", {"organisationer": [nothing]})
    assert isinstance(found, Partial)
    assert found.missing == {"name", "legal_form"}


def test_a_number_that_no_authority_has_is_unknown() -> None:
    absent = {"organisationsidentitet": None, "organisationsnamn": broken("ORGANISATION_FINNS_EJ")}
    unknown = Unknown("SE", "5570123454")
    assert register.outcome("5570123454", {"organisationer": [absent]}) == unknown
    assert register.outcome("5570123454", {"organisationer": []}) == unknown


def test_of_several_traders_under_one_number_the_first_counts() -> None:
    second = answer(namnskyddslopnummer=2)
    first = answer(organisationsnamn={"organisationsnamnLista": [{"namn": "Först AB"}]})
    found = register.outcome("5570123454", {"organisationer": [second, first]})
    assert isinstance(found, Found)
    assert found.listing.facts["name"] == "Först AB"


def test_a_deregistered_swedish_company_is_deleted_and_still_described() -> None:
    gone = answer(avregistreradOrganisation={"avregistreringsdatum": "2024-05-02"})
    found = register.outcome("5570123454", {"organisationer": [gone]})
    assert found == Deleted("SE", "5570123454", date(2024, 5, 2))
    assert isinstance(found, Deleted)
    assert found.listing


@pytest.mark.parametrize("body", [None, [], {}, {"organisationer": [1]}, {"organisationer": None}])
def test_an_answer_that_is_no_list_of_companies_is_garbled(body: Any) -> None:
    with pytest.raises(Garbled):
        register.outcome("5570123454", body)


async def test_a_number_the_register_refuses_is_said_with_its_words(
    bolagsverket: Bolagsverket,
) -> None:
    with pytest.raises(Unavailable, match="kontrollsiffra"):
        await bolagsverket.look_up("SE", "5560160681")


async def test_a_token_that_is_no_longer_taken_is_renewed_once(
    bolagsverket: Bolagsverket, registries: StandIn
) -> None:
    await bolagsverket.look_up("SE", SWEDISH_CASE.number)
    registries.control("POST", "faults", {"expire_tokens": True})
    registries.control("DELETE", "calls")
    assert isinstance(await bolagsverket.look_up("SE", SWEDISH_CASE.number), Found)
    asked = [path.rpartition("/")[2] for path in registries.control("GET", "calls")]
    assert asked == ["organisationer", "token", "organisationer"]


async def test_tokens_that_are_never_taken_bar_us(
    bolagsverket: Bolagsverket, registries: StandIn
) -> None:
    registries.control("POST", "faults", {"status": 401, "path": "organ", "times": None})
    with pytest.raises(Barred):
        await bolagsverket.look_up("SE", SWEDISH_CASE.number)


async def test_wrong_credentials_bar_us(registries: StandIn) -> None:
    async with quick("bolagsverket", registries.url) as door:
        tokens = ClientCredentials(door, "oauth2/token", "read")
        calls = replace(quick("bolagsverket", registries.url), credentials=tokens)
        async with calls:
            with pytest.raises(Barred):
                await Bolagsverket(calls, calls).look_up("SE", SWEDISH_CASE.number)


async def test_one_token_serves_all_who_ask_at_once(
    bolagsverket: Bolagsverket, registries: StandIn
) -> None:
    for _ in range(3):
        await bolagsverket.look_up("SE", SWEDISH_CASE.number)
    asked = registries.control("GET", "calls")
    assert asked.count("/oauth2/token") == 1


async def test_size_classes_and_the_marketing_block_come_from_the_business_register(
    scb: Scb,
) -> None:
    one = next(one for one in companies(SEED, "SE", SWEDISH) if one.no_marketing and one.employed)
    found = await scb.look_up("SE", one.number)
    assert isinstance(found, Found)
    details = facts_of(found.listing.facts, active=True).details
    assert details.no_marketing is True
    assert details.employees
    assert (details.employees.low, details.employees.high) == one.employees
    assert not {"*", ""} & {str(value) for value in found.listing.facts.values()}


async def test_a_swedish_company_that_ceased_is_deleted(scb: Scb) -> None:
    one = next(one for one in companies(SEED, "SE", SWEDISH) if one.deregistered_on)
    assert await scb.look_up("SE", one.number) == Deleted("SE", one.number, one.deregistered_on)


async def test_a_name_that_would_be_too_many_is_refused_before_it_is_fetched(
    scb: Scb, registries: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("enrichment.sources.scb.ROWS_MAX", 3)
    with pytest.raises(NotOffered):
        await scb.search("SE", "", 10)
    assert all("rakna" in path for path in registries.control("GET", "calls"))


async def test_ten_calls_in_ten_seconds_are_kept_to(scb: Scb, registries: StandIn) -> None:
    registries.control("POST", "faults", {"limits": True})
    for _ in range(10):
        await scb.look_up("SE", SWEDISH_CASE.number)
    with pytest.raises(Unavailable, match="429"):
        await scb.look_up("SE", SWEDISH_CASE.number, hurry=True)


async def test_a_finnish_companys_present_name_and_texts_for_swedish_eyes(prh: Prh) -> None:
    number = nth(foreign.FINNISH_WEIGHTS, 9_000_000, 2)
    found = await prh.look_up("FI", number)
    assert isinstance(found, Found)
    facts = found.listing.facts
    assert not facts["name"].startswith(("Vanha", "Apu"))
    assert facts["visiting"]["city"] == "HELSINGFORS"
    assert facts["industries"][0]["text"] == "Computer programming"
    assert facts["vat_number"] == f"FI{number}"


async def test_finnish_bankruptcies_and_ends_are_told(prh: Prh) -> None:
    insolvent = await prh.look_up("FI", nth(foreign.FINNISH_WEIGHTS, 9_000_000, 18))
    assert isinstance(insolvent, Found)
    assert insolvent.listing.facts["proceedings"] == [{"kind": "bankruptcy", "since": "2026-06-01"}]
    number = nth(foreign.FINNISH_WEIGHTS, 9_000_000, 24)
    assert await prh.look_up("FI", number) == Deleted("FI", number, date(2024, 5, 2))


async def test_a_danish_company_is_what_has_not_ended_of_its_periods(cvr: Cvr) -> None:
    found = await cvr.look_up("DK", nth(foreign.DANISH_WEIGHTS, 9_500_000, 18))
    assert isinstance(found, Found)
    facts = facts_of(found.listing.facts, active=True)
    assert facts.details.name
    assert not facts.details.name.startswith("Gammelt")
    assert [each.kind for each in facts.proceedings] == ["bankruptcy"]
    assert facts.details.employees
    assert (facts.details.employees.low, facts.details.employees.high) == (10, 19)
    assert facts.details.municipality
    assert facts.details.municipality.code == "0101"
    number = nth(foreign.DANISH_WEIGHTS, 9_500_000, 24)
    assert await cvr.look_up("DK", number) == Deleted("DK", number, date(2024, 5, 2))


async def test_wrong_danish_credentials_bar_us(registries: StandIn) -> None:
    async with quick("cvr", f"{registries.url}/cvr-permanent") as calls:
        with pytest.raises(Barred):
            await Cvr(calls).look_up("DK", "13585628")


async def test_completions_that_lead_nowhere_are_passed_over(gleif: Gleif) -> None:
    assert len(await gleif.search("GB", "harbour", 5)) == 5
    assert await gleif.search("SE", "harbour", 5) == []


async def test_an_inactive_entity_is_deleted(gleif: Gleif) -> None:
    assert await gleif.look_up("GB", "90000024") == Deleted("GB", "90000024", None)
