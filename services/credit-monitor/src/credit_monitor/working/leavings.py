"""The table `leavings`: who is still watched at a bureau that a tenant has left.

A bureau that is left may be slow or gone; nobody waits for it. Each account's leavings are worked
off by themselves, until the bureau has let go of all of them.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog

from chassis.edge import new_id, now
from chassis.failpoints import reach
from chassis.tenancy import Connection, Pool
from credit_monitor import work
from credit_monitor.bureaus.account import Account
from credit_monitor.bureaus.port import NoCredentials, Unavailable
from credit_monitor.credit.wishes import StopWatch
from credit_monitor.patience import patience
from credit_monitor.watching import listings
from credit_monitor.watching.listings import Listing
from credit_monitor.working.desk import Desk, Known

log = structlog.get_logger()

AT_ONCE_MAX = 20
BACKOFF_SECONDS_FIRST, BACKOFF_SECONDS_MAX = 2.0, 3600.0
LEASE_SECONDS = 60.0
"""Longer than one call with all its repetitions; taking somebody out twice does no harm."""
LEASE = """
UPDATE leavings SET due_at = now() + make_interval(secs => $3), attempts = attempts + 1
WHERE (tenant_id, account, portfolio, reference) IN (
  SELECT tenant_id, account, portfolio, reference FROM leavings
  WHERE account = $1 AND due_at <= now() AND NOT paused(account, tenant_id)
  ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED)
RETURNING tenant_id, company_id, portfolio, reference, attempts
"""
ONE = "tenant_id = $1 AND account = $2 AND portfolio = $3 AND reference = $4"


@dataclass(frozen=True, slots=True)
class Leaving:
    """A place in a portfolio that is to be given up."""

    tenant_id: str
    company_id: UUID
    portfolio: str
    reference: str
    attempts: int


async def put(connection: Connection, tenant: str, company_id: UUID, listing: Listing) -> None:
    """Note that a place is to be given up."""
    await connection.execute(
        "INSERT INTO leavings (tenant_id, account, portfolio, reference, company_id)"
        " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (tenant_id, account, portfolio, reference)"
        " DO UPDATE SET due_at = now(), attempts = 0",
        tenant,
        listing.account,
        listing.portfolio,
        listing.reference,
        company_id,
    )


async def leave(desk: Desk, known: Known, cause: str | None) -> None:
    """End the watch at an account that the tenant has left; the bureau is told by and by."""
    listing, held = known.listing, desk.work
    assert listing  # noqa: S101 - the policy lets go only of what is listed
    async with work.holding(desk.pool, held) as (connection, _):
        await put(connection, held.tenant, held.company_id, listing)
        await listings.remove(connection, held.tenant, held.company_id)
        await work.go_on(connection, held)
        if cause is not None:
            await desk.record(connection, [desk.wish(StopWatch, cause=cause)])
    reach("credit-monitor.bureau-left")


async def accounts_with_some(pool: Pool) -> set[str]:
    """Return the accounts at which somebody is to be let go now."""
    rows = await pool.fetch(
        "SELECT DISTINCT account FROM leavings"
        " WHERE due_at <= now() AND NOT paused(account, tenant_id)"
    )
    return {row["account"] for row in rows}


async def let_go(pool: Pool, account: Account) -> int:
    """Take out who is still in, as far as the bureau can be had; returns how many were."""
    rows = await pool.fetch(LEASE, account.key, AT_ONCE_MAX, LEASE_SECONDS)
    done = 0
    for row in rows:
        leaving = Leaving(**dict(row))
        try:
            await account.bureau.unwatch(leaving.portfolio, leaving.reference)
        except Unavailable as error:
            await put_off(pool, account.key, leaving, error)
            continue
        reach("credit-monitor.left-behind-removed")
        await _forget(pool, account.key, leaving)
        done += 1
    return done


async def forsake(pool: Pool, account: str) -> None:
    """Give up on an account that nobody can log in to any more; say whom it still watches."""
    rows = await pool.fetch("DELETE FROM leavings WHERE account = $1 RETURNING reference", account)
    if rows:
        log.error("left behind at a bureau without credentials", account=account, left=len(rows))


async def put_off(pool: Pool, account: str, leaving: Leaving, error: Unavailable) -> None:
    """Try again later, later every time."""
    if isinstance(error, NoCredentials):
        await forsake(pool, account)
        return
    backoff = patience(BACKOFF_SECONDS_FIRST, BACKOFF_SECONDS_MAX, leaving.attempts)
    log.warning("not let go of", account=account, why=str(error))
    await pool.execute(
        f"UPDATE leavings SET due_at = $5 WHERE {ONE}",
        leaving.tenant_id,
        account,
        leaving.portfolio,
        leaving.reference,
        now() + timedelta(seconds=max(backoff, error.retry_after or 0.0)),
    )


async def _forget(pool: Pool, account: str, gone: Leaving) -> None:
    """Forget a place given up; who is in it by now, since the tenant came back, is looked at."""
    place = Listing(gone.portfolio, gone.reference, "maybe", account)
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(
            f"DELETE FROM leavings WHERE {ONE}",
            gone.tenant_id,
            account,
            gone.portfolio,
            gone.reference,
        )
        for company_id in await listings.doubt(connection, gone.tenant_id, place):
            await work.touch(connection, gone.tenant_id, company_id, new_id())
