"""Users as SQL."""

from typing import Any
from uuid import UUID

from chassis.site import Site
from gateway.reading import opened, plain, reading

ONE = "SELECT user_id, to_jsonb(u)::text AS row FROM users u WHERE tenant_id = $1 AND user_id = $2"
PAGE = """
SELECT user_id, to_jsonb(u)::text AS row FROM users u
WHERE tenant_id = $1 AND user_id > $2 ORDER BY user_id LIMIT $3
"""


async def user(site: Site, tenant: str, user_id: UUID) -> dict[str, Any] | None:
    """Return one user."""
    async with reading(site, tenant) as connection:
        row = await connection.fetchrow(ONE, tenant, str(user_id))
    return await _opened(site, tenant, row) if row else None


async def users(site: Site, tenant: str, after: UUID | None, limit: int) -> list[dict[str, Any]]:
    """Return users in the order they were added."""
    async with reading(site, tenant) as connection:
        rows = await connection.fetch(PAGE, tenant, str(after or ""), limit)
    return [await _opened(site, tenant, row) for row in rows]


async def _opened(site: Site, tenant: str, row: Any) -> dict[str, Any]:
    found: dict[str, Any] = plain(await opened(site, tenant, UUID(row["user_id"]), row["row"]))
    return found
