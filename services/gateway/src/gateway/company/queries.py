"""The card as SQL."""

from typing import Any
from uuid import UUID

import orjson

from chassis.edge import now
from chassis.site import Site
from gateway.company import view
from gateway.company.answers import CompanyAnswer
from gateway.problems import not_found
from gateway.reading import caught_up, opened, plain, reading

CARD = """
SELECT to_jsonb(c)::text FROM company_card c
WHERE tenant_id = $1 AND company_id = $2 AND created_at IS NOT NULL
"""
SUB_UNITS = """
SELECT to_jsonb(u)::text AS row FROM company_card u
WHERE tenant_id = $1 AND parent_id = $2 AND created_at IS NOT NULL
ORDER BY created_at, company_id LIMIT $3
"""
SUB_UNITS_MAX = 1_000
"""The largest chains of the Nordic countries have some hundreds of workplaces."""


async def card_row(site: Site, tenant: str, company_id: UUID) -> dict[str, Any] | None:
    """Return a company's row, opened, if it shows already."""
    async with reading(site, tenant) as connection:
        row = await connection.fetchval(CARD, tenant, str(company_id))
    return plain(await opened(site, tenant, company_id, row)) if row else None


async def card(site: Site, tenant: str, company_id: UUID, after: int | None) -> CompanyAnswer:
    """Return the whole card."""
    await caught_up(site, tenant, "company_card", after)
    async with reading(site, tenant) as connection:
        row = await connection.fetchval(CARD, tenant, str(company_id))
        units = await connection.fetch(SUB_UNITS, tenant, str(company_id), SUB_UNITS_MAX)
    if row is None:
        raise not_found("company")
    found = plain(await opened(site, tenant, company_id, row))
    return view.answer(found, [orjson.loads(unit["row"]) for unit in units], now().date())
