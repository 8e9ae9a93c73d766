"""A bureau without an interface: what a tenant reports rates and watches its companies."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import pytest
from office import Office
from test_choosing import ask

from chassis.edge import new_id, now
from chassis.failpoints import arm
from chassis.site import Site
from chassis.tenancy import tenant_transaction
from contracts.credit_bureaus import GRADES, ReportedRating, ReportRatings
from contracts.message import Answer
from contracts.values import Band, Money
from credit_monitor.bureaus.port import NotRated, Rated, Reading, Subject, Unknown
from credit_monitor.bureaus.reported import BANDS, Reported
from credit_monitor.choosing import choices
from credit_monitor.choosing.wire import reported
from standins.testing import StandIn

pytestmark = pytest.mark.servers

RATED = ["company-rated", "monitoring-started"]
CHANGED = "credit-rating-changed"


def row(number: str, grade: str | None, score: str | None = None, limit: int = 0) -> ReportedRating:
    return ReportedRating(
        country="SE",
        number=number,
        grade=grade,
        score=score,
        limit=Money(amount=limit, currency="SEK"),
        rated_on=date(2026, 11, 20),
    )


def wish(tenant: str, *rows: ReportedRating, scale: Any = "1-5") -> ReportRatings:
    return ReportRatings(
        command_id=new_id(),
        tenant=tenant,
        by="user:test",
        at=now(),
        correlation=new_id(),
        scale=scale,
        rows=rows,
    )


async def report(office: Office, *rows: ReportedRating) -> Answer:
    answer = await reported(wish(office.tenant, *rows), office.site)
    await office.work_off()
    return answer


@pytest.fixture
async def office(site: Site, bureau: StandIn, tenant: str) -> AsyncIterator[Office]:
    """Return a tenant that has chosen to report."""
    last = await site.pool.fetchval("SELECT coalesce(max(position), 0) FROM events")
    await ask(site, tenant, "csv")
    adapter = Reported(site.pool, tenant)
    yield Office(site, adapter, bureau, tenant, key=f"csv/{tenant}", heard=last)
    arm("")


@pytest.fixture
def adapter(office: Office) -> Reported:
    return Reported(office.site.pool, office.tenant)


def test_every_grade_of_every_scale_has_a_band() -> None:
    assert {scale: set(bands) for scale, bands in BANDS.items()} == {
        scale: set(grades) for scale, grades in GRADES.items()
    }


async def test_what_is_reported_is_what_is_found(
    office: Office, adapter: Reported, number: str
) -> None:
    assert await adapter.find("SE", number) is None
    assert await adapter.report(Subject("SE", number, f"SE{number}"), "test") == Unknown()
    await report(office, row(number, "4", "61", 450_000))
    reference = await adapter.find("SE", number)
    assert reference
    found = await adapter.report(Subject("SE", number, reference), "test")
    assert isinstance(found, Rated)
    assert (found.rating.band, found.rating.grade, found.rating.score) == (Band.B, "4", "61")
    assert found.rating.limit == Money(amount=450_000, currency="SEK")
    assert (await adapter.notices(Reading(None))).notices == ()
    await report(office, row(number, None))
    assert isinstance(await adapter.report(Subject("SE", number, reference), "test"), NotRated)


async def test_who_is_reported_is_rated_and_watched(office: Office, number: str) -> None:
    company = await office.customer(number)
    await office.work_off()
    assert (await office.told(company))[0] == "credit-check-failed"
    await report(office, row(number, "4", "61"))
    assert (await office.told(company))[-2:] == RATED
    assert (await office.events(company))[-2]["rating"]["bureau"] == "csv"


async def test_each_report_that_says_otherwise_is_a_change_however_fast_they_come(
    office: Office, number: str
) -> None:
    await report(office, row(number, "4", "61"))
    company = await office.watched(number)
    for score in ("5", "61", "7"):
        await reported(wish(office.tenant, row(number, "1", score)), office.site)
    await office.work_off()
    await office.poll()
    assert await office.scores(company) == ["61", "5", "61", "7"]


async def test_the_same_report_again_says_nothing_new(office: Office, number: str) -> None:
    await report(office, row(number, "4", "61"))
    company = await office.watched(number)
    command = wish(office.tenant, row(number, "1", "5"))
    answer = await reported(command, office.site)
    assert await reported(command, office.site) == answer
    await reported(wish(office.tenant, row(number, "1", "5")), office.site)
    await office.work_off()
    assert (await office.told(company)).count(CHANGED) == 1
    events = await office.site.pool.fetch(
        "SELECT type FROM events WHERE tenant_id = $1 AND category = 'credit-bureau'", office.tenant
    )
    assert [event["type"] for event in events].count("ratings-reported.v1") == 2


async def test_what_is_reported_before_it_is_chosen_waits_for_the_choice(
    site: Site, bureau: StandIn, tenant: str, number: str
) -> None:
    await reported(wish(tenant, row(number, "5", "99")), site)
    last = await site.pool.fetchval("SELECT coalesce(max(position), 0) FROM events")
    await ask(site, tenant, "csv")
    adapter = Reported(site.pool, tenant)
    office = Office(site, adapter, bureau, tenant, key=f"csv/{tenant}", heard=last)
    company = await office.customer(number)
    while await choices.spread(site.pool):
        pass
    await office.work_off()
    assert await office.told(company) == RATED


async def test_no_tenant_sees_what_another_reported(office: Office, number: str) -> None:
    await report(office, row(number, "4", "61"))
    stranger = Reported(office.site.pool, "somebody-else")
    assert await stranger.find("SE", number) is None
    async with tenant_transaction(office.site.pool, "somebody-else") as connection:
        assert not await connection.fetchval("SELECT count(*) FROM reported_ratings")


async def test_a_portfolio_of_reported_companies_reconciles_with_itself(
    office: Office, number: str
) -> None:
    await report(office, row(number, "4", "61"))
    company = await office.watched(number)
    await office.reconcile()
    await office.work_off()
    assert await office.told(company) == RATED
