"""The table `reconciliations`: which nights are done, who does one now, and what we expect."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson

from chassis.tenancy import Connection, Pool, tenant_transaction
from contracts.values import CreditRating
from credit_monitor.leases import LEASE_SECONDS, LeaseLost
from credit_monitor.reconciling.reconcile import Drift, Expected, Place, night_of

PAGE = 2_000
"""Companies asked about at once: well within the time that a query has."""
FIELDS = ("bureau", "reference", "band", "grade", "score", "limit", "rated_on")
"""What of a rating is compared; the rest of it may be sealed."""
OPEN = """
INSERT INTO reconciliations (tenant_id, bureau, slot) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING
"""
WAITING = """
SELECT tenant_id, slot, asked_at FROM reconciliations
WHERE bureau = $1 AND account_of(tenant_id) = $1 AND NOT paused(bureau, tenant_id)
  AND next_at <= now() AND (leased_until IS NULL OR leased_until < now())
ORDER BY asked_at NULLS LAST, slot, tenant_id
"""
LEASE = """
UPDATE reconciliations SET fence = fence + 1, leased_until = now() + make_interval(secs => $3)
WHERE tenant_id = $1 AND bureau = $2 AND slot = $4
  AND next_at <= now() AND (leased_until IS NULL OR leased_until < now())
RETURNING fence, failures, asked_at
"""
MINE = "tenant_id = $1 AND bureau = $2 AND fence = $3"
EXPECTED = """
SELECT c.company_id, l.portfolio, l.reference, l.state,
  (SELECT e.type LIKE 'monitoring-started.%' FROM events e
   WHERE e.tenant_id = $1 AND e.stream_id = c.company_id AND e.category = 'credit'
     AND e.type LIKE 'monitoring-%' ORDER BY e.version DESC LIMIT 1) AS watched,
  (SELECT coalesce(e.data -> 'new', e.data -> 'rating')::text FROM events e
   WHERE e.tenant_id = $1 AND e.stream_id = c.company_id AND e.category = 'credit'
     AND (e.type LIKE 'company-rated.%' OR e.type LIKE 'credit-rating-changed.%')
   ORDER BY e.version DESC LIMIT 1) AS rating
FROM (SELECT company_id FROM subjects
      WHERE tenant_id = $1 AND rated_key IS NOT NULL AND company_id > $2
      UNION SELECT company_id FROM listings WHERE tenant_id = $1 AND company_id > $2
      ORDER BY company_id LIMIT $3) c
LEFT JOIN listings l ON l.tenant_id = $1 AND l.company_id = c.company_id
ORDER BY c.company_id
"""


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """One comparison; whoever has raised the fence since has taken over."""

    tenant: str
    bureau: str
    slot: date
    fence: int
    failures: int
    asked_at: datetime | None

    @property
    def mine(self) -> tuple[str, str, int]:
        """Return what the row must still be like for us to write."""
        return self.tenant, self.bureau, self.fence


async def open_all(pool: Pool, bureau: str, moment: datetime) -> None:
    """See that every portfolio is reconciled, from the night to come on."""
    rows = await pool.fetch(
        "SELECT tenant_id FROM portfolios p"
        " WHERE account = $1 AND account_of(tenant_id) = $1 AND NOT EXISTS"
        " (SELECT FROM reconciliations r WHERE (r.tenant_id, r.bureau) = (p.tenant_id, p.account))",
        bureau,
    )
    for row in rows:
        tenant = row["tenant_id"]
        await pool.execute(OPEN, tenant, bureau, night_of(moment, tenant, bureau))


async def lease(pool: Pool, bureau: str, moment: datetime) -> Reconciliation | None:
    """Take one in hand that is due, or asked for, and in nobody else's hands."""
    for row in await pool.fetch(WAITING, bureau):
        tenant, last = row["tenant_id"], row["slot"]
        night = max(last, night_of(moment, tenant, bureau))
        if night == last and row["asked_at"] is None:
            continue
        taken = await pool.fetchrow(LEASE, tenant, bureau, LEASE_SECONDS, last)
        if taken is not None:
            return Reconciliation(
                tenant, bureau, night, taken["fence"], taken["failures"], taken["asked_at"]
            )
    return None


async def extend(pool: Pool, held: Reconciliation) -> None:
    """Keep it in hand a little longer."""
    await pool.execute(
        "UPDATE reconciliations SET leased_until = now() + make_interval(secs => $4)"
        f" WHERE {MINE} AND leased_until IS NOT NULL",
        *held.mine,
        LEASE_SECONDS,
    )


@asynccontextmanager
async def holding(pool: Pool, held: Reconciliation) -> AsyncIterator[Connection]:
    """Open a transaction in which nobody can take it from us; raises `LeaseLost` if it was."""
    async with tenant_transaction(pool, held.tenant) as connection:
        mine = await connection.fetchval(
            f"SELECT true FROM reconciliations WHERE {MINE} FOR UPDATE", *held.mine
        )
        if not mine:
            raise LeaseLost
        yield connection


async def expected(pool: Pool, tenant: str, portfolio: str) -> dict[UUID, Expected]:
    """Return every company that the bureau was asked about, as we have it."""
    found: dict[UUID, Expected] = {}
    last = UUID(int=0)
    while True:
        async with tenant_transaction(pool, tenant) as connection:
            rows = await connection.fetch(EXPECTED, tenant, last, PAGE)
        found |= {row["company_id"]: _expected(row, portfolio) for row in rows}
        if len(rows) < PAGE:
            return found
        last = rows[-1]["company_id"]


def _expected(row: Any, portfolio: str) -> Expected:
    rating = orjson.loads(row["rating"]) if row["rating"] else None
    state: Place = row["state"] or "no"
    return Expected(
        watched=bool(row["watched"]),
        # Who is listed elsewhere is to be listed here, or nowhere: that is decided.
        listed=state if row["portfolio"] in {None, portfolio} else "maybe",
        reference=row["reference"],
        rating=CreditRating.model_validate({f: rating[f] for f in FIELDS if f in rating})
        if rating
        else None,
    )


async def doubt(connection: Connection, tenant: str, companies: Sequence[UUID]) -> None:
    """Say of companies that are missing in the portfolio that they are listed perhaps."""
    await connection.execute(
        "UPDATE listings SET state = 'maybe' WHERE tenant_id = $1 AND company_id = ANY ($2)",
        tenant,
        companies,
    )


async def finish(connection: Connection, held: Reconciliation, drift: Drift) -> None:
    """Keep that it is done, and where the two differed; a wish made since stays one."""
    await connection.execute(
        "UPDATE reconciliations SET leased_until = NULL, failures = 0, trouble = NULL,"
        " done_at = now(), next_at = now(), slot = greatest(slot, $4),"
        " asked_at = CASE WHEN asked_at = $5 THEN NULL ELSE asked_at END, members = $6,"
        " missing = $7, leftover = $8, strangers = $9, moved = $10, undecided = $11"
        f" WHERE {MINE}",
        *held.mine,
        held.slot,
        held.asked_at,
        drift.members,
        *drift.counts.values(),
    )


async def put_off(pool: Pool, held: Reconciliation, seconds: float, why: str) -> None:
    """Try again later, and say why."""
    await pool.execute(
        "UPDATE reconciliations SET leased_until = NULL, failures = least(failures + 1, 10),"
        f" next_at = now() + make_interval(secs => $4), trouble = $5 WHERE {MINE}",
        *held.mine,
        seconds,
        why,
    )
