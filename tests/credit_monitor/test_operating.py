"""What operators see of bureaus, and do about them."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import pytest
from office import Office
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from chassis.edge import now
from chassis.tenancy import tenant_transaction
from contracts.values import Band
from credit_monitor import work
from credit_monitor.bureaus.account import SHARED_DEFAULT
from credit_monitor.operators import operating, overview
from credit_monitor.reconciling import reconciliations
from credit_monitor.watching import poller

pytestmark = pytest.mark.servers


@pytest.fixture(autouse=True)
async def unpaused(office: Office) -> AsyncIterator[None]:
    """Leave no pause behind: all tests of one worker share its database."""
    yield
    await office.site.pool.execute("DELETE FROM pauses")


async def line(office: Office) -> dict[str, object]:
    (found,) = [
        dict(one)
        for one in await overview.tenants(office.site.pool)
        if one["tenant_id"] == office.tenant
    ]
    return found


@pytest.mark.parametrize("whose", ["everybody", "this tenant"])
async def test_nothing_is_asked_of_a_paused_bureau_and_what_waits_is_done_afterwards(
    office: Office, number: str, whose: str
) -> None:
    tenant = "" if whose == "everybody" else office.tenant
    async with office.site.pool.acquire() as connection:
        await operating.pause(connection, "creditsafe", tenant)
        company = await office.customer(number)
        await office.work_off()
        assert await office.told(company) == []
        assert await operating.resume(connection, "creditsafe", tenant)
        assert not await operating.resume(connection, "creditsafe", tenant)
    await office.work_off()
    assert await office.told(company) == ["company-rated", "monitoring-started"]


async def test_another_tenants_pause_and_another_bureaus_stop_nobody(
    office: Office, number: str
) -> None:
    async with office.site.pool.acquire() as connection:
        await operating.pause(connection, "creditsafe", "somebody-else")
        await operating.pause(connection, "dnb", "")
    await office.customer(number)
    assert len(await work.lease(office.site.pool, 1)) == 1


async def test_a_paused_bureau_is_neither_read_nor_reconciled(office: Office, number: str) -> None:
    await office.watched(number)
    pool = office.site.pool
    async with pool.acquire() as connection:
        await operating.ask_to_reconcile(connection, office.tenant, "", now())
        await pool.execute("UPDATE accounts SET next_poll_at = now(), leased_until = NULL")
        assert await pool.fetch(poller.DUE, SHARED_DEFAULT)
        await operating.pause(connection, "creditsafe", "")
    # Accounts that other tests have left are not paused.
    due = {row["account"] for row in await pool.fetch(poller.DUE, SHARED_DEFAULT)}
    assert office.key not in due
    assert await reconciliations.lease(pool, office.key, now()) is None


async def test_what_was_told_before_our_time_is_read_again_and_told_once(
    office: Office, number: str
) -> None:
    company = await office.watched(number)
    office.change(number, score=95)
    await office.poll()
    told = await office.told(company)
    pool = office.site.pool
    since = await pool.fetchval(
        "SELECT cursor - interval '3 days' FROM accounts WHERE account = $1", office.key
    )
    async with pool.acquire() as connection:
        assert await operating.replay(connection, "creditsafe", office.tenant, since) == 1
    cursor = await pool.fetchval("SELECT cursor FROM accounts WHERE account = $1", office.key)
    assert cursor == since
    await office.poll()
    assert await office.told(company) == told
    cursor = await pool.fetchval("SELECT cursor FROM accounts WHERE account = $1", office.key)
    assert cursor > since + timedelta(days=2)


async def test_a_set_to_be_rated_anew_has_a_price_before_it_is_bought(
    office: Office, numbers: Iterator[str]
) -> None:
    first, second = [await office.watched(next(numbers)) for _ in range(2)]
    async with tenant_transaction(office.site.pool, office.tenant) as connection:
        everybody, price = await operating.to_rate(connection, office.tenant, None, None)
        assert sorted(everybody) == sorted([first, second])
        assert "has not said what one costs" in price
        assert await operating.to_rate(connection, office.tenant, [first], None) == (
            [first],
            price,
        )
        bands = [
            (await operating.to_rate(connection, office.tenant, None, band))[0] for band in Band
        ]
        assert sum(map(len, bands)) == 2
        await connection.execute(
            "INSERT INTO credit_policies VALUES ($1, $2)",
            office.tenant,
            '{"prices": {"creditsafe": {"amount": "12.50", "currency": "SEK"}}}',
        )
        _, price = await operating.to_rate(connection, office.tenant, None, None)
    assert price == "25.00 SEK at creditsafe"


async def test_how_it_stands_is_shown(office: Office, number: str) -> None:
    await office.watched(number)
    assert (await line(office))["done_at"] is None
    await office.reconcile()
    found = await line(office)
    assert (found["watched"], found["members"], found["reports"]) == (1, 1, 1)
    said: list[str] = []
    operating.show(
        {
            "accounts": await overview.accounts(office.site.pool),
            "tenants": [found],
            "calls": {"creditsafe report": {"calls": 4, "failed": 1, "seconds": 2}},
        },
        said.append,
    )
    assert said[0].startswith("creditsafe: open, read ")
    assert said[-2] == f"  {office.tenant}: 1 watched, no difference, 1 reports in 30 days"
    assert said[-1] == "  creditsafe report: 4 calls, 1 failed, 0.500 s each"


async def test_prometheus_is_told_how_old_a_reading_is_and_where_portfolios_differ(
    office: Office, number: str
) -> None:
    await office.watched(number)
    await office.reconcile()
    await overview.measure(office.site.pool)
    named = {"account": office.key}
    assert REGISTRY.get_sample_value("kundvakt_credit_cursor_age_seconds", named) is not None
    assert REGISTRY.get_sample_value("kundvakt_credit_paused", named) == 0
    drifted = {"bureau": "creditsafe", "kind": "missing"}
    assert REGISTRY.get_sample_value("kundvakt_credit_portfolio_drift", drifted) is not None


def test_calls_are_counted_by_bureau_and_call() -> None:
    text = (
        "# TYPE kundvakt_bureau_call_seconds histogram\n"
        'kundvakt_bureau_call_seconds_count{bureau="dnb",call="report",outcome="200"} 3\n'
        'kundvakt_bureau_call_seconds_count{bureau="dnb",call="report",outcome="failed"} 1\n'
        'kundvakt_bureau_call_seconds_sum{bureau="dnb",call="report",outcome="200"} 2\n'
    )
    counted = operating.calls_of(text_string_to_metric_families(text))
    assert counted == {"dnb report": {"calls": 4, "failed": 1, "seconds": 2}}
