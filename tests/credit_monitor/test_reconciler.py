"""A portfolio reconciled on real servers: mended, told, once a night, by one at a time."""

import asyncio
import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

import pytest
from office import Office
from prometheus_client import REGISTRY

from chassis.edge import new_id, now
from chassis.failpoints import Failure, arm
from credit_monitor.leases import LeaseLost
from credit_monitor.reconciling import reconciler, reconciliations
from credit_monitor.reconciling.reconcile import night_of
from credit_monitor.reconciling.reconciler import Reconciler, reconcile_for_ever
from credit_monitor.watching import listings

pytestmark = pytest.mark.servers

CHANGED = "credit-rating-changed"
LONG = partial(pytest.param, marks=pytest.mark.faults)
STEPS = ("put-back", "done", *map(LONG, ("leased", "listed", "removed", "looked-at")))


async def portfolio(office: Office) -> str:
    return await listings.portfolio_of(office.site.pool, office.account, office.tenant)


async def reference(office: Office, number: str) -> str:
    found = await office.creditsafe.find("SE", number)
    assert found
    return found


async def row(office: Office) -> dict[str, object]:
    found = await office.site.pool.fetchrow(
        "SELECT * FROM reconciliations WHERE tenant_id = $1", office.tenant
    )
    assert found
    return dict(found)


async def counts(office: Office) -> dict[str, object]:
    kept = await row(office)
    kinds = ("missing", "leftover", "strangers", "moved", "undecided")
    return {kind: kept[kind] for kind in kinds if kept[kind]}


async def test_who_was_taken_out_behind_our_back_is_put_back(office: Office, number: str) -> None:
    company = await office.watched(number)
    await office.creditsafe.unwatch(await portfolio(office), await reference(office, number))
    await office.reconcile()
    assert await counts(office) == {"missing": 1}
    assert office.members() == [number]
    assert await office.told(company) == ["company-rated", "monitoring-started"]


async def test_who_is_left_over_is_taken_out_and_whom_others_put_there_stays(
    office: Office, numbers: Iterator[str]
) -> None:
    mine, left, theirs = (next(numbers) for _ in range(3))
    await office.watched(mine)
    where = await portfolio(office)
    await office.creditsafe.watch(
        where, await reference(office, left), f"{office.tenant}:{new_id()}"
    )
    await office.creditsafe.watch(where, await reference(office, theirs), "our own list, no. 17")
    await office.reconcile()
    assert await counts(office) == {"leftover": 1, "strangers": 1}
    assert sorted(office.members()) == sorted([mine, theirs])
    await office.reconcile()
    assert await counts(office) == {"strangers": 1}


async def test_a_change_nobody_told_of_is_found_as_the_net_change(
    office: Office, number: str
) -> None:
    company = await office.watched(number)
    (first,) = await office.scores(company)
    office.bureau.control("POST", "faults", {"forget": 2})
    office.change(number, score=80)
    office.change(number, score=95)
    await office.poll()
    assert await office.scores(company) == [first]
    await office.reconcile()
    assert await counts(office) == {"moved": 1}
    await office.poll()
    assert await office.scores(company) == [first, "95"]
    await office.reconcile()
    assert await counts(office) == {}


async def test_not_reconciled_it_would_never_be_known(office: Office, number: str) -> None:
    company = await office.watched(number)
    office.bureau.control("POST", "faults", {"forget": 1})
    office.change(number, score=95)
    for _ in range(5):
        await office.poll()
    assert len(await office.scores(company)) == 1


async def test_what_is_told_late_and_found_before_is_told_once(office: Office, number: str) -> None:
    company = await office.watched(number)
    office.bureau.control("POST", "faults", {"hide_seconds": 3600})
    office.change(number, score=95)
    office.bureau.control("POST", "faults", {"hide_seconds": 0})
    await office.reconcile()
    await office.poll()
    office.bureau.control("POST", "faults", {"reorder": True, "repeat": 1})
    await office.poll()
    assert (await office.told(company)).count(CHANGED) == 1


