"""From when to when somebody looks: moments with their zone, or days by the tenant's own clock."""

from datetime import date, datetime, time
from typing import TypeAlias
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime

from chassis.edge import now
from chassis.tenancy import Connection
from contracts.credit_policy import CreditPolicy
from gateway.credit import queries

Bound: TypeAlias = AwareDatetime | date
"""A moment, or a day: from its beginning, and up to its end."""


async def policy_of(connection: Connection, tenant: str) -> CreditPolicy:
    """Return a tenant's policy; what nobody decided is as it comes."""
    text = await connection.fetchval(queries.POLICY, tenant)
    return CreditPolicy.model_validate_json(text) if text else CreditPolicy()


async def period(
    connection: Connection, tenant: str, since: Bound | None, until: Bound | None
) -> tuple[datetime | None, datetime]:
    """Return the first and the last moment of what is asked for."""
    zone = ZoneInfo((await policy_of(connection, tenant)).time_zone)
    first = first_moment(since, zone) if since else None
    return first, last_moment(until, zone) if until else now()


def first_moment(bound: Bound, zone: ZoneInfo) -> datetime:
    """Return the first moment from a bound on."""
    return bound if isinstance(bound, datetime) else datetime.combine(bound, time(), zone)


def last_moment(bound: Bound, zone: ZoneInfo) -> datetime:
    """Return the last moment up to a bound."""
    if isinstance(bound, datetime):
        return bound
    return datetime.combine(bound, time.max, zone)
