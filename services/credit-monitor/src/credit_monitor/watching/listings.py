"""The tables `listings` and `portfolios`: who is in which portfolio at the bureau."""

from dataclasses import dataclass
from uuid import UUID

import structlog

from chassis.tenancy import Connection, Pool, set_tenant
from credit_monitor.bureaus.account import SHARED_DEFAULT, Account
from credit_monitor.bureaus.port import Moved, Unavailable
from credit_monitor.leases import LEASE_SECONDS, kept_up

log = structlog.get_logger()

OPENING_SECONDS = 1.0
"""It takes a handful of calls."""
OPEN = """
INSERT INTO portfolios (tenant_id, account, opening, fence)
VALUES ($1, $2, now() + make_interval(secs => $3), 1)
ON CONFLICT (tenant_id, account) DO UPDATE SET
  opening = excluded.opening, fence = portfolios.fence + 1
  WHERE portfolios.portfolio IS NULL
    AND (portfolios.opening IS NULL OR portfolios.opening < now())
RETURNING fence
"""
OPENING = "tenant_id = $1 AND account = $2 AND fence = $3 AND portfolio IS NULL"


@dataclass(frozen=True, slots=True)
class Listing:
    """A company's place in a portfolio; `maybe` when the bureau was asked and did not answer."""

    portfolio: str
    reference: str
    state: str
    account: str = SHARED_DEFAULT


async def find(connection: Connection, tenant: str, company_id: UUID) -> Listing | None:
    """Return a company's place, if it has, or may have, one."""
    row = await connection.fetchrow(
        "SELECT portfolio, reference, state, account FROM listings"
        " WHERE tenant_id = $1 AND company_id = $2",
        tenant,
        company_id,
    )
    return Listing(**dict(row)) if row else None


async def put(connection: Connection, tenant: str, company_id: UUID, listing: Listing) -> None:
    """Keep a company's place."""
    await connection.execute(
        "INSERT INTO listings (tenant_id, company_id, portfolio, reference, state, account)"
        " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (tenant_id, company_id) DO UPDATE SET"
        " portfolio = $3, reference = $4, state = $5, account = $6",
        tenant,
        company_id,
        listing.portfolio,
        listing.reference,
        listing.state,
        listing.account,
    )


async def remove(connection: Connection, tenant: str, company_id: UUID) -> None:
    """Forget a company's place, and what was told of it there."""
    await connection.execute(
        "DELETE FROM listings WHERE tenant_id = $1 AND company_id = $2", tenant, company_id
    )
    await connection.execute(
        "UPDATE notices SET settled = true"
        " WHERE tenant_id = $1 AND company_id = $2 AND NOT settled",
        tenant,
        company_id,
    )


async def doubt(connection: Connection, tenant: str, gone: Listing) -> list[UUID]:
    """Say of no company any more that it is where another one was just taken out; return whose.

    A number that one company had by mistake may by now be another's, which the bureau keeps in
    the same place.
    """
    rows = await connection.fetch(
        "UPDATE listings SET state = 'maybe'"
        " WHERE tenant_id = $1 AND portfolio = $2 AND reference = $3 AND account = $4"
        " RETURNING company_id",
        tenant,
        gone.portfolio,
        gone.reference,
        gone.account,
    )
    return [row["company_id"] for row in rows]


async def move(connection: Connection, account: str, moved: Moved) -> list[tuple[str, UUID]]:
    """Note that a company goes on under another reference; returns whose it is.

    It is rated under the new one, and put into the portfolio under it, when it is looked at.
    """
    rows = await connection.fetch(
        "SELECT tenant_id, company_id FROM listings"
        " WHERE account = $1 AND portfolio = $2 AND reference = $3",
        account,
        moved.portfolio,
        moved.reference,
    )
    for row in rows:
        await set_tenant(connection, row["tenant_id"])
        await connection.execute(
            "UPDATE subjects SET reference = $3 WHERE tenant_id = $1 AND company_id = $2",
            row["tenant_id"],
            row["company_id"],
            moved.successor,
        )
    return [(row["tenant_id"], row["company_id"]) for row in rows]


async def portfolio_of(pool: Pool, account: Account, tenant: str) -> str:
    """Return a tenant's portfolio at an account, opened now if there is none.

    Names are not unique there: while somebody opens one, others come back later. No connection
    is held meanwhile, for it may take long.
    """
    known = "SELECT portfolio FROM portfolios WHERE tenant_id = $1 AND account = $2"
    portfolio = await pool.fetchval(known, tenant, account.key)
    if portfolio is not None:
        return str(portfolio)
    mine = (tenant, account.key, await pool.fetchval(OPEN, tenant, account.key, LEASE_SECONDS))
    if mine[2] is None:
        raise Unavailable("the portfolio is being opened", OPENING_SECONDS)
    try:
        async with kept_up(lambda: _keep_opening(pool, mine)):
            portfolio = await account.bureau.open_portfolio(f"kundvakt-{tenant}")
    except Unavailable:
        await pool.execute(f"UPDATE portfolios SET opening = NULL WHERE {OPENING}", *mine)
        raise
    kept = await pool.fetchval(
        f"UPDATE portfolios SET portfolio = $4, opening = NULL WHERE {OPENING} RETURNING true",
        *mine,
        portfolio,
    )
    if not kept:
        raise Unavailable("somebody else opens the portfolio", OPENING_SECONDS)
    return str(portfolio)


async def _keep_opening(pool: Pool, mine: tuple[str, str, int]) -> None:
    await pool.execute(
        "UPDATE portfolios SET opening = now() + make_interval(secs => $4)"
        f" WHERE {OPENING} AND opening IS NOT NULL",
        *mine,
        LEASE_SECONDS,
    )


async def forget_portfolio(pool: Pool, account: Account, tenant: str) -> None:
    """Forget a portfolio that the bureau no longer has."""
    log.warning("the bureau no longer has a tenant's portfolio", tenant=tenant)
    await pool.execute(
        "DELETE FROM portfolios WHERE tenant_id = $1 AND account = $2", tenant, account.key
    )
