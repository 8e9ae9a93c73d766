"""Tenants and keys as an administrator adds and revokes them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg

from chassis.decider import Rejected
from chassis.tenancy import Connection, Pool, set_tenant, tenant_transaction
from contracts.companies.user import Role
from gateway.access.keys import new_key

Where: TypeAlias = "Pool | Connection"
"""A pool of the gateway's, or the one connection an operator has."""


async def add_tenant(where: Where, tenant: str, name: str) -> None:
    """Add a tenant; adding it again changes nothing."""
    async with _as_tenant(where, tenant) as connection:
        await connection.execute(
            "INSERT INTO tenants (tenant_id, name) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            tenant,
            name,
        )


async def add_key(
    where: Where,
    tenant: str,
    role: Role,
    label: str,
    by: str = "system:command-line",
    *,
    user: UUID | None = None,
) -> str:
    """Add a key, a user's own if wished; its text is returned once and kept nowhere."""
    key = new_key()
    async with _as_tenant(where, tenant) as connection:
        known = await connection.fetchval("SELECT true FROM tenants WHERE tenant_id = $1", tenant)
        if not known:
            raise Rejected("tenant-unknown", f"There is no tenant {tenant!r}; add it first.")
        await connection.execute(
            "INSERT INTO api_keys (tenant_id, key_id, digest, role, label, created_by, user_id)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7)",
            tenant,
            key.key_id,
            key.digest,
            Role(role).value,
            label,
            by,
            user,
        )
    return key.text


async def revoke_key(where: Where, key_id: str, tenant: str | None = None) -> bool:
    """Revoke a key, wherever it belongs or of one tenant; say whether there was one."""
    if tenant is None:
        tenant = await where.fetchval("SELECT tenant_id FROM app.find_key($1)", key_id)
    if tenant is None:
        return False
    async with _as_tenant(where, tenant) as connection:
        done = await connection.execute(
            "UPDATE api_keys SET revoked_at = coalesce(revoked_at, now())"
            " WHERE tenant_id = $1 AND key_id = $2",
            tenant,
            key_id,
        )
        await connection.execute("SELECT pg_notify('revoked', $1)", key_id)
    return not done.endswith(" 0")


async def revoke_keys_of_user(where: Where, tenant: str, user: UUID) -> int:
    """Revoke the keys that are one user's own; say how many there were."""
    async with _as_tenant(where, tenant) as connection:
        revoked = await connection.fetch(
            "UPDATE api_keys SET revoked_at = now()"
            " WHERE tenant_id = $1 AND user_id = $2 AND revoked_at IS NULL RETURNING key_id",
            tenant,
            user,
        )
        for row in revoked:
            await connection.execute("SELECT pg_notify('revoked', $1)", row["key_id"])
    return len(revoked)


async def keys_of(where: Where, tenant: str) -> list[dict[str, Any]]:
    """Return a tenant's keys, without what they open with."""
    async with _as_tenant(where, tenant) as connection:
        rows = await connection.fetch(
            "SELECT key_id, role, label, created_by, created_at, revoked_at, user_id FROM api_keys"
            " WHERE tenant_id = $1 ORDER BY created_at, key_id",
            tenant,
        )
    return [dict(row) for row in rows]


@asynccontextmanager
async def _as_tenant(where: Where, tenant: str) -> AsyncIterator[Connection]:
    """Open a tenant's transaction on a pool, or on the one connection an operator has."""
    if isinstance(where, asyncpg.Pool):
        async with tenant_transaction(where, tenant) as connection:
            yield connection
        return
    async with where.transaction():
        await set_tenant(where, tenant)
        yield where
