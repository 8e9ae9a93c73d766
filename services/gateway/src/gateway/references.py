"""Ids in a body that must be known to the tenant: another tenant's is as unknown as any."""

import asyncio
from collections.abc import Iterable
from uuid import UUID

from chassis.site import Site
from gateway.problems import Missing, invalid
from gateway.reading import reading

PATIENCE_SECONDS = 1.0
"""Somebody who was added a moment ago is not yet in the read model."""
LOOK_SECONDS = 0.05

USERS = "SELECT user_id FROM users WHERE tenant_id = $1 AND user_id = ANY($2) AND active"
DEPARTMENTS = (
    "SELECT department_id FROM departments WHERE tenant_id = $1 AND department_id = ANY($2)"
)


async def check_owners(site: Site, tenant: str, ids: Iterable[UUID]) -> None:
    """Refuse owners who are not active users."""
    unknown = await _unknown(site, tenant, USERS, {str(one) for one in ids})
    if unknown:
        raise Missing("owners", "owner-unknown", f"There is no active user {min(unknown)} here.")


async def check_user(site: Site, tenant: str, user_id: UUID) -> None:
    """Refuse somebody who is no active user."""
    if await _unknown(site, tenant, USERS, {str(user_id)}):
        raise invalid("user_id", "user-unknown", f"There is no active user {user_id} here.")


async def check_department(site: Site, tenant: str, department_id: UUID | None) -> None:
    """Refuse a department there is not."""
    if department_id is None:
        return
    if await _unknown(site, tenant, DEPARTMENTS, {str(department_id)}):
        raise Missing(
            "department_id", "department-unknown", f"There is no department {department_id} here."
        )


async def _unknown(site: Site, tenant: str, find: str, ids: set[str]) -> set[str]:
    """Return the ids that are not there, even after a moment."""
    if not ids:
        return set()
    for wait in [LOOK_SECONDS] * int(PATIENCE_SECONDS / LOOK_SECONDS) + [0.0]:
        async with reading(site, tenant) as connection:
            rows = await connection.fetch(find, tenant, list(ids))
        missing = ids - {row[0] for row in rows}
        if not missing:
            return set()
        await asyncio.sleep(wait)
    return missing
