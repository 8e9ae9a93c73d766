"""The table `notices`: what the bureau told of our companies, each once."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from chassis.tenancy import Connection
from credit_monitor.bureaus.account import Account
from credit_monitor.bureaus.port import Bureau, Notice
from credit_monitor.credit.changes import Told

KEPT_DAYS = 30
"""Far longer than the day that the deepest reading of notifications goes back."""
STORE = """
INSERT INTO notices
  (tenant_id, account, notice_id, company_id, country, fact, old_value, new_value, at)
SELECT p.tenant_id, $1, t.id, l.company_id, t.country, t.fact, t.old, t.new, t.at
FROM unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
            $9::timestamp[])
  AS t (id, portfolio, reference, country, fact, old, new, at)
JOIN portfolios p ON p.account = $1 AND p.portfolio = t.portfolio
JOIN listings l ON l.tenant_id = p.tenant_id AND l.account = $1 AND l.portfolio = t.portfolio
  AND l.reference = t.reference
ON CONFLICT (tenant_id, account, notice_id) DO NOTHING
RETURNING tenant_id, company_id
"""


async def store(
    connection: Connection, account: str, notices: Sequence[Notice]
) -> list[tuple[str, UUID]]:
    """Keep what is new; return of which companies there was something new, in a fixed order."""
    rows = await connection.fetch(
        STORE,
        account,
        [notice.id for notice in notices],
        [notice.portfolio for notice in notices],
        [notice.reference for notice in notices],
        [notice.country for notice in notices],
        [notice.fact for notice in notices],
        [notice.old for notice in notices],
        [notice.new for notice in notices],
        [notice.at for notice in notices],
    )
    return [(row["tenant_id"], row["company_id"]) for row in rows]


async def open_ones(
    connection: Connection, account: Account, tenant: str, company_id: UUID
) -> list[Told]:
    """Return what was told of a company and is not settled."""
    rows = await connection.fetch(
        "SELECT * FROM notices WHERE tenant_id = $1 AND company_id = $2 AND account = $3"
        " AND NOT settled",
        tenant,
        company_id,
        account.key,
    )
    return [_told(account.bureau, row) for row in rows]


def _told(bureau: Bureau, row: Any) -> Told:
    return Told(
        id=row["notice_id"],
        at=row["at"],
        fact=row["fact"],
        old=bureau.part(row["fact"], row["old_value"], row["country"]),
        new=bureau.part(row["fact"], row["new_value"], row["country"]),
    )


async def close(connection: Connection, account: str, tenant: str, ids: Iterable[int]) -> None:
    """Note that these are settled."""
    await connection.execute(
        "UPDATE notices SET settled = true"
        " WHERE tenant_id = $1 AND account = $2 AND notice_id = ANY($3)",
        tenant,
        account,
        list(ids),
    )


async def prune(connection: Connection, account: str) -> None:
    """Forget what can no longer come again."""
    await connection.execute(
        "DELETE FROM notices WHERE account = $1 AND settled"
        " AND received_at < now() - make_interval(days => $2)",
        account,
        KEPT_DAYS,
    )
