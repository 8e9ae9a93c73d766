"""What somebody chose before, so that it comes first the next time."""

from typing import Any

from chassis.tenancy import Connection
from contracts.enrichment import LookUpCompany, RegistryEntry, SearchRegistry

KEPT_MAX = 50
"""Of each person; what was picked long ago is no better than another hit."""
SHOWN_MAX = 3
"""Before other hits; more would hide what is new."""
NOTE = """
WITH noted AS (
  INSERT INTO registry.picks (tenant_id, picked_by, country, number) VALUES ($1, $2, $3, $4)
  ON CONFLICT (tenant_id, picked_by, country, number) DO UPDATE SET picked_at = now())
DELETE FROM registry.picks WHERE tenant_id = $1 AND picked_by = $2 AND (country, number) IN (
  SELECT country, number FROM registry.picks WHERE tenant_id = $1 AND picked_by = $2
  ORDER BY picked_at DESC OFFSET $5)
"""


async def note_pick(connection: Connection, query: LookUpCompany, entry: RegistryEntry) -> None:
    """Note that somebody picked a company."""
    if query.by and entry.facts:
        number = entry.organisation_number
        await connection.execute(NOTE, query.tenant, query.by, query.country, number, KEPT_MAX)


async def picked(connection: Connection, hit: str, query: SearchRegistry, start: str) -> list[Any]:
    """Return what was picked before and has a word that begins so, the latest first."""
    if not query.by:
        return []
    return await connection.fetch(
        f"SELECT {hit} FROM registry.picks p JOIN registry.entries e USING (country, number)"
        " WHERE p.tenant_id = $1 AND p.picked_by = $2 AND ($4::text IS NULL OR country = $4)"
        " AND (e.key LIKE $3 || '%' OR e.key LIKE '% ' || $3 || '%')"
        " ORDER BY p.picked_at DESC LIMIT $5",
        query.tenant,
        query.by,
        start,
        query.country,
        SHOWN_MAX,
    )
