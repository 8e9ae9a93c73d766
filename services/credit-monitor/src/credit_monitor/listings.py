"""The tables `listings` and `portfolios`: who is in which portfolio at the bureau."""

from dataclasses import dataclass
from uuid import UUID

import structlog

from chassis.tenancy import Connection, Pool
from credit_monitor.bureaus.port import Bureau, Unavailable

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Listing:
    """A company's place in a portfolio; `maybe` when the bureau was asked and did not answer."""

    portfolio: str
    reference: str
    state: str


async def find(connection: Connection, tenant: str, company_id: UUID) -> Listing | None:
    """Return a company's place, if it has, or may have, one."""
    row = await connection.fetchrow(
        "SELECT portfolio, reference, state FROM listings WHERE tenant_id = $1 AND company_id = $2",
        tenant,
        company_id,
    )
    return Listing(**dict(row)) if row else None


async def put(connection: Connection, tenant: str, company_id: UUID, listing: Listing) -> None:
    """Keep a company's place."""
    await connection.execute(
        "INSERT INTO listings (tenant_id, company_id, portfolio, reference, state)"
        " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (tenant_id, company_id) DO UPDATE SET"
        " portfolio = $3, reference = $4, state = $5",
        tenant,
        company_id,
        listing.portfolio,
        listing.reference,
        listing.state,
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
        " WHERE tenant_id = $1 AND portfolio = $2 AND reference = $3 RETURNING company_id",
        tenant,
        gone.portfolio,
        gone.reference,
    )
    return [row["company_id"] for row in rows]


async def portfolio_of(pool: Pool, bureau: Bureau, tenant: str) -> str:
    """Return a tenant's portfolio at the bureau, opened now if there is none.

    Names are not unique there: while somebody opens one, others come back later.
    """
    known = "SELECT portfolio FROM portfolios WHERE tenant_id = $1 AND bureau = $2"
    portfolio = await pool.fetchval(known, tenant, bureau.name)
    if portfolio is not None:
        return str(portfolio)
    async with pool.acquire() as connection, connection.transaction():
        # Several calls to the bureau are made in this transaction, once for each tenant.
        await connection.execute("SET LOCAL idle_in_transaction_session_timeout = '120s'")
        await connection.execute("SET LOCAL transaction_timeout = 0")
        mine = await connection.fetchval(
            "SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0))", f"portfolio {tenant}"
        )
        if not mine:
            raise Unavailable("the portfolio is being opened")
        portfolio = await connection.fetchval(known, tenant, bureau.name)
        if portfolio is None:
            portfolio = await bureau.open_portfolio(f"kundvakt-{tenant}")
            await connection.execute(
                "INSERT INTO portfolios VALUES ($1, $2, $3)", tenant, bureau.name, portfolio
            )
    return str(portfolio)


async def forget_portfolio(pool: Pool, bureau: Bureau, tenant: str) -> None:
    """Forget a portfolio that the bureau no longer has."""
    log.warning("the bureau no longer has a tenant's portfolio", tenant=tenant)
    await pool.execute(
        "DELETE FROM portfolios WHERE tenant_id = $1 AND bureau = $2", tenant, bureau.name
    )
