"""The timeline as SQL: a stream's history, and the causes it goes back to."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from chassis.tenancy import Connection
from gateway.disclosure import disclosed
from gateway.happenings import COLUMNS

DEPTH_MAX = 20
"""The longest chain there is goes over six events; this ends what should not be."""

KNOWN = """
SELECT true FROM company_card
WHERE tenant_id = $1 AND company_id = $2 AND created_at IS NOT NULL
"""
STREAM = f"""
SELECT {COLUMNS} FROM history
WHERE tenant_id = $1 AND stream_id = $2 AND seq < $3 AND id NOT IN (
  SELECT c.event_id::uuid FROM credit_history c JOIN credit_history x
    ON x.tenant_id = c.tenant_id AND x.company_id = c.company_id AND x.check_id = c.check_id
  WHERE c.tenant_id = $1 AND c.company_id = $5
    AND x.what = 'CreditReportExpired' AND x.cause = 'ENQUIRY')
ORDER BY seq DESC LIMIT $4
"""
"""Who asked about a person is forgotten after a year, here as in the company's credit."""
CAUSES = f"""
WITH RECURSIVE chain AS (
  SELECT id, type, category, stream_id, at, by, causation, 1 AS depth FROM history
  WHERE tenant_id = $1 AND id = ANY($2)
  UNION
  SELECT h.id, h.type, h.category, h.stream_id, h.at, h.by, h.causation, chain.depth + 1
  FROM chain JOIN history h ON h.tenant_id = $1 AND h.id = chain.causation
  WHERE chain.depth < {DEPTH_MAX}
)
SELECT DISTINCT ON (id) id, type, category, stream_id, at, by, causation FROM chain
"""


async def is_known(connection: Connection, tenant: str, company_id: UUID) -> bool:
    """Say whether the tenant has such a company."""
    return bool(await connection.fetchval(KNOWN, tenant, str(company_id)))


async def happened(
    connection: Connection, tenant: str, company_id: UUID, before: int, limit: int
) -> list[Any]:
    """Return what happened to a company, the latest first, as far as it may be shown."""
    rows = await connection.fetch(STREAM, tenant, company_id, before, limit, str(company_id))
    return await disclosed(connection, tenant, rows)


async def causes(
    connection: Connection, tenant: str, ids: Iterable[UUID | None]
) -> dict[UUID, Any]:
    """Return the events that these are, and all that led to them."""
    wanted = [one for one in set(ids) if one]
    if not wanted:
        return {}
    rows = await connection.fetch(CAUSES, tenant, wanted)
    return {row["id"]: row for row in rows}
