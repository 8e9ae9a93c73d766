"""The table `alerts_open`: alerts that nobody has acknowledged yet."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.reaction import Happened
from chassis.tenancy import Connection
from contracts.credit_alerts import (
    AlertSettingsSet,
    CreditAlertAcknowledged,
    CreditAlertEscalated,
    CreditAlertRaised,
)
from contracts.credit_policy import CreditPolicySet
from credit_monitor.alerts import people

KEEP = """
INSERT INTO alerts_open (tenant_id, alert_id, raised_at, escalate_at, correlation, causation)
VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING
"""
DROP = "DELETE FROM alerts_open WHERE tenant_id = $1 AND alert_id = $2"
DUE = """
SELECT tenant_id, alert_id, correlation, causation FROM alerts_open
WHERE escalate_at <= $1 ORDER BY escalate_at LIMIT 1 FOR UPDATE SKIP LOCKED
"""


@dataclass(frozen=True, slots=True)
class Unseen:
    """An alert that nobody has acknowledged in time."""

    tenant_id: str
    alert_id: UUID
    correlation: UUID
    causation: UUID


async def learn(happened: Happened, tenant: str) -> None:
    """Take in what became of an alert."""
    connection, envelope = happened.connection, happened.envelope
    match happened.event:
        case CreditAlertRaised() as event:
            rules = await people.rules(connection, tenant)
            until = rules.escalates_at(envelope.at)
            ids = (envelope.correlation, envelope.id)
            await connection.execute(KEEP, tenant, event.alert_id, envelope.at, until, *ids)
        case CreditAlertAcknowledged() | CreditAlertEscalated() as event:
            await connection.execute(DROP, tenant, event.alert_id)
        case AlertSettingsSet() | CreditPolicySet():
            await _reckon_anew(connection, tenant)
        case _:
            return


async def _reckon_anew(connection: Connection, tenant: str) -> None:
    """Let what is open be escalated by the tenant's new rules."""
    rules = await people.rules(connection, tenant)
    rows = await connection.fetch(
        "SELECT alert_id, raised_at FROM alerts_open WHERE tenant_id = $1"
        " ORDER BY alert_id FOR UPDATE",
        tenant,
    )
    await connection.executemany(
        "UPDATE alerts_open SET escalate_at = $3 WHERE tenant_id = $1 AND alert_id = $2",
        [(tenant, row["alert_id"], rules.escalates_at(row["raised_at"])) for row in rows],
    )


async def take_due(connection: Connection, at: datetime) -> Unseen | None:
    """Return one that nobody has acknowledged in time, held until the end of the transaction."""
    row = await connection.fetchrow(DUE, at)
    return Unseen(**row) if row else None


async def let_go(connection: Connection, unseen: Unseen) -> None:
    """Note that it is seen to."""
    await connection.execute(DROP, unseen.tenant_id, unseen.alert_id)
