"""The one way to open a transaction on a tenant's data."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import asyncpg

from chassis.postgres import heal

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


async def set_tenant(connection: Connection, tenant: str) -> None:
    """Say whose rows the rest of this transaction is about."""
    await connection.execute("SELECT set_config('app.tenant', $1, true)", tenant)
