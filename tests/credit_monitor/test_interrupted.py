"""Interrupted anywhere, done twice, or overtaken: the end is the same, nothing told twice."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest
from office import Office

import credit_monitor
from chassis.failpoints import arm
from contracts.companies.company import CompanyArchived
from credit_monitor import work
from credit_monitor.bureaus.connect import Connect
from credit_monitor.bureaus.port import Unavailable
from credit_monitor.leases import LeaseLost
from credit_monitor.settings import CreditSettings
from credit_monitor.watching.poller import Poller, poll_for_ever
from credit_monitor.working.desk import Desk
from credit_monitor.working.steps import take
from credit_monitor.working.worker import Worker
from standins.testing import StandIn

pytestmark = pytest.mark.servers

CHANGED = "credit-rating-changed"
JOURNEY = ["company-rated", "monitoring-started", CHANGED, "monitoring-stopped"]
SECONDS_MAX = 20.0
STEPS = sorted(
    match
    for file in Path(credit_monitor.__path__[0]).rglob("*.py")
    # Alerts and mails have tests of their own, which strike each of their steps.
    if file.parent.name not in {"alerts", "mail"}
    for match in re.findall(r'\breach\("([^"]+)"\)', file.read_text())
    if not match.startswith("credit-monitor.reconcile-")
)
"""Those of a reconciliation are struck in `test_reconciler.py`."""
QUICK_EACH = 6
"""Every sixth of them at once; the others take their time, in `make test-faults`."""


async def patiently(office: Office) -> None:
    """Work off and poll until all is done, whatever leases have to run out first."""
    for _ in range(6):
        await office.site.pool.execute(
            "UPDATE work SET leased_until = NULL,"
            " due_at = CASE WHEN after_poll IS NULL THEN now() ELSE due_at END"
        )
        await office.site.pool.execute("UPDATE accounts SET leased_until = NULL")
        await office.work_off()
        with contextlib.suppress(ConnectionError):
            await office.poll()


@pytest.mark.parametrize(
    "step",
    [
        pytest.param(step, marks=[] if n % QUICK_EACH == 0 else [pytest.mark.faults])
        for n, step in enumerate(STEPS)
    ],
)
async def test_interrupted_at_any_step_it_ends_the_same(
    office: Office, number: str, step: str
) -> None:
    if step == "credit-monitor.authenticated":
        office.bureau.control("POST", "faults", {"expire_tokens": True})
    arm(f"{step}:1:raise")
    company = await office.customer(number)
    await patiently(office)
    office.change(number, score=95, limit=3)
    await patiently(office)
    await office.hear(CompanyArchived(company_id=company))
    await patiently(office)
    assert await office.told(company) == JOURNEY
    assert office.members() == []
    paid_in_vain = step == "credit-monitor.report-fetched"
    assert office.sold(number) == 2 + paid_in_vain
    arm("")


async def test_a_paid_report_is_kept_and_not_bought_again(office: Office, number: str) -> None:
    arm("credit-monitor.report-kept:1:raise")
    await office.customer(number)
    await patiently(office)
    assert office.sold(number) == 1


async def test_whoever_lost_the_lease_writes_nothing(office: Office, number: str) -> None:
    company = await office.customer(number)
    (held,) = await work.lease(office.site.pool, 1)
    desk = Desk(office.site.pool, office.site.streams, office.account, held)
    await office.site.pool.execute("UPDATE work SET leased_until = NULL")
    (taken,) = await work.lease(office.site.pool, 1)
    assert taken.fence > held.fence
    with pytest.raises(LeaseLost):
        await take(desk)
    assert await office.told(company) == []
    await office.worker.do(taken)
    assert await office.told(company) == ["company-rated"]


async def test_without_the_fence_both_would_have_written(office: Office, number: str) -> None:
    company = await office.customer(number)
    (held,) = await work.lease(office.site.pool, 1)
    desk = Desk(office.site.pool, office.site.streams, office.account, held)
    await take(desk)
    assert await office.told(company) == ["company-rated"]


async def test_what_was_touched_meanwhile_is_looked_at_again(office: Office, number: str) -> None:
    company = await office.customer(number)
    (held,) = await work.lease(office.site.pool, 1)
    await office.hear(CompanyArchived(company_id=company))
    await office.worker.do(held)
    assert await office.told(company) == []
    await office.work_off()
    assert await office.told(company) == []


async def test_archived_while_it_is_put_into_the_portfolio_it_does_not_stay_there(
    office: Office, number: str
) -> None:
    company = await office.customer(number)
    arm("credit-monitor.portfolio-added:1:raise")
    await office.work_off()
    assert office.members() == [number]
    await office.hear(CompanyArchived(company_id=company))
    await patiently(office)
    assert await office.told(company) == ["company-rated"]
    assert office.members() == []


@pytest.mark.faults
async def test_several_workers_and_pollers_tell_everything_once(
    office: Office, numbers: Iterator[str]
) -> None:
    chosen = [next(numbers) for _ in range(12)]
    async with _running(office, replicas=3):
        companies = [await office.customer(number) for number in chosen]
        await _until(partial(_have_told, office, companies, 2))
        for number in chosen:
            office.change(number, score=95, limit=int(number))
        await _until(partial(_have_told, office, companies, 3))
        await _until(partial(_nothing_due, office))
    for company, number in zip(companies, chosen, strict=True):
        assert await office.told(company) == JOURNEY[:3]
        assert office.sold(number) == 2


@contextlib.asynccontextmanager
async def _running(office: Office, replicas: int) -> AsyncIterator[None]:
    """Run some workers and pollers, and the bus that brings us our own events."""
    settings = CreditSettings(credit_poll_seconds=0.1)
    loops = [_bus(office)]
    for _ in range(replicas):
        loops.append(Worker(office.site, office.accounts).run())
        loops.append(poll_for_ever(office.site, office.accounts, settings))
    tasks = [asyncio.create_task(loop) for loop in loops]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def _bus(office: Office) -> None:
    while True:
        await office.hear_ourselves()
        await asyncio.sleep(0.02)


async def _until(done: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(SECONDS_MAX):
        while not await done():  # noqa: ASYNC110 - the database rings no bell here
            await asyncio.sleep(0.05)


async def _have_told(office: Office, companies: list[UUID], events: int) -> bool:
    told = [len(await office.told(company)) for company in companies]
    return all(count >= events for count in told)


async def _nothing_due(office: Office) -> bool:
    left = await office.site.pool.fetchval("SELECT count(*) FROM work")
    return bool(left == 0)


async def test_two_pollers_never_read_at_the_same_time(office: Office) -> None:
    other = Poller(office.site.pool, office.account, office.settings)
    office.bureau.control("POST", "faults", {"slow_seconds": 0.3, "path": "notificationEvents"})
    await office.site.pool.execute("UPDATE accounts SET next_poll_at = now()")
    read = await asyncio.gather(office.poller.poll(), other.poll())
    assert sorted(read) == [False, True]


async def test_a_poller_that_was_overtaken_keeps_nothing(office: Office, number: str) -> None:
    await office.watched(number)
    office.change(number, score=95)
    office.bureau.control("POST", "faults", {"slow_seconds": 0.3, "path": "notificationEvents"})
    await office.site.pool.execute("UPDATE accounts SET next_poll_at = now()")
    reading = asyncio.create_task(office.poller.poll())
    await asyncio.sleep(0.1)
    await office.site.pool.execute("UPDATE accounts SET fence = fence + 1")
    assert not await reading
    kept = await office.site.pool.fetchval(
        "SELECT count(*) FROM notices WHERE tenant_id = $1", office.tenant
    )
    assert kept == 0


@pytest.mark.faults
async def test_a_bureau_that_is_down_is_waited_for(office: Office, number: str) -> None:
    office.bureau.control("POST", "faults", {"status": 503, "times": None})
    company = await office.customer(number)
    await office.work_off()
    assert await office.told(company) == []
    attempts = await office.site.pool.fetchval(
        "SELECT attempts FROM work WHERE tenant_id = $1", office.tenant
    )
    assert attempts == 1
    assert not await office.poll()
    office.bureau.control("DELETE", "faults")
    await patiently(office)
    assert await office.told(company) == JOURNEY[:2]


@pytest.mark.faults
async def test_a_killed_bureau_has_forgotten_nothing_and_nor_have_we(
    office: Office, bureau: StandIn, number: str
) -> None:
    company = await office.watched(number)
    office.change(number, score=95)
    bureau.kill()
    with pytest.raises(Unavailable):
        await office.creditsafe.find("SE", number)
    bureau.start()
    await patiently(office)
    assert await office.told(company) == JOURNEY[:3]


async def test_a_portfolio_that_was_deleted_is_made_anew(
    office: Office, connect: Connect, numbers: Iterator[str]
) -> None:
    first, second = next(numbers), next(numbers)
    await office.watched(first)
    (made,) = [
        row["id"]
        for row in office.bureau.control("GET", "ledger")["portfolios"]
        if row["name"] == f"kundvakt-{office.tenant}"
    ]
    await connect.call("test", "DELETE", f"monitoring/portfolios/{made}")
    company = await office.customer(second)
    await patiently(office)
    assert await office.told(company) == JOURNEY[:2]
    assert office.members() == [second]
