"""What our copy lacks is asked of the registries themselves: now, or as soon as they answer."""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cases import NORWEGIAN, SEED, SWEDISH, nth
from pydantic import SecretStr

from chassis import codec
from chassis.edge import new_id
from chassis.failpoints import Failure, arm
from chassis.site import Site
from contracts.enrichment import (
    CompanyEnriched,
    CompanyNotInRegistry,
    LookUpCompany,
    RegistryEntry,
    SearchRegistry,
)
from enrichment import asking as module
from enrichment import live, taking
from enrichment.app import service
from enrichment.asking import Asking
from enrichment.formats.listing import Listing
from enrichment.load import load
from enrichment.registry import look_up
from enrichment.sample.company import AS_OF, Sampled, companies
from enrichment.sample.files import write_sample
from enrichment.search import search
from enrichment.settings import RegistrySettings
from enrichment.sources.configured import configured
from enrichment.sources.port import Source
from enrichment.wire import on_look_up, on_search
from onebox.testing import Installation, Servers
from standins.registries import foreign
from standins.testing import StandIn

pytestmark = pytest.mark.servers

FINNISH = nth(foreign.FINNISH_WEIGHTS, 9_000_000, 2)
STEPS = re.findall(r'\breach\("([^"]+)"\)', Path(module.__file__ or "").read_text())


