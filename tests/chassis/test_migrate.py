"""An installation: made twice the same, and nobody in it may do more than they need."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from chassis.migrate import migrate_databases, numbered, scripts, with_database
from chassis.operator import MigrationFailed, installed
from chassis.service import Service
from chassis.tenancy import tenant_transaction
from onebox.testing import Servers

pytestmark = pytest.mark.servers
PREFIX = "whole"
STATE = """
SELECT format('%s %s %s %s', n.nspname, c.relname, c.relkind, c.relacl) AS thing
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname IN ('public', 'app')
UNION ALL SELECT format('%s %s', tablename, policyname) FROM pg_policies
UNION ALL SELECT format('%s %s', proname, prosrc) FROM pg_proc p JOIN pg_namespace n
  ON n.oid = p.pronamespace WHERE n.nspname IN ('public', 'app')
UNION ALL SELECT name || applied_at FROM app.migrations ORDER BY 1
"""
OPEN_TABLES = """
SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE a.attname = 'tenant_id' AND NOT a.attisdropped AND c.relkind IN ('r', 'p')
  AND c.relnamespace = 'public'::regnamespace AND NOT (
    c.relrowsecurity AND c.relforcerowsecurity
    AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid))
"""
OPEN_VIEWS = """
SELECT relname FROM pg_class WHERE relkind = 'v' AND relnamespace = 'public'::regnamespace
  AND NOT coalesce(reloptions::text LIKE '%security_invoker=true%', false)
