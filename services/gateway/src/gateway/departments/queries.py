"""Departments as SQL."""

from typing import Any
from uuid import UUID

from chassis.tenancy import Connection

PAGE = """
SELECT department_id, name, created_at FROM departments
WHERE tenant_id = $1 AND department_id > $2 ORDER BY department_id LIMIT $3
"""


async def departments(
    connection: Connection, tenant: str, after: UUID | None, limit: int
) -> list[Any]:
    """Return departments in the order they were added."""
    return await connection.fetch(PAGE, tenant, str(after or ""), limit)
