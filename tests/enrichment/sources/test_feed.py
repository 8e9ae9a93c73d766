"""A registry's feed: our copy follows it, and tenants are told of their companies."""

import asyncio
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cases import norwegian_number, quick
from following import Office
from prometheus_client import REGISTRY

import enrichment
from chassis.failpoints import Failure, arm
from contracts.enrichment import (
    CompanyEnriched,
    CompanyNotInRegistry,
    SubUnitAppeared,
    SubUnitClosed,
)
from contracts.values import AddressKind
from enrichment import measuring
from enrichment.feed import Overtaken
from enrichment.load import load
from enrichment.sample.company import AS_OF, Sampled
from enrichment.sources.brreg import Brreg
from enrichment.sources.port import Unavailable
from onebox.testing import Servers

pytestmark = pytest.mark.servers

STEPS = sorted(
    match
    for file in Path(enrichment.__path__[0]).rglob("*.py")
    for match in re.findall(r'\breach\("(enrichment\.feed-[^"]+)"\)', file.read_text())
)
NEW_UNIT = norwegian_number(1)


@pytest.fixture
def companies(norwegian: list[Sampled]) -> list[Sampled]:
    """Return companies that are active, have sub-units, and are in no proceedings."""
    return [
        one for one in norwegian if one.units and not one.deregistered_on and not one.proceeding
    ]


def unit(parent: str, number: str = NEW_UNIT, name: str = "NY AVDELING I BERGEN") -> dict[str, Any]:
    return {
        "organisasjonsnummer": number,
        "navn": name,
        "organisasjonsform": {"kode": "BEDR", "beskrivelse": "Bedrift"},
        "overordnetEnhet": parent,
        "beliggenhetsadresse": {
            "adresse": ["Nygaten 1"],
            "postnummer": "5003",
            "poststed": "BERGEN",
            "landkode": "NO",
        },
    }


async def test_what_changes_is_in_our_copy_and_told_to_every_tenant_that_has_the_company(
    office: Office, companies: list[Sampled]
) -> None:
    number = companies[0].number
    first, other = await office.company(number), await office.company(number, f"{office.tenant}-2")
    stranger = await office.company(companies[1].number)
    address = {"adresse": ["Nygaten 1"], "postnummer": "5003", "poststed": "BERGEN"}
    office.change(
        number,
        set={
            "navn": "KVITEBJØRN ETTERFØLGER ASA",
            "organisasjonsform": {"kode": "ASA", "beskrivelse": "Allmennaksjeselskap"},
            "forretningsadresse": address,
        },
    )
    await office.read()
    for company in (first, other):
        (event,) = await office.told(company)
        assert isinstance(event, CompanyEnriched)
        details = event.facts.details
        assert details.name == "KVITEBJØRN ETTERFØLGER ASA"
        assert details.legal_form
        assert details.legal_form.code == "ASA"
        assert event.facts.addresses[AddressKind.VISITING].lines == ("Nygaten 1",)
    assert await office.told(stranger) == []
    assert (await office.hits("kvitebjørn"))[:1] == [number]
    facts = (await office.entry(number)).facts
    assert facts
    assert facts.details.name == "KVITEBJØRN ETTERFØLGER ASA"


@pytest.mark.parametrize(
    ("kind", "set_"),
    [
        ("bankruptcy", {"konkurs": True, "konkursdato": "2026-11-20"}),
        ("liquidation", {"underAvvikling": True, "underAvviklingDato": "2026-11-20"}),
        ("forced-dissolution", {"underTvangsavviklingEllerTvangsopplosning": True}),
    ],
)
async def test_proceedings_are_told_and_their_end_too(
    office: Office, companies: list[Sampled], kind: str, set_: dict[str, Any]
) -> None:
    number = companies[2].number
    company = await office.company(number)
    office.change(number, set=set_)
    await office.read()
    office.change(number, set=dict.fromkeys(set_))
    await office.read()
    begun, ended = await office.told(company)
    assert [each.kind for each in begun.facts.proceedings] == [kind]
    assert ended.facts.proceedings == ()


async def test_a_deletion_is_told_and_what_the_company_was_stays(
    office: Office, companies: list[Sampled]
) -> None:
    one = companies[3]
    company = await office.company(one.number)
    office.change(one.number, state="deleted")
    await office.read()
    (event,) = await office.told(company)
    assert not event.facts.active
    assert event.facts.details.name == one.name
    entry = await office.entry(one.number)
    assert entry.facts
    assert not entry.facts.active


