"""The tables `mails` and `mail_items`: what is to be sent, leased to one process each.

A mail is queued until just before its text is handed over, and then sending: whoever finds it so
after a death cannot know whether the server took it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis import codec
from chassis.edge import derived_id
from chassis.tenancy import Connection, Pool, tenant_transaction
from contracts.credit_alerts import CreditAlertRaised
from credit_monitor.alerts import companies
from credit_monitor.leases import LEASE_SECONDS, LeaseLost
from credit_monitor.mail.letters import Item

KEPT_DAYS = 90
"""As long as anybody asks who was told of what; what is remembered longer is the alert itself."""
PUT = """
INSERT INTO mails (tenant_id, mail_id, user_id, digest, due_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (tenant_id, mail_id) DO UPDATE SET due_at = mails.due_at
WHERE mails.state = 'queued' AND mails.attempts = 0
RETURNING true
"""
LEASE = """
WITH due AS MATERIALIZED (
  SELECT tenant_id, mail_id FROM mails
  WHERE state IN ('queued', 'sending') AND due_at <= $1
    AND (leased_until IS NULL OR leased_until < now())
  ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED
)
UPDATE mails m SET fence = m.fence + 1, leased_until = now() + make_interval(secs => $3) FROM due
WHERE m.tenant_id = due.tenant_id AND m.mail_id = due.mail_id
RETURNING m.tenant_id, m.mail_id, m.user_id, m.digest, m.state, m.queued_at, m.attempts, m.doubts,
          m.fence
"""
MINE = "tenant_id = $1 AND mail_id = $2 AND fence = $3"


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail in hand; valid for as long as nobody else has its fence raised."""

    tenant_id: str
    mail_id: UUID
    user_id: UUID
    digest: bool
    state: str
    queued_at: datetime
    attempts: int
    doubts: int
    fence: int

    @property
    def mine(self) -> tuple[str, UUID, int]:
        """Return what the row must still be like for us to write."""
        return self.tenant_id, self.mail_id, self.fence


def mail_of(alert_id: UUID, user_id: UUID, *, escalated: bool) -> UUID:
    """Return the id of the mail that tells one person of one alert."""
    return derived_id(alert_id, "mail", user_id, "escalated" if escalated else "raised")


def digest_of(user_id: UUID, day: str) -> UUID:
    """Return the id of a person's digest of one day."""
    return derived_id(user_id, "digest", day)


async def is_told(
    connection: Connection, tenant: str, user_id: UUID, alert_id: UUID, *, escalated: bool
) -> bool:
    """Say whether some mail tells this person of this alert already."""
    return bool(
        await connection.fetchval(
            "SELECT true FROM mail_items WHERE tenant_id = $1 AND user_id = $2 AND alert_id = $3"
            " AND escalated = $4",
            tenant,
            user_id,
            alert_id,
            escalated,
        )
    )


async def put(
    connection: Connection,
    tenant: str,
    mail_id: UUID,
    *,
    user_id: UUID,
    due: datetime,
    digest: bool,
) -> bool:
    """Have a mail sent when it is due; says whether it can still tell something more."""
    return bool(await connection.fetchval(PUT, tenant, mail_id, user_id, digest, due))


async def add(
    connection: Connection,
    tenant: str,
    mail_id: UUID,
    *,
    user_id: UUID,
    said: CreditAlertRaised,
    at: datetime,
    escalated: bool,
) -> None:
    """Let a mail tell of an alert."""
    await connection.execute(
        "INSERT INTO mail_items (tenant_id, user_id, alert_id, escalated, mail_id, said, told_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
        tenant,
        user_id,
        said.alert_id,
        escalated,
        mail_id,
        codec.to_bytes(said).decode(),
        at,
    )


async def remember(connection: Connection, tenant: str, said: CreditAlertRaised) -> None:
    """Keep what an alert says, for those who are told of it later."""
    await connection.execute(
        "INSERT INTO mail_alerts (tenant_id, alert_id, said) VALUES ($1, $2, $3)"
        " ON CONFLICT (tenant_id, alert_id) DO UPDATE SET said = excluded.said",
        tenant,
        said.alert_id,
        codec.to_bytes(said).decode(),
    )


async def remembered(
    connection: Connection, tenant: str, alert_id: UUID
) -> CreditAlertRaised | None:
    """Return what an alert says, if it was heard of."""
    text = await connection.fetchval(
        "SELECT said::text FROM mail_alerts WHERE tenant_id = $1 AND alert_id = $2",
        tenant,
        alert_id,
    )
    return CreditAlertRaised.model_validate_json(text) if text else None


async def lease(pool: Pool, at_most: int, at: datetime) -> list[Mail]:
    """Take mails in hand that are due and in nobody else's."""
    return [Mail(**row) for row in await pool.fetch(LEASE, at, at_most, LEASE_SECONDS)]


async def extend(pool: Pool, mail: Mail) -> None:
    """Keep a mail in hand a little longer, never for a shorter time than it is held for."""
    await pool.execute(
        "UPDATE mails SET leased_until ="
        f" greatest(leased_until, now() + make_interval(secs => $4)) WHERE {MINE}",
        *mail.mine,
        LEASE_SECONDS,
    )


async def items(pool: Pool, mail: Mail) -> list[Item]:
    """Return what a mail tells, the earliest first."""
    async with tenant_transaction(pool, mail.tenant_id) as connection:
        rows = await connection.fetch(
            "SELECT said::text AS said, escalated FROM mail_items"
            " WHERE tenant_id = $1 AND user_id = $2 AND mail_id = $3 ORDER BY told_at, alert_id",
            mail.tenant_id,
            mail.user_id,
            mail.mail_id,
        )
        return [await _item(connection, mail.tenant_id, row) for row in rows]


async def _item(connection: Connection, tenant: str, row: Any) -> Item:
    said = CreditAlertRaised.model_validate_json(row["said"])
    company = (
        await companies.name_of(connection, tenant, said.company_id) if said.company_id else ""
    )
    return Item(said, company, row["escalated"])


async def begin(pool: Pool, mail: Mail, seconds: float) -> None:
    """Note that the text is about to be handed over, and keep others away until that is over.

    Raises `LeaseLost` when somebody else has the mail: then nothing is handed over.
    """
    done = await pool.execute(
        "UPDATE mails SET state = 'sending', doubts = doubts + 1,"
        f" leased_until = now() + make_interval(secs => $4) WHERE {MINE}"
        " AND state IN ('queued', 'sending')",
        *mail.mine,
        seconds,
    )
    if done.endswith(" 0"):
        raise LeaseLost


async def end(pool: Pool, mail: Mail, state: str, at: datetime, reason: str | None = None) -> None:
    """Note that a mail was sent, or that it never will be and why."""
    await pool.execute(
        "UPDATE mails SET state = $4, ended_at = $5, reason = $6, leased_until = NULL"
        f" WHERE {MINE}",
        *mail.mine,
        state,
        at,
        reason,
    )


async def put_off(pool: Pool, mail: Mail, until: datetime, reason: str, *, doubtful: bool) -> None:
    """Try again later; what the server has certainly not taken is as if never begun."""
    await pool.execute(
        "UPDATE mails SET attempts = attempts + 1, due_at = $4, reason = $5, leased_until = NULL,"
        " state = CASE WHEN $6 THEN state ELSE 'queued' END,"
        f" doubts = CASE WHEN $6 THEN doubts ELSE $7 END WHERE {MINE}",
        *mail.mine,
        until,
        reason,
        doubtful,
        mail.doubts,
    )


async def release(pool: Pool, mail: Mail) -> None:
    """Let somebody else take it, or us when the server is there again."""
    await pool.execute(f"UPDATE mails SET leased_until = NULL WHERE {MINE}", *mail.mine)


async def prune(pool: Pool, at: datetime) -> None:
    """Forget how long ago what was told to whom."""
    await pool.execute(
        "WITH gone AS (DELETE FROM mails WHERE ended_at < $1::timestamptz"
        " - make_interval(days => $2) RETURNING tenant_id, mail_id)"
        " DELETE FROM mail_items i USING gone g"
        " WHERE i.tenant_id = g.tenant_id AND i.mail_id = g.mail_id",
        at,
        KEPT_DAYS,
    )
