"""Connections are given back as they are: what is said on one is said for a transaction."""

from typing import Any

import pytest

from chassis.postgres import open_pool
from chassis.tenancy import tenant_transaction

pytestmark = pytest.mark.servers
TENANT = "SELECT coalesce(current_setting('app.tenant', true), '')"


@pytest.fixture
async def pool(bench: Any) -> Any:
    """Lend the same connection every time."""
    site = await bench.open()
    pool = await open_pool(site.settings.database_url.get_secret_value(), 1, "test")
    yield pool
    await pool.close()


async def test_whoever_gets_a_connection_next_sees_no_tenant(pool: Any) -> None:
    async with tenant_transaction(pool, "acme") as connection:
        assert await connection.fetchval(TENANT) == "acme"
    assert await pool.fetchval(TENANT) == ""


async def test_a_transaction_left_open_is_undone_with_its_tenant(pool: Any) -> None:
    lent = await pool.acquire()
    await lent.execute("BEGIN; SELECT set_config('app.tenant', 'acme', true)")
    await pool.release(lent)
    assert await pool.fetchval(TENANT) == ""


async def test_said_for_the_session_it_would_be_seen_by_the_next(pool: Any) -> None:
    await pool.execute("SELECT set_config('app.tenant', 'acme', false)")
    assert await pool.fetchval(TENANT) == "acme"