async def test_who_is_perhaps_listed_is_decided(office: Office, number: str) -> None:
    await office.watched(number)
    await office.site.pool.execute(
        "UPDATE listings SET state = 'maybe' WHERE tenant_id = $1", office.tenant
    )
    await office.reconcile()
    assert await counts(office) == {"undecided": 1}
    states = await office.site.pool.fetch(
        "SELECT state FROM listings WHERE tenant_id = $1", office.tenant
    )
    assert [one["state"] for one in states] == ["yes"]


async def test_a_portfolio_the_bureau_no_longer_has_is_opened_again_with_everybody_in_it(
    office: Office, numbers: Iterator[str]
) -> None:
    some = [next(numbers) for _ in range(3)]
    for number in some:
        await office.watched(number)
    await office.creditsafe._connect.call(  # noqa: SLF001 - what no port of ours offers
        "portfolio-delete", "DELETE", f"monitoring/portfolios/{await portfolio(office)}"
    )
    await office.reconcile()
    await office.work_off()
    assert sorted(office.members()) == some


@pytest.mark.parametrize("step", STEPS)
async def test_interrupted_at_any_step_it_ends_the_same(
    office: Office, numbers: Iterator[str], step: str
) -> None:
    gone, moved, left = (next(numbers) for _ in range(3))
    companies = [await office.watched(gone), await office.watched(moved)]
    where = await portfolio(office)
    await office.creditsafe.unwatch(where, await reference(office, gone))
    await office.creditsafe.watch(
        where, await reference(office, left), f"{office.tenant}:{new_id()}"
    )
    office.bureau.control("POST", "faults", {"forget": 1})
    office.change(moved, score=95)
    arm(f"credit-monitor.reconcile-{step}:1:raise")
    with contextlib.suppress(Failure, AssertionError):
        await office.reconcile()
    arm("")
    await office.reconcile()
    await office.poll()
    assert sorted(office.members()) == sorted([gone, moved])
    assert [len(await office.scores(company)) for company in companies] == [1, 2]


