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

ROW = """
SELECT to_jsonb(c)::text FROM company_card c
WHERE tenant_id = $1 AND company_id = $2 AND created_at IS NOT NULL
"""
CARD = """
SELECT to_jsonb(c)::text AS row, ARRAY(
  SELECT to_jsonb(u)::text FROM company_card u
  WHERE u.tenant_id = $1 AND u.parent_id = $2 AND u.created_at IS NOT NULL
  ORDER BY u.created_at, u.company_id LIMIT $3
) AS units
FROM company_card c WHERE tenant_id = $1 AND company_id = $2 AND created_at IS NOT NULL
"""
HEAD = """
SELECT EXISTS (
  SELECT FROM company_card WHERE tenant_id = $1 AND parent_id = $2 AND archived_at IS NULL
)
"""
SUB_UNITS_MAX = 1_000
"""The largest chains of the Nordic countries have some hundreds of workplaces."""


async def card_row(site: Site, tenant: str, company_id: UUID) -> dict[str, Any] | None:
    """Return a company's row, opened, if it shows already."""
    async with reading(site, tenant) as connection:
        row = await connection.fetchval(ROW, tenant, str(company_id))
    return plain(await opened(site, tenant, company_id, row)) if row else None


async def has_sub_units(site: Site, tenant: str, company_id: UUID) -> bool:
    """Say whether a company has workplaces that are not archived."""
    async with reading(site, tenant) as connection:
        return bool(await connection.fetchval(HEAD, tenant, str(company_id)))


async def card(site: Site, tenant: str, company_id: UUID, after: int | None) -> CompanyAnswer:
    """Return the whole card."""
    shown = await caught_up(site, tenant, "company_card", after)
    async with reading(site, tenant) as connection:
        card = await connection.fetchrow(CARD, tenant, str(company_id), SUB_UNITS_MAX)
    if card is None:
        raise not_found("company", shown=shown)
    found = plain(await opened(site, tenant, company_id, card["row"]))
    return view.answer(found, [orjson.loads(unit) for unit in card["units"]], now().date())
