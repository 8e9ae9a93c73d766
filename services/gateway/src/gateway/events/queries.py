"""History in order, as SQL."""

from typing import Any

from chassis.site import Site
from gateway.disclosure import disclosed
from gateway.happenings import COLUMNS
from gateway.reading import reading

PAGE_EVENTS = 200
HEAD = "SELECT coalesce(max(seq), 0) FROM history WHERE tenant_id = $1"
NEXT = f"""
SELECT {COLUMNS} FROM history
WHERE tenant_id = $1 AND seq > $2 AND seq <= $3 ORDER BY seq LIMIT {PAGE_EVENTS}
"""


async def head(site: Site, tenant: str) -> int:
    """Return the place of a tenant's last event."""
    async with reading(site, tenant) as connection:
        return int(await connection.fetchval(HEAD, tenant))


async def after(site: Site, tenant: str, seq: int, upto: int = 2**63 - 1) -> list[Any]:
    """Return a tenant's next events; fewer than a page are all there are."""
    async with reading(site, tenant) as connection:
        rows = await connection.fetch(NEXT, tenant, seq, upto)
        return await disclosed(connection, tenant, rows)
