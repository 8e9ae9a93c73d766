"""The stage: servers alone, or all of Kundvakt, started when a measure asks for it."""

from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from chassis.postgres import open_pool
from contracts.companies.user import Role
from gateway.access.admin import add_key, add_tenant
from onebox.box import Onebox
from onebox.testing import Servers, running


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is measured."""

    rounds: int = 3
    seconds: float = 3.0
    """Of one side in one round, where time is the measure."""
    relayed: int = 200_000
    projected: int = 60_000
    rebuilt: int = 1_000_000
    listeners: int = 1_000
    registry: int = 3_300_000
    sought: int = 2_000
    watched: int = 500
    timed: int = 60


SMALL = Scale(
    rounds=1,
    seconds=0.4,
    relayed=1_500,
    projected=1_500,
    rebuilt=4_000,
    listeners=20,
    registry=3_000,
    sought=60,
    watched=6,
    timed=3,
)
"""Enough to see that the benchmarks themselves work."""


class Stage:
    """One set of servers at a time: what a measure does not ask for does not run beside it."""

    def __init__(self, home: Path, scale: Scale) -> None:
        self.scale = scale
        self.home = home
        self._stack = AsyncExitStack()
        self._servers: Servers | None = None
        self._box: Onebox | None = None

    async def servers(self) -> Servers:
        """Return Postgres and NATS, with their settings as shipped."""
        if self._servers is None:
            await self.clear()
            self._servers = await self._stack.enter_async_context(running(self.home / "servers"))
        return self._servers

    async def box(self) -> Onebox:
        """Return all of Kundvakt, running."""
        if self._box is None:
            await self.clear()
            self._box = await self._stack.enter_async_context(Onebox(self.home / "box"))
        return self._box

    async def key(self, tenant: str) -> str:
        """Return a new key to a tenant of the box, added if it is not there."""
        return await self.key_of(await self.box(), tenant)

    @staticmethod
    async def key_of(box: Onebox, tenant: str) -> str:
        """Return a new key to a tenant of a box, added if it is not there."""
        url = box.role_url("kundvakt_gateway", "kundvakt_gateway")
        pool = await open_pool(url, 1, "benchmark")
        try:
            await add_tenant(pool, tenant, tenant)
            return await add_key(pool, tenant, Role.ADMIN, "benchmark")
        finally:
            await pool.close()

    async def clear(self) -> None:
        """Stop whatever runs."""
        self._servers = self._box = None
        await self._stack.aclose()
        self._stack = AsyncExitStack()
