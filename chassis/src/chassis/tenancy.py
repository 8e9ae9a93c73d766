"""The one way to open a transaction on a tenant's data."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import asyncpg

from chassis.postgres import heal

TENANT = re.compile(r"[a-z0-9-]+")
"""Signs that mean nothing inside a quoted text of SQL; what a tenant's name is, messages say."""

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
Connection: TypeAlias = (
    "asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
)


@asynccontextmanager
async def tenant_transaction(pool: Pool, tenant: str) -> AsyncIterator[Connection]:
    """Open a transaction that sees one tenant's rows: row-level security stands below it."""
    try:
        async with pool.acquire() as lent, lent.transaction():
            connection: Any = lent
            await set_tenant(connection, tenant)
            yield connection
    except asyncpg.PostgresError as error:
        await heal(pool, error)
        raise


@asynccontextmanager
async def tenant_reading(pool: Pool, tenant: str) -> AsyncIterator[Connection]:
    """Open a transaction that only reads, as a tenant: in one question to the database, not two.

    There is no transaction to be opened within it.
    """
    if not TENANT.fullmatch(tenant):
        raise ValueError("not a tenant")
    try:
        async with pool.acquire() as lent:
            await lent.execute(f"BEGIN READ ONLY; SET LOCAL app.tenant = '{tenant}'")
            try:
                yield lent
            finally:
                await lent.execute("COMMIT")
    except asyncpg.PostgresError as error:
        await heal(pool, error)
        raise


async def set_tenant(connection: Connection, tenant: str) -> None:
    """Say whose rows the rest of this transaction is about."""
    await connection.execute("SELECT set_config('app.tenant', $1, true)", tenant)
