"""Credit history as SQL."""

from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.tenancy import Connection
from gateway.disclosure import private_among

KNOWN = """
SELECT true FROM company_card
WHERE tenant_id = $1 AND company_id = $2 AND created_at IS NOT NULL
"""
IDENTITY = """
SELECT (known -> 'identity')::text FROM company_card
WHERE tenant_id = $1 AND company_id = $2 AND created_at IS NOT NULL
"""
COLUMNS = (
    "event_id, seq, at, by, what, cause, purpose, message, check_id, asked_by, bureau, shown,"
    " old, new"
)
HISTORY = f"""
SELECT {COLUMNS} FROM credit_history
WHERE tenant_id = $1 AND company_id = $2 AND seq < $3 AND at <= $5
  AND (check_id IS NULL OR check_id NOT IN (
    SELECT x.check_id FROM credit_history x
    WHERE x.tenant_id = $1 AND x.company_id = $2
      AND x.what = 'CreditReportExpired' AND x.cause = 'ENQUIRY'))
ORDER BY seq DESC LIMIT $4
"""
"""Who asked about a person is forgotten after a year, and that it was forgotten with it."""
POINTS_MAX = 1_000
"""A company rated every day for three years; a chart is no wider."""
CHUNK = 2_000
"""Ratings read at once: some tens of milliseconds."""
WHAT_IF_TIMEOUT = "3s"
RATINGS = f"""
SELECT seq, at, what, cause, new FROM credit_history
WHERE tenant_id = $1 AND company_id = $2 AND new IS NOT NULL
  AND what <> 'CreditReportCorrected' AND at <= $4
  AND at >= coalesce((SELECT max(at) FROM credit_history
                      WHERE tenant_id = $1 AND company_id = $2 AND new IS NOT NULL
                        AND what <> 'CreditReportCorrected' AND at <= $3), '-infinity')
ORDER BY seq DESC LIMIT {POINTS_MAX + 1}
"""
"""With the last one before: that is how it was rated when the time begins."""
PAST = f"""
SELECT h.company_id, h.seq, h.at, coalesce(c.new, h.new)::text AS new, l.name
FROM credit_history h
JOIN company_list l ON l.tenant_id = h.tenant_id AND l.company_id = h.company_id
LEFT JOIN LATERAL (
  SELECT x.new FROM credit_history x
  WHERE x.tenant_id = h.tenant_id AND x.company_id = h.company_id
    AND x.what = 'CreditReportCorrected' AND x.old = h.new LIMIT 1) c ON true
WHERE h.tenant_id = $1 AND (h.company_id, h.seq) > ($4, $5) AND h.new IS NOT NULL
  AND h.what IN ('CompanyRated', 'CreditRatingChanged', 'CreditCheckAnswered')
  AND ($2::timestamptz IS NULL OR h.at >= $2) AND h.at <= $3
ORDER BY h.company_id, h.seq LIMIT {CHUNK}
"""
POLICY = "SELECT policy::text FROM credit_policies WHERE tenant_id = $1"
CORRECTIONS = """
SELECT old, new FROM credit_history
WHERE tenant_id = $1 AND company_id = $2 AND what = 'CreditReportCorrected' ORDER BY seq
"""


async def is_known(connection: Connection, tenant: str, company_id: UUID) -> bool:
    """Say whether the tenant has such a company."""
    return bool(await connection.fetchval(KNOWN, tenant, str(company_id)))


async def identity_of(connection: Connection, tenant: str, company_id: UUID) -> str | None:
    """Return which company it is, with what is personal sealed."""
    text: str | None = await connection.fetchval(IDENTITY, tenant, str(company_id))
    return text


async def history(  # noqa: PLR0917 - a page of one company's, as of a moment
    connection: Connection,
    tenant: str,
    company_id: UUID,
    before: int,
    limit: int,
    as_of: datetime,
) -> list[Any]:
    """Return what was said, the latest first."""
    return await connection.fetch(HISTORY, tenant, str(company_id), before, limit, as_of)


async def corrections(connection: Connection, tenant: str, company_id: UUID) -> dict[str, str]:
    """Return what was said wrongly, and what is right instead."""
    rows = await connection.fetch(CORRECTIONS, tenant, str(company_id))
    return {row["old"]: row["new"] for row in rows}


async def ratings(
    connection: Connection,
    tenant: str,
    company_id: UUID,
    since: datetime | None,
    until: datetime,
) -> list[Any]:
    """Return how a company was rated, the latest first, and one more than are shown."""
    return await connection.fetch(RATINGS, tenant, str(company_id), since, until)


async def is_private(connection: Connection, tenant: str, company_id: UUID) -> bool:
    """Say whether a company's form lets no value be shown."""
    return company_id in await private_among(connection, tenant, [company_id])
