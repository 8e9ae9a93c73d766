"""The table `credentials`: what tenants log in with at bureaus, sealed, and never shown again.

Each is sealed under a key of its own, which the key ring keeps wrapped under the master key, and
bound to its tenant and bureau: copied to another one it does not open.
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import orjson

from chassis.edge import derived_id
from chassis.keys import KeyRing
from chassis.sealing import open_bytes, seal_bytes
from chassis.tenancy import Connection, Pool, tenant_transaction


def _subject(tenant: str, bureau: str) -> UUID:
    return derived_id("bureau-credentials", tenant, bureau)


def _place(bureau: str) -> str:
    return f"credentials|{bureau}"


async def put(
    connection: Connection, keys: KeyRing, tenant: str, bureau: str, given: Mapping[str, str]
) -> None:
    """Keep a tenant's credentials at a bureau in place of what there was."""
    plain = orjson.dumps(dict(given))
    sealed = await seal_bytes(keys, tenant, _subject(tenant, bureau), _place(bureau), plain)
    await connection.execute(
        "INSERT INTO credentials (tenant_id, bureau, sealed) VALUES ($1, $2, $3)"
        " ON CONFLICT (tenant_id, bureau) DO UPDATE SET sealed = $3, set_at = now()",
        tenant,
        bureau,
        sealed,
    )


async def find(pool: Pool, keys: KeyRing, tenant: str, bureau: str) -> Mapping[str, str] | None:
    """Return a tenant's credentials at a bureau, if it has given some."""
    async with tenant_transaction(pool, tenant) as connection:
        sealed = await connection.fetchval(
            "SELECT sealed FROM credentials WHERE tenant_id = $1 AND bureau = $2", tenant, bureau
        )
    if sealed is None:
        return None
    plain = await open_bytes(keys, tenant, _subject(tenant, bureau), _place(bureau), sealed)
    return None if plain is None else dict(orjson.loads(plain))


async def kept(connection: Connection, tenant: str) -> Mapping[str, datetime]:
    """Return at which bureaus a tenant has credentials of its own, and since when."""
    rows = await connection.fetch(
        "SELECT bureau, set_at FROM credentials WHERE tenant_id = $1 ORDER BY bureau", tenant
    )
    return {row["bureau"]: row["set_at"] for row in rows}


async def remove(connection: Connection, tenant: str, bureau: str) -> bool:
    """Forget a tenant's credentials at a bureau; says whether there were any."""
    gone = await connection.execute(
        "DELETE FROM credentials WHERE tenant_id = $1 AND bureau = $2", tenant, bureau
    )
    return not gone.endswith(" 0")
