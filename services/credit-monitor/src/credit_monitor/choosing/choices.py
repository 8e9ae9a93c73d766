"""The table `choices`: which account a tenant is dealt with at, and who has been told."""

from typing import Any
from uuid import UUID

from chassis.edge import new_id
from chassis.failpoints import reach
from chassis.tenancy import Connection, Pool, set_tenant
from credit_monitor import work

CHUNK = 500
"""Companies told of a new bureau in one transaction."""
NEXT = """
SELECT s.company_id FROM subjects s
WHERE s.tenant_id = $1 AND s.company_id > $2 AND (
  s.rated_key IS NOT NULL
  OR EXISTS (SELECT FROM listings l WHERE (l.tenant_id, l.company_id) = (s.tenant_id, s.company_id))
  OR EXISTS (SELECT FROM work w WHERE (w.tenant_id, w.company_id) = (s.tenant_id, s.company_id)))
ORDER BY s.company_id LIMIT $3
"""


async def hold(connection: Connection, tenant: str) -> None:
    """Let nobody else choose for a tenant until the end of the transaction."""
    lock = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"
    await connection.execute(lock, f"credit-bureau {tenant}")


async def find(connection: Connection, tenant: str) -> tuple[str, str] | None:
    """Return a tenant's bureau and account, if it has chosen."""
    row = await connection.fetchrow(
        "SELECT bureau, account FROM choices WHERE tenant_id = $1", tenant
    )
    return (row["bureau"], row["account"]) if row else None


async def put(connection: Connection, tenant: str, bureau: str, account: str) -> None:
    """Keep a choice, and have all companies it concerns looked at by and by.

    The account is read at once: whether its login is taken is then soon known.
    """
    await connection.execute(
        "INSERT INTO accounts (account) VALUES ($1) ON CONFLICT (account) DO UPDATE SET"
        " next_poll_at = now(), failures = 0",
        account,
    )
    await connection.execute(
        "INSERT INTO choices (tenant_id, bureau, account) VALUES ($1, $2, $3)"
        " ON CONFLICT (tenant_id) DO UPDATE SET bureau = $2, account = $3, chosen_at = now(),"
        " spread = false, spread_to = NULL",
        tenant,
        bureau,
        account,
    )


async def spread(pool: Pool) -> bool:
    """Have the next companies of a tenant that chose looked at; says whether there were any.

    Who was not rated there was asked about elsewhere: the new bureau is asked at once.
    """
    async with pool.acquire() as lent, lent.transaction():
        connection: Any = lent
        row = await connection.fetchrow(
            "SELECT tenant_id, spread_to FROM choices WHERE NOT spread"
            " ORDER BY tenant_id LIMIT 1 FOR UPDATE SKIP LOCKED"
        )
        if row is None:
            return False
        tenant, last = row["tenant_id"], row["spread_to"] or UUID(int=0)
        await set_tenant(connection, tenant)
        rows = await connection.fetch(NEXT, tenant, last, CHUNK)
        companies = [row["company_id"] for row in rows]
        await work.touch_all(connection, tenant, companies, new_id())
        await connection.execute(
            "UPDATE subjects SET rated_at = NULL WHERE tenant_id = $1 AND company_id = ANY($2)",
            tenant,
            companies,
        )
        await connection.execute(
            "UPDATE choices SET spread = $2, spread_to = $3 WHERE tenant_id = $1",
            tenant,
            len(companies) < CHUNK,
            companies[-1] if companies else last,
        )
    reach("credit-monitor.choice-spread")
    return True
