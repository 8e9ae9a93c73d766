"""Numbers as SQL."""

from collections.abc import Iterable

from chassis.site import Site
from gateway.reading import reading

HERE = """
SELECT n.country, n.number, coalesce(c.merged_into, n.company_id) AS company_id
FROM unnest($2::text[], $3::text[]) AS wanted (country, number)
JOIN company_numbers n
  ON n.tenant_id = $1 AND n.country = wanted.country AND n.number = wanted.number
LEFT JOIN company_card c ON c.tenant_id = n.tenant_id AND c.company_id = n.company_id
"""
"""One that became another's part is had as that one."""


async def companies_with(
    site: Site, tenant: str, numbers: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], str]:
    """Return the companies the tenant has among these numbers."""
    wanted = list(dict.fromkeys(numbers))
    if not wanted:
        return {}
    async with reading(site, tenant) as connection:
        rows = await connection.fetch(
            HERE, tenant, [country for country, _ in wanted], [number for _, number in wanted]
        )
    return {(row["country"], row["number"]): row["company_id"] for row in rows}