async def test_a_removal_for_legal_reasons_purges_our_copy_and_is_told(
    office: Office, companies: list[Sampled]
) -> None:
    one = companies[4]
    company = await office.company(one.number)
    office.change(one.number, state="removed")
    await office.read()
    (event,) = await office.told(company)
    assert isinstance(event, CompanyNotInRegistry)
    assert event.reason == "removed"
    assert (await office.entry(one.number)).facts is None
    assert one.number not in await office.hits(one.name)
    rows = await office.site.pool.fetchval(
        "SELECT count(*) FROM registry.entries WHERE parent = $1", one.number
    )
    assert rows == 0


async def test_new_and_closed_sub_units_are_told_once(
    office: Office, companies: list[Sampled]
) -> None:
    head = companies[5]
    company = await office.company(head.number)
    office.change(NEW_UNIT, "underenheter", set=unit(head.number))
    await office.read()
    office.change(NEW_UNIT, "underenheter", set={"navn": "NY AVDELING"})
    old = head.units[0].number
    office.change(old, "underenheter", set={"nedleggelsesdato": "2026-11-20"})
    await office.read()
    office.change(NEW_UNIT, "underenheter", state="deleted")
    await office.read()
    appeared, closed, deleted = await office.told(company)
    assert isinstance(appeared, SubUnitAppeared)
    assert (appeared.number, appeared.unit.number) == (head.number, NEW_UNIT)
    assert appeared.unit.address
    assert isinstance(closed, SubUnitClosed)
    assert (closed.unit.number, closed.unit.active) == (old, False)
    assert isinstance(deleted, SubUnitClosed)
    assert (deleted.unit.number, deleted.unit.name) == (NEW_UNIT, "NY AVDELING")


async def test_a_workplace_in_a_crm_is_told_of_by_its_own_number(
    office: Office, companies: list[Sampled]
) -> None:
    own = companies[6].units[0].number
    workplace = await office.company(own)
    office.change(own, "underenheter", set={"navn": "HJØRNET AVDELING"})
    await office.read()
    (event,) = await office.told(workplace)
    assert event.facts.details.name == "HJØRNET AVDELING"


async def test_what_is_told_again_and_again_by_the_feed_is_told_once(
    office: Office, companies: list[Sampled]
) -> None:
    number = companies[7].number
    company = await office.company(number)
    office.change(number, set={"navn": "EN GANG AS"})
    office.registries.control("POST", f"feed/enheter/{number}/30")
    await office.read()
    office.registries.control("POST", f"feed/enheter/{number}/30")
    await office.read()
    assert len(await office.told(company)) == 1


async def test_fields_that_nobody_here_reads_cost_no_question(
    office: Office, companies: list[Sampled]
) -> None:
    office.change(companies[8].number, set={"sisteInnsendteAarsregnskap": "2026"})
    await office.read()
    asked = office.registries.control("GET", "calls")
    assert {path for path in asked if "oppdateringer" not in path} == set()


async def test_a_feed_that_was_put_back_loses_nothing(
    office: Office, companies: list[Sampled]
) -> None:
    number = companies[9].number
    company = await office.company(number)
    office.registries.control("POST", f"feed/enheter/{number}/5")
    await office.read()
    office.registries.control("POST", "feed/enheter/back/3")
    office.change(number, set={"navn": "ETTER GJENOPPRETTING AS"})
    await office.read()
    names = [event.facts.details.name for event in await office.told(company)]
    assert names[-1] == "ETTER GJENOPPRETTING AS"


async def test_a_unit_that_makes_no_sense_is_passed_over(
    office: Office, companies: list[Sampled]
) -> None:
    broken, sound = companies[10].number, companies[11].number
    company = await office.company(sound)
    office.change(broken, set={"navn": "  "})
    office.change(sound, set={"navn": "HELT I ORDEN AS"})
    await office.read()
    assert len(await office.told(company)) == 1
    office.change(broken, set={"navn": companies[10].name})