async def test_each_night_is_reconciled_once_however_many_look(
    office: Office, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await office.watched(number)
    await reconciliations.open_all(office.site.pool, "creditsafe", now())
    await office.site.pool.execute(
        "UPDATE reconciliations SET slot = '2099-01-01' WHERE tenant_id <> $1", office.tenant
    )
    others = [Reconciler(office.site, office.account) for _ in range(3)]
    done = 0
    moment = datetime(2039, 2, 27, 12, tzinfo=UTC)  # nobody else's nights
    for hour in range(0, 96, 3):
        jump = timedelta(hours=hour % 2 * 2 - 1)
        monkeypatch.setattr(reconciler, "now", lambda at=moment + timedelta(hours=hour) + jump: at)
        await office.site.pool.execute("UPDATE reconciliations SET next_at = now()")
        mine = "SELECT fence FROM reconciliations WHERE tenant_id = $1"
        before = await office.site.pool.fetchval(mine, office.tenant)
        await asyncio.gather(*(one.turn() for one in others))
        done += await office.site.pool.fetchval(mine, office.tenant) - before
    last = await office.site.pool.fetchval(
        "SELECT slot FROM reconciliations WHERE tenant_id = $1", office.tenant
    )
    assert last == night_of(moment + timedelta(hours=93), office.tenant, "creditsafe")
    assert done == (last - datetime(2039, 2, 27, tzinfo=UTC).date()).days + 1


async def test_whoever_was_overtaken_takes_nobody_out(office: Office, number: str) -> None:
    company = await office.watched(number)
    pool, where = office.site.pool, await portfolio(office)
    await reconciliations.open_all(pool, "creditsafe", now())
    await pool.execute(
        "UPDATE reconciliations SET asked_at = now() WHERE tenant_id = $1", office.tenant
    )
    held = await reconciliations.lease(pool, "creditsafe", now())
    assert held
    await pool.execute("UPDATE reconciliations SET leased_until = NULL")
    taken = await reconciliations.lease(pool, "creditsafe", now())
    assert taken
    await pool.execute("DELETE FROM listings WHERE company_id = $1", company)
    overtaken, named = office.reconciler, await reference(office, number)
    with pytest.raises(LeaseLost):
        await overtaken._take_out(held, where, named)  # noqa: SLF001 - the step that must not be
    assert office.members() == [number]
    await overtaken._take_out(taken, where, named)  # noqa: SLF001 - with the fence it may
    assert office.members() == []


async def test_whoever_is_listed_meanwhile_is_not_taken_out(office: Office, number: str) -> None:
    await office.watched(number)
    pool, where = office.site.pool, await portfolio(office)
    await reconciliations.open_all(pool, "creditsafe", now())
    await pool.execute(
        "UPDATE reconciliations SET asked_at = now() WHERE tenant_id = $1", office.tenant
    )
    held = await reconciliations.lease(pool, "creditsafe", now())
    assert held
    await office.reconciler._take_out(held, where, await reference(office, number))  # noqa: SLF001 - as if it had been left over when the list was read
    await office.work_off()
    assert office.members() == [number]


async def test_a_bureau_that_is_away_is_asked_again_later(office: Office, number: str) -> None:
    await office.watched(number)
    office.bureau.control("POST", "faults", {"path": "companies", "times": None, "status": 500})
    await office.reconcile()
    kept = await row(office)
    assert kept["failures"] == 1
    assert "500" in str(kept["trouble"])
    assert kept["asked_at"] is not None
    office.bureau.control("DELETE", "faults")
    await office.reconcile()
    assert (await row(office))["failures"] == 0


@pytest.mark.parametrize("fail", ["garbage", "truncate", "disconnect"])
async def test_nonsense_in_the_list_takes_nobody_out_and_puts_nobody_back(
    office: Office, number: str, fail: str
) -> None:
    await office.watched(number)
    office.bureau.control("POST", "faults", {"path": "companies", "times": None, "fail": fail})
    await office.reconcile()
    assert (await row(office))["done_at"] is None
    office.bureau.control("DELETE", "faults")
    assert office.members() == [number]


async def test_what_differed_is_told_to_operators(office: Office, number: str) -> None:
    await office.watched(number)

    def drifted() -> float:
        named = {"bureau": "creditsafe", "kind": "missing"}
        return REGISTRY.get_sample_value("kundvakt_credit_drift_total", named) or 0.0

    before = drifted()
    await office.creditsafe.unwatch(await portfolio(office), await reference(office, number))
    await office.reconcile()
    assert drifted() - before == 1


async def test_it_goes_on_by_itself(office: Office, number: str) -> None:
    await office.watched(number)
    await reconciliations.open_all(office.site.pool, "creditsafe", now())
    await office.site.pool.execute(
        "UPDATE reconciliations SET slot = slot - 3 WHERE tenant_id = $1", office.tenant
    )
    loop = asyncio.create_task(reconcile_for_ever(office.site, office.accounts))
    try:
        async with asyncio.timeout(30):
            while (await row(office))["done_at"] is None:  # noqa: ASYNC110 - another loop writes it
                await asyncio.sleep(0.05)
    finally:
        loop.cancel()
        await asyncio.gather(loop, return_exceptions=True)
    kept = await row(office)
    assert isinstance(kept["members"], int)
    assert kept["slot"] == night_of(now(), office.tenant, "creditsafe")


async def test_a_thousand_and_more_are_read_page_by_page(office: Office) -> None:
    subjects = [UUID(int=n) for n in range(1, reconciliations.PAGE + 12)]
    async with office.site.pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT set_config('app.tenant', $1, true)", office.tenant)
        await connection.executemany(
            "INSERT INTO subjects (tenant_id, company_id, rated_key) VALUES ($1, $2, 'SE1')",
            [(office.tenant, company) for company in subjects],
        )
    found = await reconciliations.expected(office.site.pool, office.tenant, "1")
    assert sorted(found) == subjects