"""


async def migrate(servers: Servers) -> list[Service]:
    services = installed()
    await migrate_databases(servers.admin_url, servers.home.password, services, PREFIX)
    return services


async def databases(servers: Servers) -> list[str]:
    services = await migrate(servers)
    return [*(f"{PREFIX}_{service.role}" for service in services), f"{PREFIX}_keys"]


async def fetch(servers: Servers, database: str, sql: str) -> list[Any]:
    connection = await asyncpg.connect(with_database(servers.admin_url, database))
    try:
        return [row[0] for row in await connection.fetch(sql)]
    finally:
        await connection.close()


@pytest.fixture
async def as_role(servers: Servers) -> AsyncIterator[Any]:
    """Return what connects to a database as a role."""
    opened: list[Any] = []

    async def connect(role: str, database: str) -> Any:
        opened.append(await asyncpg.connect(servers.database_url(role, database)))
        return opened[-1]

    yield connect
    for connection in opened:
        await connection.close()


async def test_migrating_again_changes_nothing(servers: Servers) -> None:
    before = {name: await fetch(servers, name, STATE) for name in await databases(servers)}
    await migrate(servers)
    assert {name: await fetch(servers, name, STATE) for name in before} == before


async def test_two_migrations_at_once_do_not_trip_over_each_other(servers: Servers) -> None:
    service = Service("companies")
    password = servers.home.password
    await asyncio.gather(
        *(migrate_databases(servers.admin_url, password, [service], "both") for _ in range(3))
    )
    applied = await fetch(servers, "both_companies", "SELECT name FROM app.migrations")
    assert sorted(applied) == sorted(name for name, _ in scripts(service))


async def test_a_script_that_fails_is_named_and_leaves_nothing(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "chassis.migrate.numbered",
        lambda part: [*numbered(part), (f"{part}/9999_bad.sql", "CREATE TABLE t (); SELECT 1/0")],
    )
    with pytest.raises(MigrationFailed, match=r"9999_bad\.sql: division by zero"):
        await migrate_databases(
            servers.admin_url, servers.home.password, [Service("companies")], "failing"
        )
    assert await fetch(servers, "failing_companies", "SELECT to_regclass('t')") == [None]


async def test_every_tenants_table_is_under_row_level_security(servers: Servers) -> None:
    for name in await databases(servers):
        assert await fetch(servers, name, OPEN_TABLES) == [], name
        assert await fetch(servers, name, OPEN_VIEWS) == [], name


async def test_an_unprotected_table_or_view_would_be_found(servers: Servers) -> None:
    await databases(servers)
    name = f"{PREFIX}_companies"
    await fetch(servers, name, "CREATE TABLE open_one (tenant_id text)")
    await fetch(servers, name, "CREATE VIEW open_view AS SELECT * FROM open_one")
    try:
        assert await fetch(servers, name, OPEN_TABLES) == ["open_one"]
        assert await fetch(servers, name, OPEN_VIEWS) == ["open_view"]
    finally:
        await fetch(servers, name, "DROP TABLE open_one CASCADE")


async def test_a_service_can_be_no_more_than_itself(servers: Servers) -> None:
    await databases(servers)
    rights = await fetch(
        servers,
        f"{PREFIX}_companies",
        "SELECT rolname FROM pg_roles WHERE rolname LIKE 'whole\\_%'"
        " AND (rolsuper OR rolbypassrls OR rolcreatedb OR rolcreaterole OR rolreplication)",
    )
    assert rights == []
    for name in await databases(servers):
        owners = await fetch(
            servers,
            name,
            "SELECT DISTINCT pg_get_userbyid(relowner)::text FROM pg_class"
            " WHERE relnamespace IN ('public'::regnamespace, 'app'::regnamespace)",
        )
        assert owners == [f"{PREFIX}_owner"], name


async def test_what_happened_cannot_be_changed_by_a_service_nor_by_the_owner(
    servers: Servers, as_role: Any
) -> None:
    await databases(servers)
    own = await as_role(f"{PREFIX}_companies", f"{PREFIX}_companies")
    admin = await asyncpg.connect(with_database(servers.admin_url, f"{PREFIX}_companies"))
    try:
        for table in ("events", "commands"):
            for sql in (f"UPDATE {table} SET tenant_id = ''", f"DELETE FROM {table}"):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await own.execute(sql)
                with pytest.raises(asyncpg.InsufficientPrivilegeError, match="never changed"):
                    await admin.execute(sql)
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await own.execute(f"TRUNCATE {table}")
        for sql in (
            "CREATE TABLE t ()",
            "DROP TABLE events",
            "ALTER TABLE events DISABLE TRIGGER ALL",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await own.execute(sql)
    finally:
        await admin.close()


async def test_a_service_cannot_reach_anothers_database(servers: Servers, as_role: Any) -> None:
    services = await migrate(servers)
    for service in services:
        for other in services:
            if service is not other:
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await as_role(f"{PREFIX}_{service.role}", f"{PREFIX}_{other.role}")


async def test_a_service_cannot_become_another_role(servers: Servers, as_role: Any) -> None:
    await databases(servers)
    own = await as_role(f"{PREFIX}_companies", f"{PREFIX}_companies")
    for role in ("owner", "eraser", "enrichment", "gateway"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await own.execute(f'SET ROLE "{PREFIX}_{role}"')


async def test_a_forgotten_tenant_is_an_error_and_never_an_empty_answer(
    servers: Servers, bench: Any, tenant: str
) -> None:
    site = await bench.open()
    pool = site.keys._pool  # noqa: SLF001
    await site.keys.make(tenant, bench.add("x").department_id)
    for _ in range(3):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="no tenant"):
            await pool.fetch("SELECT app.tenant()")
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="no tenant"):
            await pool.fetch("SELECT * FROM subject_keys")
        async with tenant_transaction(pool, tenant) as connection:
            assert await connection.fetchval("SELECT app.tenant()") == tenant
            assert len(await connection.fetch("SELECT * FROM subject_keys")) == 1
        async with tenant_transaction(pool, "another") as connection:
            assert await connection.fetch("SELECT * FROM subject_keys") == []
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
                await connection.execute(
                    "INSERT INTO subject_keys VALUES ($1, $2, '\\x00')",
                    tenant,
                    bench.add("x").department_id,
                )
    assert servers


async def test_a_service_gives_up_rather_than_hold_locks(bench: Any) -> None:
    site = await bench.open()
    for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
        assert await site.pool.fetchval(f"SHOW {name}") not in {"0", ""}
    with pytest.raises(asyncpg.QueryCanceledError):
        await site.pool.execute("SET statement_timeout = '50ms'; SELECT pg_sleep(5)")
