"""Credit history as SQL."""

from typing import Any
from uuid import UUID

from chassis.tenancy import Connection

KNOWN = """
SELECT true FROM company_card
WHERE tenant_id = $1 AND company_id = $2 AND created_at IS NOT NULL
"""
HISTORY = """
SELECT event_id, seq, at, by, what, cause, purpose, message, old, new FROM credit_history
WHERE tenant_id = $1 AND company_id = $2 AND seq < $3 ORDER BY seq DESC LIMIT $4
"""


async def is_known(connection: Connection, tenant: str, company_id: UUID) -> bool:
    """Say whether the tenant has such a company."""
    return bool(await connection.fetchval(KNOWN, tenant, str(company_id)))


async def history(
    connection: Connection, tenant: str, company_id: UUID, before: int, limit: int
) -> list[Any]:
    """Return what was said, the latest first."""
    return await connection.fetch(HISTORY, tenant, str(company_id), before, limit)
