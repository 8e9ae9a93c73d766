"""TIC alone: near misses, scores that are none, pushes that are hints, and what they lost."""

from collections.abc import AsyncIterator, Iterator

import pytest
from office import Office
from test_choosing import ask

from chassis.edge import new_id
from chassis.site import Site
from contracts.credit_bureaus import HintFromBureau
from contracts.values import Band
from credit_monitor.bureaus.port import NotRated, Reading, Subject
from credit_monitor.bureaus.tic import Tic
from credit_monitor.bureaus.tic_wire import Hits, Score
from credit_monitor.choosing.wire import on_hint
from credit_monitor.reaching import hooks
from standins.testing import StandIn

CHANGED = "credit-rating-changed"


BANDS = {
    **dict.fromkeys((100, 80), Band.A),
    **dict.fromkeys((79, 60), Band.B),
    **dict.fromkeys((59, 30), Band.C),
    **dict.fromkeys((29, 1), Band.D),
    **dict.fromkeys((0, None), Band.NOT_RATED),
}


@pytest.mark.parametrize(("score", "band"), BANDS.items())
def test_bands_are_looked_up_in_one_table(score: int | None, band: Band) -> None:
    assert Score(creditScore=score).part()["band"] is band


def test_a_near_miss_that_comes_first_is_passed_over() -> None:
    hits = [
        {"document": {"companyId": 1, "registrationNumber": "5560360794"}},
        {"document": {"companyId": 2, "registrationNumber": "5560360793"}},
    ]
    assert Hits.model_validate({"hits": hits}).id_of("5560360793") == "2"
    assert Hits.model_validate({"hits": hits[:1]}).id_of("5560360793") is None


async def test_without_a_subscription_nothing_would_be_recorded(
    tic: Tic, tic_bureau: StandIn, number: str
) -> None:
    bare = await tic._post("watchlists", {"name": f"kundvakt-{new_id()}"})  # noqa: SLF001 - a bare one
    reference = await tic.find("SE", number)
    assert reference
    await tic.watch(bare["watchListId"], reference, "acme:1")
    tic_bureau.control("POST", f"companies/SE/{number}", {"score": 95})
    tic_bureau.control("POST", f"companies/SE/{number}", {"score": 5})
    assert (await tic.notices(Reading(None, [bare["watchListId"]]))).notices == []


async def test_a_form_that_is_not_scored_is_not_rated(
    tic: Tic, tic_bureau: StandIn, number: str
) -> None:
    reference = await tic.find("SE", number)
    assert reference
    tic_bureau.control("POST", "faults", {"status": 422, "path": "credit-score"})
    assert isinstance(await tic.report(Subject("SE", number, reference), "test"), NotRated)


@pytest.fixture
async def office(site: Site, tic: Tic, tic_bureau: StandIn, tenant: str) -> AsyncIterator[Office]:
    """Return a tenant that has chosen TIC."""
    last = await site.pool.fetchval("SELECT coalesce(max(position), 0) FROM events")
    await ask(site, tenant, "tic", {"key": "demo"})
    return Office(site, tic, tic_bureau, tenant, key=f"tic/{tenant}", heard=last)


@pytest.mark.servers
async def test_a_hint_leads_to_the_score_and_a_change_of_it_alone_is_told(
    office: Office, numbers: Iterator[str]
) -> None:
    number = next(numbers)
    office.bureau.control("POST", f"companies/SE/{number}", {"score": 50})
    company = await office.watched(number)
    for score in (95, 95, 12):
        office.change(number, score=score)
        await office.poll()
    assert await office.scores(company) == ["50", "95", "12"]
    assert (await office.told(company)).count(CHANGED) == 2


@pytest.mark.servers
async def test_hints_that_come_late_twice_and_out_of_order_are_one_change_each(
    office: Office, number: str
) -> None:
    office.bureau.control("POST", f"companies/SE/{number}", {"score": 50})
    company = await office.watched(number)
    office.bureau.control("POST", "faults", {"repeat": 2, "reissue": 1, "reorder": True})
    office.change(number, score=95)
    for _ in range(3):
        await office.poll()
    assert await office.scores(company) == ["50", "95"]


@pytest.mark.servers
async def test_only_who_has_the_secret_has_the_account_read_soon(site: Site, tenant: str) -> None:
    await ask(site, tenant, "tic", {"key": "demo"})
    later = "UPDATE accounts SET next_poll_at = now() + interval '1 h' WHERE account = $1"
    soon = "SELECT next_poll_at < now() + interval '2 s' FROM accounts WHERE account = $1"
    await site.pool.execute(later, f"tic/{tenant}")
    await on_hint(HintFromBureau(tenant=tenant, bureau="tic", token="0" * 64), site)
    assert not await site.pool.fetchval(soon, f"tic/{tenant}")
    token = await hooks.token_of(site.keys, tenant, "tic")
    await on_hint(HintFromBureau(tenant=f"{tenant[:-1]}z", bureau="tic", token=token), site)
    await on_hint(HintFromBureau(tenant=tenant, bureau="dnb", token=token), site)
    assert not await site.pool.fetchval(soon, f"tic/{tenant}")
    await on_hint(HintFromBureau(tenant=tenant, bureau="tic", token=token), site)
    assert await site.pool.fetchval(soon, f"tic/{tenant}")


@pytest.mark.servers
async def test_an_address_is_its_tenants_own_and_none_without_a_public_one(
    site: Site, tenant: str
) -> None:
    async def address(url: str, portfolio: str) -> str | None:
        return await hooks.address_of(site.keys, url, "tic", portfolio)

    mine = await address("https://crm.example/", f"kundvakt-{tenant}")
    assert mine
    assert mine.startswith(f"https://crm.example/api/v1/bureaus/tic/hooks/{tenant}.")
    theirs = await address("https://crm.example", f"kundvakt-{tenant[:-1]}z")
    assert theirs
    assert mine.rpartition(".")[2] != theirs.rpartition(".")[2]
    assert await address("", f"kundvakt-{tenant}") is None