@pytest.mark.parametrize("step", STEPS)
async def test_interrupted_at_any_step_it_ends_the_same(
    office: Office, companies: list[Sampled], step: str
) -> None:
    head = companies[12]
    company = await office.company(head.number)
    number = norwegian_number(10 + STEPS.index(step))
    office.change(head.number, set={"navn": f"AVBRUTT {STEPS.index(step)} AS"})
    office.change(number, "underenheter", set=unit(head.number, number))
    arm(f"{step}:1:raise")
    with pytest.raises(Failure):
        await office.read()
    arm("")
    await office.read()
    enriched, appeared = await office.told(company)
    assert enriched.facts.details.name == f"AVBRUTT {STEPS.index(step)} AS"
    assert appeared.unit.number == number


def test_the_steps_are_all_that_the_feed_has() -> None:
    assert len(STEPS) == 6


async def test_of_two_readers_one_keeps_what_it_read(
    office: Office, companies: list[Sampled]
) -> None:
    number = companies[13].number
    company = await office.company(number)
    office.change(number, set={"navn": "BARE EN GANG AS"})
    first, second = office.feed("enheter"), office.feed("enheter")
    done = await asyncio.gather(first.read(), second.read(), return_exceptions=True)
    assert [type(one) for one in done if isinstance(one, Exception)] in ([Overtaken], [])
    assert len(await office.told(company)) == 1


async def test_after_a_load_the_feed_is_read_again_from_the_day_of_its_files(
    office: Office, companies: list[Sampled], sample: list[Path], servers: Servers
) -> None:
    number = companies[14].number
    company = await office.company(number)
    office.change(number, set={"navn": "NYERE ENN FILENE AS"})
    await office.read()
    url = servers.database_url("fed_enrichment", "fed_enrichment")
    await load(url, sample, f"sample of {office.tenant}", AS_OF)
    assert (await office.hits("nyere enn filene")) == []
    await office.read()
    assert await office.hits("nyere enn filene") == [number]
    assert len(await office.told(company)) == 1


async def test_a_registry_that_is_away_for_a_day_stops_nothing_else(
    office: Office, companies: list[Sampled]
) -> None:
    number = companies[15].number
    company = await office.company(number)
    office.registries.kill()
    try:
        for _ in range(8):
            with pytest.raises(Unavailable):
                await office.read()
        assert (await office.entry(number)).facts
        trouble = await office.site.pool.fetchval(
            "SELECT trouble FROM feed_positions WHERE source = 'brreg' AND feed = 'enheter'"
        )
        assert "brreg" in trouble
    finally:
        office.registries.start()
    office.change(number, set={"navn": "TILBAKE IGJEN AS"})
    async with quick("brreg", f"{office.registries.url}/enhetsregisteret/api") as calls:
        await replace(office, brreg=Brreg(calls)).read()
    assert len(await office.told(company)) == 1
    assert (
        await office.site.pool.fetchval(
            "SELECT trouble FROM feed_positions WHERE source = 'brreg' AND feed = 'enheter'"
        )
        is None
    )


@pytest.mark.parametrize(
    "fault", [{"fail": "garbage"}, {"fail": "truncate"}, {"status": 429}, {"status": 400}], ids=str
)
async def test_a_feed_that_answers_nonsense_moves_nothing(
    office: Office, companies: list[Sampled], fault: dict[str, Any]
) -> None:
    number = companies[16].number
    company = await office.company(number)
    office.change(number, set={"navn": f"VRØVL {fault} AS"[:40]})
    before = await office.site.pool.fetch("SELECT * FROM feed_positions ORDER BY feed")
    office.registries.control("POST", "faults", {"times": None, "path": "enhets", **fault})
    with pytest.raises(Unavailable):
        await office.feed("enheter").read()
    after = await office.site.pool.fetch("SELECT * FROM feed_positions ORDER BY feed")
    assert [(row["at"], row["id"]) for row in after] == [(row["at"], row["id"]) for row in before]
    office.registries.control("DELETE", "faults")
    await office.read()
    assert len(await office.told(company)) == 1


async def test_how_far_a_feed_is_read_is_measured(office: Office, companies: list[Sampled]) -> None:
    office.registries.control("POST", f"feed/enheter/{companies[17].number}/1")
    await office.read()
    await measuring.measure(office.site.pool)
    last = await office.site.pool.fetchval(
        "SELECT id FROM feed_positions WHERE source = 'brreg' AND feed = 'enheter'"
    )
    of = {"source": "brreg", "feed": "enheter"}
    assert REGISTRY.get_sample_value("kundvakt_registry_feed_position", of) == last
    assert REGISTRY.get_sample_value("kundvakt_registry_companies", {"country": "NO"})