@pytest.fixture(scope="session")
def bare(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """Load only the first few companies, so that the registries know more than our copy."""

    async def install() -> Installation:
        installation = await servers.install("bare", service)
        url = servers.database_url("bare_enrichment", "bare_enrichment")
        few = write_sample(tmp_path_factory.mktemp("few"), SEED + 1, 150)
        await load(url, few, "few", AS_OF)
        return installation

    return asyncio.run(install())


@pytest.fixture
async def site(bare: Installation) -> AsyncIterator[Site]:
    async with bare.site(service) as opened:
        await opened.pool.execute("DELETE FROM answers")
        await opened.pool.execute("DELETE FROM questions")
        yield opened
        arm("")


@pytest.fixture
async def sources(registries: StandIn, opened: AsyncExitStack) -> Sequence[Source]:
    """Open all sources as an installation has them that was given every credential."""
    settings = RegistrySettings(
        registries_open=frozenset({"brreg", "prh", "gleif"}),
        brreg_url=f"{registries.url}/enhetsregisteret/api",
        prh_url=f"{registries.url}/opendata-ytj-api/v3",
        gleif_url=f"{registries.url}/api/v1",
        cvr_url=f"{registries.url}/cvr-permanent",
        cvr_username="demo",
        cvr_password=SecretStr("demo"),
        bolagsverket_url=f"{registries.url}/vardefulla-datamangder/v1",
        bolagsverket_token_url=f"{registries.url}/oauth2/token",
        bolagsverket_files_url=registries.url,
        bolagsverket_client_id="demo",
        bolagsverket_client_secret=SecretStr("demo"),
    )
    return await opened.enter_async_context(configured(settings))


async def looked_up(site: Site, country: str, number: str) -> RegistryEntry:
    query = LookUpCompany(tenant="t1", country=country, number=number)
    return await on_look_up(query, site)


@pytest.fixture
def norwegian_company() -> Sampled:
    found = (one for one in list(companies(SEED, "NO", NORWEGIAN))[80:] if len(one.units) > 1)
    return next(one for one in found if not one.deregistered_on)


@pytest.fixture
def swedish_company() -> Sampled:
    found = (one for one in companies(SEED, "SE", SWEDISH) if one.units)
    return next(one for one in found if not one.deregistered_on)


@pytest.mark.usefixtures("sources")
async def test_a_company_that_our_copy_lacks_is_told_with_its_sub_units_and_then_found(
    site: Site, norwegian_company: Sampled
) -> None:
    one = norwegian_company
    entry = await looked_up(site, "NO", one.number)
    assert entry.outcome == "found"
    assert entry.facts
    assert entry.facts.details.name == one.name
    assert {unit.number for unit in entry.sub_units} == {unit.number for unit in one.units}
    assert entry.sources["name"].registry == "brreg"
    assert not {"key", "city"} & set(entry.sources)
    async with site.pool.acquire() as connection:
        kept = await look_up(connection, "NO", one.number)
        hits = await search(connection, SearchRegistry(tenant="t1", q=one.name))
    assert kept.facts == entry.facts
    assert one.number in {hit.organisation_number for hit in hits.items}


@pytest.mark.usefixtures("sources")
async def test_nothing_is_asked_for_what_our_copy_has(site: Site, registries: StandIn) -> None:
    own = next(companies(SEED + 1, "NO", 1))
    assert (await looked_up(site, "NO", own.number)).facts
    assert registries.control("GET", "calls") == []


@pytest.mark.parametrize("state", ["deleted", "removed"])
@pytest.mark.usefixtures("sources")
async def test_outcomes_are_told_apart(site: Site, registries: StandIn, state: str) -> None:
    one = list(companies(SEED, "NO", NORWEGIAN))[50 + ord(state[0])]
    registries.control("POST", f"documents/enheter/{one.number}", {"state": state})
    assert (await looked_up(site, "NO", one.number)).outcome == state
    registries.control("POST", f"documents/enheter/{one.number}", {"set": {"slettedato": None}})


@pytest.mark.usefixtures("sources")
async def test_an_unknown_number_is_told_apart_from_a_registry_not_reached(
    site: Site, registries: StandIn
) -> None:
    assert (await looked_up(site, "NO", "974760673")).outcome == "unknown"
    registries.control("POST", "faults", {"status": 503, "times": None})
    entry = await looked_up(site, "NO", "974760673")
    assert (entry.outcome, entry.facts) == ("not-reached", None)


@pytest.mark.usefixtures("sources")
async def test_a_slow_registry_is_not_waited_for(site: Site, registries: StandIn) -> None:
    registries.control("POST", "faults", {"slow_seconds": 5})
    async with asyncio.timeout(2.5):
        assert (await looked_up(site, "NO", "974760673")).outcome == "not-reached"


@pytest.mark.usefixtures("sources")
async def test_not_knowing_what_is_under_way_each_would_ask_again(
    site: Site, registries: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Forgetful(dict[Any, Any]):
        def get(self, *_: Any) -> None:
            return None

        def pop(self, *_: Any) -> None:
            return None

    monkeypatch.setattr(live, "_under_way", Forgetful())
    one = list(companies(SEED, "NO", NORWEGIAN))[71]
    registries.control("POST", "faults", {"slow_seconds": 0.5, "path": one.number})
    await asyncio.gather(*(looked_up(site, "NO", one.number) for _ in range(3)))
    calls = registries.control("GET", "calls")
    assert len([path for path in calls if path.endswith(one.number)]) == 3


@pytest.mark.usefixtures("sources")
async def test_whoever_asks_again_waits_for_the_answer_that_is_coming(
    site: Site, registries: StandIn
) -> None:
    one = list(companies(SEED, "NO", NORWEGIAN))[70]
    registries.control("POST", "faults", {"slow_seconds": 0.5, "path": one.number})
    asked = [looked_up(site, "NO", one.number) for _ in range(5)]
    entries = await asyncio.gather(*asked)
    assert len({entry.model_dump_json() for entry in entries}) == 1
    calls = registries.control("GET", "calls")
    assert len([path for path in calls if path.endswith(one.number)]) == 1


@pytest.mark.usefixtures("sources")
async def test_a_swedish_answer_that_lacks_blocks_is_partial_and_hides_nothing(
    site: Site, registries: StandIn, swedish_company: Sampled
) -> None:
    number = swedish_company.number
    registries.control("POST", "faults", {"fail": "partial", "path": "organisationer"})
    entry = await looked_up(site, "SE", number)
    assert entry.outcome == "partial"
    assert set(entry.missing) == {"industries", "no_marketing", "addresses.POSTAL"}
    async with site.pool.acquire() as connection:
        kept = await look_up(connection, "SE", number)
    assert kept.facts
    assert not kept.facts.addresses


@pytest.mark.usefixtures("sources")
async def test_countries_without_a_copy_are_asked_every_hour_at_most(
    site: Site, registries: StandIn
) -> None:
    first = await looked_up(site, "FI", FINNISH)
    assert (first.outcome, first.registry) == ("found", "prh")
    asked = len(registries.control("GET", "calls"))
    again = await looked_up(site, "FI", FINNISH)
    assert again.facts == first.facts
    assert len(registries.control("GET", "calls")) == asked


@pytest.mark.usefixtures("sources")
async def test_the_worlds_registry_is_asked_where_no_other_is(site: Site) -> None:
    assert (await looked_up(site, "GB", "90000002")).registry == "gleif"
    assert (await looked_up(site, "GB", "00000001")).outcome == "unknown"


async def test_without_sources_nobody_is_asked(site: Site) -> None:
    entry = await looked_up(site, "FI", FINNISH)
    assert (entry.outcome, entry.facts) == ("unknown", None)


@pytest.mark.usefixtures("sources")
async def test_a_country_without_a_copy_is_searched_at_its_registry(
    site: Site, registries: StandIn
) -> None:
    found = await on_search(SearchRegistry(tenant="t1", q="kuusi", country="FI"), site)
    assert {hit.country for hit in found.items} == {"FI"}
    registries.control("POST", "faults", {"status": 503, "times": None})
    none = await on_search(SearchRegistry(tenant="t1", q="kuusi", country="FI"), site)
    assert none.items == ()


class Crm:
    """Companies of a tenant that questions are about."""

    def __init__(self, site: Site, tenant: str) -> None:
        self.site, self.tenant = site, tenant

    async def company(self, country: str, number: str) -> UUID:
        company_id = new_id()
        await self.site.pool.execute(
            "INSERT INTO crm_companies VALUES ($1, $2, $3, $4)",
            *(self.tenant, company_id, country, number),
        )
        await self.site.pool.execute(
            "INSERT INTO questions VALUES ($1, $2) ON CONFLICT DO NOTHING", country, number
        )
        return company_id

    async def due(self) -> None:
        await self.site.pool.execute("UPDATE questions SET due_at = now()")

    async def told(self, company_id: UUID) -> list[Any]:
        rows = await self.site.pool.fetch(
            "SELECT data::text AS data FROM events WHERE stream_id = $1 ORDER BY version",
            company_id,
        )
        return [codec.event_from(codec.parse(row["data"].encode())) for row in rows]


@pytest.fixture
def crm(site: Site, tenant: str) -> Crm:
    return Crm(site, tenant)


@pytest.fixture
def asking(site: Site, sources: Sequence[Source]) -> Asking:
    return Asking(site, sources, timedelta(days=7))


async def test_a_company_of_which_nothing_was_known_is_told_once_it_was_asked(
    crm: Crm, asking: Asking
) -> None:
    company = await crm.company("FI", FINNISH)
    assert await asking.ask_one()
    assert not await asking.ask_one()
    (event,) = await crm.told(company)
    assert isinstance(event, CompanyEnriched)
    assert event.registry == "prh"
    await crm.due()
    assert await asking.ask_one()
    assert len(await crm.told(company)) == 1


async def test_a_change_is_noticed_when_it_is_asked_again(
    crm: Crm, asking: Asking, registries: StandIn
) -> None:
    number = nth(foreign.FINNISH_WEIGHTS, 9_000_000, 5)
    company = await crm.company("FI", number)
    await asking.ask_one()
    situation = [{"type": "KONK", "registrationDate": "2026-11-20"}]
    registries.control("POST", f"documents/prh/{number}", {"set": {"companySituations": situation}})
    await crm.due()
    await asking.ask_one()
    _, changed = await crm.told(company)
    assert [each.kind for each in changed.facts.proceedings] == ["bankruptcy"]


async def test_a_swedish_company_new_to_us_is_told_without_news_of_its_workplaces(
    crm: Crm, asking: Asking
) -> None:
    one = [one for one in companies(SEED, "SE", SWEDISH) if one.units][7]
    company = await crm.company("SE", one.number)
    await asking.ask_one()
    assert [type(event) for event in await crm.told(company)] == [CompanyEnriched]


async def asked_while_blocks_are_missing(
    crm: Crm, asking: Asking, registries: StandIn, place: int
) -> RegistryEntry:
    """Ask about a company of our copy while its registry cannot say all; return what we have."""
    few = list(companies(SEED + 1, "SE", 40))
    one = [one for one in few if one.post_box and not one.deregistered_on][place]
    registries.control(
        "POST",
        f"documents/bolagsverket/{one.number}",
        {
            "set": {
                "number": one.number,
                "name": one.name,
                "form": one.form,
                "text": "x",
                "registered": str(one.registered_on),
                "ongoing": [],
                "gone": "",
                "address": {"street": "?", "postal_code": "11111", "city": "?"},
            }
        },
    )
    registries.control("POST", "faults", {"fail": "partial", "path": "organisationer"})
    await crm.company("SE", one.number)
    assert await asking.ask_one()
    async with crm.site.pool.acquire() as connection:
        entry = await look_up(connection, "SE", one.number)
    assert entry.facts
    assert entry.facts.details.description == "x"
    return entry


async def test_what_a_registry_cannot_say_today_stays_as_it_was(
    crm: Crm, asking: Asking, registries: StandIn
) -> None:
    entry = await asked_while_blocks_are_missing(crm, asking, registries, 0)
    assert entry.sources["addresses.POSTAL"].registry == "bolagsverket"


async def test_taken_at_its_word_it_would_hide_what_was_known(
    crm: Crm, asking: Asking, registries: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def at_its_word(*said: Any) -> Listing:
        listing: Listing = said[2]
        return listing

    monkeypatch.setattr(taking, "_completed", at_its_word)
    entry = await asked_while_blocks_are_missing(crm, asking, registries, 1)
    assert entry.sources["addresses.POSTAL"].registry != "bolagsverket"


async def test_a_number_that_no_registry_has_is_told(crm: Crm, asking: Asking) -> None:
    company = await crm.company("FI", "01120389")
    await asking.ask_one()
    (event,) = await crm.told(company)
    assert isinstance(event, CompanyNotInRegistry)


async def test_a_registry_that_is_away_is_asked_later_and_nothing_is_told(
    crm: Crm, asking: Asking, registries: StandIn
) -> None:
    number = nth(foreign.FINNISH_WEIGHTS, 9_000_000, 6)
    company = await crm.company("FI", number)
    registries.control("POST", "faults", {"status": 503, "times": None})
    assert await asking.ask_one()
    assert await crm.told(company) == []
    assert not await asking.ask_one()
    registries.control("DELETE", "faults")
    await crm.due()
    assert await asking.ask_one()
    assert len(await crm.told(company)) == 1


async def test_what_the_feed_keeps_current_is_not_asked_about(
    crm: Crm, asking: Asking, registries: StandIn
) -> None:
    own = next(companies(SEED + 1, "NO", 1))
    await crm.company("NO", own.number)
    assert await asking.ask_one()
    assert registries.control("GET", "calls") == []
    await crm.due()
    assert not await asking.ask_one()


@pytest.mark.parametrize("step", STEPS)
async def test_a_question_interrupted_at_any_step_is_answered_once(
    crm: Crm, asking: Asking, step: str
) -> None:
    number = nth(foreign.FINNISH_WEIGHTS, 9_000_000, 30 + STEPS.index(step))
    company = await crm.company("FI", number)
    arm(f"{step}:1:raise")
    with pytest.raises(Failure):
        await asking.ask_one()
    arm("")
    await crm.due()
    assert await asking.ask_one()
    assert len(await crm.told(company)) == 1
