"""The tables `alert_people` and `alert_settings`: who may be told, and by which rules."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from chassis import codec
from chassis.reaction import Happened
from chassis.tenancy import Connection
from contracts.companies.subject import SubjectErased
from contracts.companies.user import Role, UserAdded, UserChanged
from contracts.credit_alerts import (
    DIGEST_HOUR,
    ESCALATE_AFTER_HOURS,
    AlertPreferencesSet,
    AlertSettingsSet,
)
from contracts.values import Sealed
from credit_monitor.alerts.hours import after_working_hours
from credit_monitor.policy import policies

MANAGERS = [Role.ADMIN.value, Role.OPERATOR.value]
"""Whom alerts are escalated to where a tenant has named nobody."""
PUT = """
INSERT INTO alert_people AS p (tenant_id, user_id, role, active, name, email)
VALUES ($1, $2, coalesce($3, ''), coalesce($4, false), $5, $6)
ON CONFLICT (tenant_id, user_id) DO UPDATE SET role = coalesce($3, p.role),
  active = coalesce($4, p.active), name = coalesce($5, p.name), email = coalesce($6, p.email)
"""
PREFER = """
INSERT INTO alert_people (tenant_id, user_id, mail, digest_hour, language)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (tenant_id, user_id) DO UPDATE SET (mail, digest_hour, language) = ($3, $4, $5)
"""
SET_UP = """
INSERT INTO alert_settings (tenant_id, escalate_after_hours, escalate_to) VALUES ($1, $2, $3)
ON CONFLICT (tenant_id) DO UPDATE SET (escalate_after_hours, escalate_to) = ($2, $3)
"""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may be told; `email` is sealed under their own key."""

    user_id: UUID
    active: bool
    email: Sealed | None
    name: Sealed | None
    mail: str = "AT_ONCE"
    digest_hour: int = DIGEST_HOUR
    language: str = "sv"


@dataclass(frozen=True, slots=True)
class Rules:
    """How a tenant's alerts are dealt with."""

    timezone: str
    escalate_after_hours: int = ESCALATE_AFTER_HOURS
    escalate_to: tuple[UUID, ...] = ()

    def escalates_at(self, raised_at: datetime) -> datetime:
        """Return when an alert is escalated unless somebody acknowledges it."""
        return after_working_hours(raised_at, self.escalate_after_hours, self.timezone)


async def learn(happened: Happened, tenant: str) -> None:
    """Take in a fact about a person, or about how they want to hear."""
    connection = happened.connection
    match happened.event:
        case UserAdded() | UserChanged() as event:
            said = codec.parse(happened.envelope.data.encode())
            active = True if isinstance(event, UserAdded) else event.active
            sealed = [
                orjson.dumps(said[f]).decode() if f in said else None for f in ("name", "email")
            ]
            role = event.role.value if event.role else None
            await connection.execute(PUT, tenant, event.user_id, role, active, *sealed)
        case SubjectErased() as event:
            await connection.execute(
                "DELETE FROM alert_people WHERE tenant_id = $1 AND user_id = $2",
                tenant,
                event.subject_id,
            )
        case AlertPreferencesSet() as event:
            wish = (event.mail, event.digest_hour, event.language)
            await connection.execute(PREFER, tenant, event.user_id, *wish)
        case AlertSettingsSet() as event:
            rules = (event.escalate_after_hours, list(event.escalate_to))
            await connection.execute(SET_UP, tenant, *rules)
        case _:
            return


async def rules(connection: Connection, tenant: str) -> Rules:
    """Return what a tenant has decided, or what holds until it does; its zone is its policy's."""
    zone = (await policies.load(connection, tenant)).time_zone
    row = await connection.fetchrow("SELECT * FROM alert_settings WHERE tenant_id = $1", tenant)
    if row is None:
        return Rules(zone)
    return Rules(zone, row["escalate_after_hours"], tuple(row["escalate_to"]))


async def active_of(connection: Connection, tenant: str, wanted: Iterable[UUID]) -> set[UUID]:
    """Return those who can be told; who was erased or let in no longer is not among them."""
    rows = await connection.fetch(
        "SELECT user_id FROM alert_people WHERE tenant_id = $1 AND user_id = ANY ($2) AND active",
        tenant,
        list(wanted),
    )
    return {row["user_id"] for row in rows}


async def escalated_to(connection: Connection, tenant: str) -> tuple[UUID, ...]:
    """Return who is told of what nobody sees to: whom the tenant named, or who manages it."""
    named = (await rules(connection, tenant)).escalate_to
    found = await active_of(connection, tenant, named)
    if found:
        return tuple(sorted(found))
    rows = await connection.fetch(
        "SELECT user_id FROM alert_people WHERE tenant_id = $1 AND active AND role = ANY ($2)"
        " ORDER BY user_id",
        tenant,
        MANAGERS,
    )
    return tuple(row["user_id"] for row in rows)


async def find(connection: Connection, tenant: str, user_id: UUID) -> Person | None:
    """Return one person."""
    row = await connection.fetchrow(
        "SELECT user_id, active, mail, digest_hour, language, name::text AS name,"
        " email::text AS email FROM alert_people WHERE tenant_id = $1 AND user_id = $2",
        tenant,
        user_id,
    )
    return _person(row) if row else None


def _person(row: Any) -> Person:
    def sealed(field: str) -> Sealed | None:
        return Sealed.model_validate_json(row[field]) if row[field] else None

    return Person(
        user_id=row["user_id"],
        active=row["active"],
        email=sealed("email"),
        name=sealed("name"),
        mail=row["mail"],
        digest_hour=row["digest_hour"],
        language=row["language"],
    )
