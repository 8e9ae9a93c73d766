"""Where an installation under test is reached, as its administrator."""

from collections.abc import Iterable
from dataclasses import dataclass

from chassis.migrate import with_database
from chassis.postgres import connect
from contracts.companies.user import Role
from gateway.access.admin import add_key, add_tenant
from support.box import RunningBox

SOURCES = ("companies", "enrichment", "credit-monitor")
SERVICES = (*SOURCES, "gateway")


@dataclass(frozen=True, slots=True)
class Place:
    """The administrator's addresses, and those of the gateways."""

    database_url: str
    nats_url: str
    gateways: tuple[str, ...] = ()
    bureau_url: str = ""
    prefix: str = "kundvakt"
    services: tuple[str, ...] = SERVICES

    def database(self, service: str) -> str:
        """Return the URL of a service's database."""
        return with_database(self.database_url, f"{self.prefix}_{service.replace('-', '_')}")

    @property
    def sources(self) -> tuple[str, ...]:
        """Return the services that say something."""
        return tuple(name for name in self.services if name != "gateway")

    async def keys(self, tenants: Iterable[str]) -> dict[str, str]:
        """Add tenants, and return a key to each."""
        connection = await connect(self.database("gateway"), "test")
        try:
            found: dict[str, str] = {}
            for tenant in tenants:
                await add_tenant(connection, tenant, tenant)
                found[tenant] = await add_key(connection, tenant, Role.ADMIN, "test")
            return found
        finally:
            await connection.close()


def place_of(running: RunningBox) -> Place:
    """Return where a running box is reached."""
    urls = running.box.urls
    return Place(
        urls["database"],
        running.box.nats_url("admin"),
        (urls["gateway"],),
        urls["creditsafe"],
        services=running.box.options.services,
    )
