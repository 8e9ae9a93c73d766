"""Everything a new installation needs: roles, databases, tables, read models, the stream.

Run by an administrator of Postgres and NATS, never by a service: services may neither define
tables nor declare streams. Running it again changes nothing.
"""

from collections.abc import Callable, Iterator, Sequence
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import structlog

from chassis.folding import Roles
from chassis.operator import MigrationFailed
from chassis.postgres import connect
from chassis.rebuild import build_missing
from chassis.service import Service
from chassis.stream import declare_stream

log = structlog.get_logger()

LOCK = 7003
"""Two migrations at once would trip over each other."""
Passwords = Callable[[str], str]
STATEMENT_SETTINGS = {
    "statement_timeout": "10s",
    "lock_timeout": "2s",
    "idle_in_transaction_session_timeout": "10s",
    "transaction_timeout": "30s",
}
"""A service's role gives up rather than hold locks: a forgotten transaction stops vacuum."""


def with_database(url: str, database: str) -> str:
    """Return a Postgres URL that leads to another database of the same server."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


async def migrate(
    admin_url: str,
    nats_admin_url: str,
    passwords: Passwords,
    services: Sequence[Service],
    prefix: str = "kundvakt",
) -> None:
    """Bring Postgres and NATS to what this version needs."""
    await migrate_databases(admin_url, passwords, services, prefix)
    await declare_stream(nats_admin_url)


async def migrate_databases(
    admin_url: str, passwords: Passwords, services: Sequence[Service], prefix: str = "kundvakt"
) -> None:
    """Bring Postgres to what this version needs."""
    admin = await connect(admin_url, "migrate", statement_timeout="0", lock_timeout="0")
    try:
        await admin.execute("SELECT pg_advisory_lock($1)", LOCK)
        await _role(admin, f"{prefix}_owner", None)
        await _role(admin, f"{prefix}_eraser", passwords(f"{prefix}_eraser"))
        for service in services:
            for role in roles(service, prefix):
                await _role(admin, role, passwords(role))
            await _database(admin, f"{prefix}_{service.role}", prefix, roles(service, prefix))
        users = [f"{prefix}_{service.role}" for service in services]
        await _database(admin, f"{prefix}_keys", prefix, [*users, f"{prefix}_eraser"])
        for service in services:
            await _service_tables(admin_url, service, prefix)
        await _key_tables(admin_url, prefix, users)
    finally:
        await admin.close()


def roles(service: Service, prefix: str) -> list[str]:
    """Return the roles of a service: its own, and one that only reads where there are screens."""
    own = f"{prefix}_{service.role}"
    return [own, f"{own}_reader"] if service.projections else [own]


async def _role(admin: Any, name: str, password: str | None) -> None:
    if not await admin.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", name):
        await admin.execute(f'CREATE ROLE "{name}" NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE')
    await admin.execute(f'GRANT "{name}" TO CURRENT_USER')
    if password is None:
        return
    quoted = password.replace("'", "''")
    await admin.execute(f"ALTER ROLE \"{name}\" LOGIN PASSWORD '{quoted}'")
    for setting, value in STATEMENT_SETTINGS.items():
        await admin.execute(f"ALTER ROLE \"{name}\" SET {setting} = '{value}'")


async def _database(admin: Any, name: str, prefix: str, users: Sequence[str]) -> None:
    if not await admin.fetchval("SELECT true FROM pg_database WHERE datname = $1", name):
        await admin.execute(f'CREATE DATABASE "{name}" OWNER "{prefix}_owner"')
        await admin.execute(f'REVOKE ALL ON DATABASE "{name}" FROM PUBLIC')
    for user in users:
        await admin.execute(f'GRANT CONNECT ON DATABASE "{name}" TO "{user}"')


def scripts(service: Service) -> Iterator[tuple[str, str]]:
    """Name and yield every SQL script a service's database is made by, in order."""
    parts = ["chassis.migrations.base"]
    if service.has_events:
        parts.append("chassis.migrations.events")
    if service.reactions or service.keep or service.projections:
        parts.append("chassis.migrations.intake")
    if service.projections:
        parts.append("chassis.migrations.projections")
    if service.migrations:
        parts.append(service.migrations)
    for part in parts:
        yield from numbered(part)


def numbered(part: str) -> Iterator[tuple[str, str]]:
    """Name and yield the scripts of one folder."""
    package, _, folder = part.partition(".")
    place = files(package).joinpath(*folder.split("."))
    for file in sorted(place.iterdir(), key=lambda f: f.name):
        if file.name.endswith(".sql"):
            yield f"{part}/{file.name}", file.read_text()


async def _service_tables(admin_url: str, service: Service, prefix: str) -> None:
    url = with_database(admin_url, f"{prefix}_{service.role}")
    connection = await connect(url, "migrate", statement_timeout="0", lock_timeout="0")
    try:
        await _prepare(connection, prefix, f"{prefix}_{service.role}", roles(service, prefix))
        for name, sql in scripts(service):
            await _apply(connection, name, sql)
        owner = Roles(f"{prefix}_owner", f"{prefix}_{service.role}")
        await build_missing(connection, service, owner)
    finally:
        await connection.close()


async def _key_tables(admin_url: str, prefix: str, users: Sequence[str]) -> None:
    url = with_database(admin_url, f"{prefix}_keys")
    connection = await connect(url, "migrate", statement_timeout="0", lock_timeout="0")
    try:
        await _prepare(connection, prefix, f"{prefix}_eraser", [*users, f"{prefix}_eraser"])
        for part in ("chassis.migrations.base", "chassis.migrations.keys"):
            for name, sql in numbered(part):
                await _apply(connection, name, sql)
        for user in users:
            await connection.execute(
                f'GRANT SELECT, INSERT ON subject_keys, tenant_keys TO "{user}"'
            )
        # Only `kundvakt erase` destroys keys; no service can.
        await connection.execute(
            f'GRANT SELECT, INSERT, UPDATE ON subject_keys, tenant_keys TO "{prefix}_eraser"'
        )
    finally:
        await connection.close()


async def _prepare(connection: Any, prefix: str, service: str, users: Sequence[str]) -> None:
    """Become the owner, and say for whom the scripts grant."""
    await connection.execute(f'SET ROLE "{prefix}_owner"')
    await connection.execute("SELECT set_config('app.service_role', $1, false)", service)
    await connection.execute("CREATE SCHEMA IF NOT EXISTS app")
    await connection.execute(
        "CREATE TABLE IF NOT EXISTS app.migrations"
        " (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())"
    )
    for user in users:
        await connection.execute(f'GRANT USAGE ON SCHEMA app, public TO "{user}"')


async def _apply(connection: Any, name: str, sql: str) -> None:
    """Apply a script once, whole or not at all."""
    async with connection.transaction():
        try:
            new = await connection.fetchval(
                "INSERT INTO app.migrations VALUES ($1) ON CONFLICT DO NOTHING RETURNING true", name
            )
            if new:
                await connection.execute(sql)
                log.info("migrated", script=name)
        except asyncpg.PostgresError as error:
            raise MigrationFailed(f"{name}: {error}") from error
