"""The service over the stand-in: what tenants have, what is read, what is told."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from chassis import codec
from chassis.edge import new_id
from chassis.site import Site
from contracts.enrichment import RegistryEntry, SearchRegistry
from enrichment.feed import Feed
from enrichment.registry import look_up
from enrichment.search import search
from enrichment.sources.brreg import Brreg
from standins.testing import StandIn


@dataclass
class Office:
    """A tenant, its companies, and the feeds that are read for it."""

    site: Site
    brreg: Brreg
    registries: StandIn
    tenant: str

    async def company(self, number: str, tenant: str = "") -> UUID:
        """Have a company of that number in a tenant's CRM."""
        company_id = new_id()
        await self.site.pool.execute(
            "INSERT INTO crm_companies VALUES ($1, $2, 'NO', $3)",
            tenant or self.tenant,
            company_id,
            number,
        )
        return company_id

    def change(self, number: str, kind: str = "enheter", **wish: object) -> None:
        """Change something at the registry."""
        self.registries.control("POST", f"documents/{kind}/{number}", dict(wish))

    def feed(self, name: str) -> Feed:
        return Feed(self.site, self.brreg, name, timedelta(0))

    async def read(self) -> None:
        """Read both feeds to their ends."""
        for name in self.brreg.feeds:
            while await self.feed(name).read():
                pass

    async def told(self, company_id: UUID) -> list[Any]:
        """Return what was told of a company."""
        rows = await self.site.pool.fetch(
            "SELECT data::text AS data FROM events WHERE stream_id = $1 ORDER BY version",
            company_id,
        )
        return [codec.event_from(codec.parse(row["data"].encode())) for row in rows]

    async def entry(self, number: str) -> RegistryEntry:
        async with self.site.pool.acquire() as connection:
            return await look_up(connection, "NO", number)

    async def hits(self, typed: str) -> list[str]:
        async with self.site.pool.acquire() as connection:
            found = await search(connection, SearchRegistry(tenant=self.tenant, q=typed))
        return [hit.organisation_number for hit in found.items]
