"""One contract for two sets of tables: those that simulations use, and those of Postgres."""

from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from office import Office

from chassis.edge import new_id, now
from credit_monitor import work
from credit_monitor.leases import LeaseLost
from credit_monitor.reconciling import reconciliations
from credit_monitor.reconciling.reconcile import Drift, night_of
from credit_monitor.watching import listings
from credit_monitor.watching.listings import Listing
from support.simulation import office as in_memory
from support.simulation import work as memory_work
from support.simulation.known import LISTINGS
from support.simulation.reconciled import RECONCILIATIONS

pytestmark = pytest.mark.servers

COMPANY = UUID(int=7)
PORTFOLIO = Listing("p-1", "SE-7", "yes")


class Tables:
    """What both offer, whatever they are kept in."""

    def __init__(self, pool: Any, tenant: str, modules: tuple[Any, Any, Any]) -> None:
        self.pool, self.tenant = pool, tenant
        self.work, self.listings, self.nights = modules

    async def row(self) -> tuple[bool, bool]:
        """Return whether the company is to be looked at, and whether what differs was seen."""
        if isinstance(self.pool, in_memory.Office):
            row = self.pool.work[self.tenant, COMPANY]
            return row.look, row.unexplained
        found = await self.pool.fetchrow(
            "SELECT look, unexplained FROM work WHERE tenant_id = $1", self.tenant
        )
        return found["look"], found["unexplained"]

    async def lease(self) -> Any:
        """Take the company in hand, if it is due."""
        if isinstance(self.pool, in_memory.Office):
            return memory_work.lease(self.pool)
        return next(iter(await work.lease(self.pool, 1)), None)

    async def open_portfolio(self) -> None:
        """Have a portfolio at the account that everybody shares."""
        if isinstance(self.pool, in_memory.Office):
            self.pool.portfolios[self.tenant] = "p-1"
            return
        await self.pool.execute(
            "INSERT INTO portfolios (tenant_id, account, portfolio) VALUES ($1, 'creditsafe', 'p')",
            self.tenant,
        )

    async def run_out(self) -> None:
        """Let every lease run out."""
        if isinstance(self.pool, in_memory.Office):
            for row in (*self.pool.work.values(), *self.pool.nights.values()):
                row.leased_until = None
            return
        await self.pool.execute("UPDATE work SET leased_until = NULL")
        await self.pool.execute("UPDATE reconciliations SET leased_until = NULL")


@pytest.fixture(params=["in memory", "in Postgres"])
async def tables(request: pytest.FixtureRequest, office: Office) -> AsyncIterator[Tables]:
    if request.param == "in memory":
        clock = SimpleNamespace(now=now())
        account = in_memory.Account(clock.now)
        memory = in_memory.Office(clock, frozenset(), None, account)
        yield Tables(memory, office.tenant, (memory_work.WORK, LISTINGS, RECONCILIATIONS))
    else:
        yield Tables(office.site.pool, office.tenant, (work, listings, reconciliations))


async def touched(tables: Tables, *, look: bool) -> None:
    await tables.work.touch_all(tables.pool, tables.tenant, [COMPANY], new_id(), look=look)


async def test_who_is_touched_is_due_and_looked_at_only_if_asked(tables: Tables) -> None:
    await touched(tables, look=False)
    assert await tables.row() == (False, False)
    await touched(tables, look=True)
    assert await tables.row() == (True, False)
    await touched(tables, look=False)
    assert await tables.row() == (True, False)
    held = await tables.lease()
    assert (held.look, held.company_id, held.seen) == (True, COMPANY, None)
    assert await tables.lease() is None


async def test_who_waits_for_a_poll_is_not_looked_at_before_it(tables: Tables) -> None:
    await touched(tables, look=True)
    held = await tables.lease()
    async with tables.work.holding(tables.pool, held) as (connection, touched_meanwhile):
        assert not touched_meanwhile
        await tables.work.wait_for_poll(connection, held, unexplained=True, seen={"score": "60"})
    await touched(tables, look=True)
    assert await tables.row() == (False, True)
    held = await tables.lease()
    assert (held.look, held.unexplained, held.seen) == (False, True, {"score": "60"})


async def test_who_was_overtaken_holds_no_work(tables: Tables) -> None:
    await touched(tables, look=False)
    held = await tables.lease()
    await tables.run_out()
    taken = await tables.lease()
    assert taken.fence > held.fence
    with pytest.raises(LeaseLost):
        async with tables.work.holding(tables.pool, held):
            raise AssertionError
    async with tables.work.holding(tables.pool, taken) as (connection, _):
        await tables.work.drop(connection, taken)
    assert await tables.lease() is None


async def test_a_place_is_kept_doubted_and_forgotten(tables: Tables) -> None:
    async def found() -> Listing | None:
        place: Listing | None = await tables.listings.find(tables.pool, tables.tenant, COMPANY)
        return place

    await tables.listings.put(tables.pool, tables.tenant, COMPANY, PORTFOLIO)
    assert await found() == PORTFOLIO
    elsewhere = Listing("p-2", "SE-7", "yes")
    assert await tables.listings.doubt(tables.pool, tables.tenant, elsewhere) == []
    assert await tables.listings.doubt(tables.pool, tables.tenant, PORTFOLIO) == [COMPANY]
    doubted = await found()
    assert doubted
    assert doubted.state == "maybe"
    await tables.listings.put(tables.pool, tables.tenant, COMPANY, PORTFOLIO)
    await tables.nights.doubt(tables.pool, tables.tenant, [COMPANY])
    doubted = await found()
    assert doubted
    assert doubted.state == "maybe"
    await tables.listings.remove(tables.pool, tables.tenant, COMPANY)
    assert await found() is None


async def test_a_night_is_leased_once_finished_once_and_put_off(tables: Tables) -> None:
    tenant, moment = tables.tenant, datetime(2040, 3, 1, 12).astimezone()
    night = night_of(moment, tenant, "creditsafe")
    await tables.open_portfolio()
    await tables.nights.open_all(tables.pool, "creditsafe", moment)
    assert await leased(tables, moment) is None
    later = moment + timedelta(days=3)
    held = await leased(tables, later)
    assert held
    assert held.slot == night + timedelta(days=3)
    assert await leased(tables, later) is None
    await tables.nights.put_off(tables.pool, held, 0.0, "away")
    again = await leased(tables, later)
    assert again
    assert (again.failures, again.fence) == (1, held.fence + 1)
    with pytest.raises(LeaseLost):
        async with tables.nights.holding(tables.pool, held):
            raise AssertionError
    async with tables.nights.holding(tables.pool, again) as connection:
        await tables.nights.finish(connection, again, Drift(members=3))
    assert await leased(tables, later) is None
    assert await leased(tables, later - timedelta(days=2)) is None
    assert isinstance(again.slot, date)


async def leased(tables: Tables, moment: datetime) -> Any:
    """Lease this tenant's night; other tests' tenants are in the same table."""
    while True:
        held = await tables.nights.lease(tables.pool, "creditsafe", moment)
        if held is None or held.tenant == tables.tenant:
            return held
