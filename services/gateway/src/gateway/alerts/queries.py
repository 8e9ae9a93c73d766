"""Alerts as SQL."""

from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

import orjson

from chassis.site import Site
from chassis.tenancy import Connection
from gateway.disclosure import private_among
from gateway.reading import opened, plain, reading

ONE = "SELECT company_id FROM alerts WHERE tenant_id = $1 AND alert_id = $2"
PREFERENCES = """
SELECT mail, digest_hour, language FROM alert_preferences WHERE tenant_id = $1 AND user_id = $2
"""
SETTINGS = """
SELECT escalate_after_hours, escalate_to::text AS escalate_to FROM alert_settings
WHERE tenant_id = $1
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which alerts are asked for."""

    state: Literal["open", "acknowledged"] | None = None
    user: UUID | None = None
    company: UUID | None = None


async def page(
    site: Site, tenant: str, wanted: Wanted, before: int, limit: int
) -> list[dict[str, Any]]:
    """Return alerts, the latest first, with their notes readable."""
    clauses, values = ["a.tenant_id = $1", "a.seq < $2"], [tenant, before, limit]
    for clause, value in (
        ("a.state = $?", wanted.state),
        ("(a.told_to ? $? OR a.escalated_to ? $?)", wanted.user and str(wanted.user)),
        ("a.company_id = $?", wanted.company and str(wanted.company)),
    ):
        if value is not None:
            values.append(value)
            clauses.append(clause.replace("$?", f"${len(values)}"))
    async with reading(site, tenant) as connection:
        rows = await connection.fetch(
            "SELECT a.alert_id, a.company_id, to_jsonb(a)::text AS row, c.name AS company_name"
            " FROM alerts a LEFT JOIN company_list c"
            " ON c.tenant_id = a.tenant_id AND c.company_id = a.company_id"
            f" WHERE {' AND '.join(clauses)} ORDER BY a.seq DESC LIMIT $3",
            *values,
        )
        about = [UUID(row["company_id"]) for row in rows if row["company_id"]]
        private = await private_among(connection, tenant, about) if about else set()
    return [await _opened(site, tenant, row, private) for row in rows]


async def _opened(site: Site, tenant: str, row: Any, private: set[UUID]) -> dict[str, Any]:
    found: dict[str, Any] = plain(await opened(site, tenant, UUID(row["alert_id"]), row["row"]))
    if row["company_id"] and UUID(row["company_id"]) in private:
        found |= {"old": None, "new": None}
    return found | {"company_name": row["company_name"]}


async def company_of(connection: Connection, tenant: str, alert_id: UUID) -> UUID | None:
    """Return the company that an alert is about, if it is about one."""
    found = await connection.fetchval(ONE, tenant, str(alert_id))
    return UUID(found) if found else None


async def preferences(connection: Connection, tenant: str, user_id: UUID) -> dict[str, Any]:
    """Return how a user wants to hear, or nothing where they have not said."""
    row = await connection.fetchrow(PREFERENCES, tenant, str(user_id))
    return dict(row) if row else {}


async def settings(connection: Connection, tenant: str) -> dict[str, Any]:
    """Return how a tenant's alerts are dealt with, or nothing where it has not said."""
    row = await connection.fetchrow(SETTINGS, tenant)
    return {**row, "escalate_to": orjson.loads(row["escalate_to"])} if row else {}
