"""Ids in a body that must be known to the tenant: another tenant's is as unknown as any.

Who is in no read model may have been added a moment ago: `companies`, which said so, is asked.
"""

from collections.abc import Iterable
from uuid import UUID

from chassis.site import Site
from contracts.companies.references import FindReferences, FoundReferences
from gateway.problems import Missing, invalid
from gateway.reading import reading

ACTIVE = "SELECT user_id FROM users WHERE tenant_id = $1 AND user_id = ANY($2) AND active"
USERS = "SELECT user_id FROM users WHERE tenant_id = $1 AND user_id = ANY($2)"
DEPARTMENTS = (
    "SELECT department_id FROM departments WHERE tenant_id = $1 AND department_id = ANY($2)"
)


async def check_owners(site: Site, tenant: str, ids: Iterable[UUID]) -> None:
    """Refuse owners who are not active users."""
    if unknown := await _unknown_users(site, tenant, ids, ACTIVE):
        raise Missing("owners", "owner-unknown", f"There is no active user {min(unknown)} here.")


async def check_user(site: Site, tenant: str, user_id: UUID) -> None:
    """Refuse somebody who is no active user."""
    if await _unknown_users(site, tenant, [user_id], ACTIVE):
        raise invalid("user_id", "user-unknown", f"There is no active user {user_id} here.")


async def check_department(site: Site, tenant: str, department_id: UUID | None) -> None:
    """Refuse a department there is not."""
    if department_id is None:
        return
    unknown = await _absent(site, tenant, DEPARTMENTS, [department_id])
    if unknown:
        asked = FindReferences(tenant=tenant, departments=tuple(unknown))
        unknown -= {*(await _found(site, asked)).departments}
    if unknown:
        raise Missing(
            "department_id", "department-unknown", f"There is no department {department_id} here."
        )


async def unknown_users(site: Site, tenant: str, ids: Iterable[UUID]) -> list[UUID]:
    """Return which of these are no users here, active or not."""
    return sorted(await _unknown_users(site, tenant, ids, USERS))


async def _unknown_users(site: Site, tenant: str, ids: Iterable[UUID], find: str) -> set[UUID]:
    unknown = await _absent(site, tenant, find, ids)
    if unknown:
        asked = FindReferences(tenant=tenant, users=tuple(unknown))
        unknown -= {*(await _found(site, asked)).users}
    return unknown


async def _absent(site: Site, tenant: str, find: str, ids: Iterable[UUID]) -> set[UUID]:
    """Return the ids that the read model does not have."""
    wanted = {*ids}
    if not wanted:
        return wanted
    async with reading(site, tenant) as connection:
        rows = await connection.fetch(find, tenant, [str(one) for one in wanted])
    return wanted - {UUID(str(row[0])) for row in rows}


async def _found(site: Site, asked: FindReferences) -> FoundReferences:
    return await site.ask.query("companies", asked, FoundReferences)
