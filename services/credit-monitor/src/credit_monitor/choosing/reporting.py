"""Ratings that a tenant reports, all or none: kept, and told to the companies they are about."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from chassis.edge import new_id
from chassis.tenancy import Connection
from contracts.credit_bureaus import ReportedRating, ReportRatings
from credit_monitor import work
from credit_monitor.bureaus.account import key_of
from credit_monitor.bureaus.reported import NAME, part_of, reference_of, written

OLD = """
SELECT * FROM reported_ratings
WHERE tenant_id = $1 AND country || number = ANY ($2)
"""
KEEP = """
INSERT INTO reported_ratings (tenant_id, country, number, scale, grade, score, credit_limit,
  currency, rated_on, changed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (tenant_id, country, number) DO UPDATE SET
  (scale, grade, score, credit_limit, currency, rated_on, changed_at)
  = ($4, $5, $6, $7, $8, $9, $10)
"""
TELL = """
INSERT INTO notices (tenant_id, account, notice_id, company_id, country, fact, old_value, new_value,
  at)
SELECT $1, $2, t.id, l.company_id, t.country, 'other', t.old, t.new, t.at
FROM unnest($3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::timestamp[])
  AS t (id, reference, country, old, new, at)
JOIN listings l ON l.tenant_id = $1 AND l.account = $2 AND l.reference = t.reference
ON CONFLICT DO NOTHING RETURNING company_id
"""
CONCERNED = """
UPDATE subjects SET rated_at = NULL
WHERE tenant_id = $1 AND country || number = ANY ($2) RETURNING company_id
"""


@dataclass(frozen=True, slots=True)
class _Change:
    """A rating that is reported to be another than before."""

    row: ReportedRating
    reference: str
    old: dict[str, Any] | None
    new: dict[str, Any]
    at: datetime


async def report(connection: Connection, command: ReportRatings) -> int:
    """Keep what was reported; returns how many ratings are new or other than before.

    Who is watched is told value by value; who could not be rated before is looked at again.
    """
    tenant, moment = command.tenant, command.at.astimezone(UTC).replace(tzinfo=None)
    references = [reference_of(row.country, row.number) for row in command.rows]
    rows = await connection.fetch(OLD, tenant, references)
    before = {reference_of(row["country"], row["number"]): dict(row) for row in rows}
    changes = _changes(command, before, moment)
    await connection.executemany(KEEP, [_kept(tenant, change) for change in changes])
    told = await _tell(connection, tenant, [change for change in changes if change.old])
    found = [change.reference for change in changes]
    asked = await connection.fetch(CONCERNED, tenant, found)
    concerned = told | {row["company_id"] for row in asked}
    await work.touch_all(connection, tenant, sorted(concerned), new_id())
    return len(changes)


def _changes(
    command: ReportRatings, before: dict[str, dict[str, Any]], moment: datetime
) -> Sequence[_Change]:
    changes = []
    for row in command.rows:
        reference = reference_of(row.country, row.number)
        old = before.get(reference)
        new = {
            "scale": command.scale,
            "grade": row.grade,
            "score": row.score,
            "credit_limit": row.limit.amount if row.limit else None,
            "currency": row.limit.currency if row.limit else None,
        }
        if old is None or any(old[name] != value for name, value in new.items()):
            at = max(moment, old["changed_at"]) if old else moment
            changes.append(_Change(row, reference, old, new, at))
    return changes


def _kept(tenant: str, change: _Change) -> tuple[Any, ...]:
    row = change.row
    return tenant, row.country, row.number, *change.new.values(), row.rated_on, change.at


async def _tell(connection: Connection, tenant: str, changes: Sequence[_Change]) -> set[UUID]:
    """Tell of changes as any bureau would; of a first report there is nothing to tell."""
    rows = await connection.fetch(
        TELL,
        tenant,
        key_of(NAME, tenant),
        [new_id().int >> 65 for _ in changes],
        [change.reference for change in changes],
        [change.row.country for change in changes],
        [written(part_of(change.old or {})) for change in changes],
        [written(part_of(change.new)) for change in changes],
        [change.at for change in changes],
    )
    return {row["company_id"] for row in rows}
