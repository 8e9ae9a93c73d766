"""The tables `alert_nights` and `alert_moves`: what a bureau's model moved, one alert a version.

However many companies a new version of the model moves, and however long it takes, they are counted
in one place. When nothing more was heard for a while, it is told; what comes later makes the same
alert grow.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from chassis.edge import derived_id
from chassis.reaction import Happened
from chassis.tenancy import Connection
from contracts.credit_monitor import CreditRatingChanged

OPEN_HOURS_MAX = 6
"""A model that moves companies all day long is told of by then, and grows afterwards."""
LATE_DAYS = 7
"""Whoever moves so long after a version came moves by itself: it was only not rated anew before."""
PAST = """
SELECT alert_id FROM alert_nights
WHERE tenant_id = $1 AND begun_at < $2::timestamptz - make_interval(days => $3)
"""
OPEN = """
INSERT INTO alert_nights (tenant_id, alert_id, bureau, model, begun_at, opened_at, settles_at,
                          correlation, causation)
VALUES ($1, $2, $3, $4, $5, $5, $6, $7, $8)
ON CONFLICT (tenant_id, alert_id) DO UPDATE SET
  opened_at = CASE WHEN alert_nights.settles_at = 'infinity' THEN $5
                   ELSE alert_nights.opened_at END,
  settles_at = CASE WHEN alert_nights.settles_at = 'infinity' THEN $6
                    ELSE least($6, alert_nights.opened_at + make_interval(hours => $9)) END
"""
MOVE = """
INSERT INTO alert_moves (tenant_id, alert_id, company_id)
SELECT $1, $2, unnest($3::uuid[]) ON CONFLICT DO NOTHING
"""
DUE = """
SELECT tenant_id, alert_id, bureau, model, told, correlation, causation FROM alert_nights
WHERE settles_at <= $1 ORDER BY settles_at LIMIT 1 FOR UPDATE SKIP LOCKED
"""
FORGET = """
DELETE FROM alert_moves m USING alert_nights n
WHERE n.tenant_id = $1 AND n.begun_at < $2::timestamptz - make_interval(days => $3)
  AND m.tenant_id = n.tenant_id AND m.alert_id = n.alert_id
"""
"""Of a night that is over nobody is counted any more."""
COUNT = "SELECT count(*) FROM alert_moves WHERE tenant_id = $1 AND alert_id = $2"
OWNERS = """
SELECT DISTINCT p.user_id FROM alert_moves m
JOIN alert_companies c ON c.tenant_id = m.tenant_id AND c.company_id = m.company_id
CROSS JOIN unnest(c.owners) AS owner
JOIN alert_people p ON p.tenant_id = m.tenant_id AND p.user_id = owner AND p.active
WHERE m.tenant_id = $1 AND m.alert_id = $2 ORDER BY p.user_id
"""


@dataclass(frozen=True, slots=True)
class Night:
    """A change of a bureau's model that is to be told; `told` is how many companies were so far."""

    tenant_id: str
    alert_id: UUID
    bureau: str
    model: str | None
    told: int
    correlation: UUID
    causation: UUID


def night_of(tenant: str, event: CreditRatingChanged, at: datetime) -> UUID:
    """Return the id of the one alert that a model's change is told by.

    Where the bureau names no version, a day's changes go together.
    """
    version = event.new.model or at.date().isoformat()
    return derived_id(tenant, "model-changed", event.new.bureau, version)


async def late_among(
    connection: Connection, tenant: str, moved: Sequence[Happened], at: datetime
) -> list[Happened]:
    """Return those that move long after their bureau's model did: they are told one by one."""
    rows = await connection.fetch(PAST, tenant, at, LATE_DAYS)
    past = {row["alert_id"] for row in rows}
    return [one for one in moved if _night(tenant, one) in past]


def _night(tenant: str, happened: Happened) -> UUID:
    assert isinstance(happened.event, CreditRatingChanged)  # noqa: S101 - the caller's choice
    return night_of(tenant, happened.event, happened.envelope.at)


async def note(
    connection: Connection, tenant: str, heard: Sequence[Happened], at: datetime, quiet: float
) -> None:
    """Count companies that the bureau's model has moved."""
    by_night: dict[UUID, list[Happened]] = {}
    for happened in heard:
        by_night.setdefault(_night(tenant, happened), []).append(happened)
    for night, moved in sorted(by_night.items()):
        first = moved[0]
        assert isinstance(first.event, CreditRatingChanged)  # noqa: S101 - as above
        await connection.execute(
            OPEN,
            tenant,
            night,
            first.event.new.bureau,
            first.event.new.model,
            at,
            at + timedelta(seconds=quiet),
            first.envelope.correlation,
            first.envelope.id,
            OPEN_HOURS_MAX,
        )
        companies = [happened.event.stream_id for happened in moved]
        await connection.execute(MOVE, tenant, night, companies)


async def take_due(connection: Connection, at: datetime) -> Night | None:
    """Return one that has settled, held until the end of the transaction."""
    row = await connection.fetchrow(DUE, at)
    return Night(**row) if row else None


async def counted(connection: Connection, night: Night) -> tuple[int, tuple[UUID, ...]]:
    """Return how many companies it moved, and whom they concern."""
    count = await connection.fetchval(COUNT, night.tenant_id, night.alert_id)
    rows = await connection.fetch(OWNERS, night.tenant_id, night.alert_id)
    return count, tuple(row["user_id"] for row in rows)


async def close(connection: Connection, night: Night, count: int, at: datetime) -> None:
    """Note that it was told of so many; it is told again when there are more."""
    await connection.execute(FORGET, night.tenant_id, at, 2 * LATE_DAYS)
    await connection.execute(
        "UPDATE alert_nights SET settles_at = 'infinity', told = $3"
        " WHERE tenant_id = $1 AND alert_id = $2",
        night.tenant_id,
        night.alert_id,
        count,
    )
