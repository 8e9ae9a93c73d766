"""A service with a read model, its readers, and the source it is folded from."""

from dataclasses import dataclass, replace
from typing import Any

import pytest

from chassis.projection import Projection, Told
from chassis.projector import Projector
from chassis.relay import SELECT, envelope_of
from chassis.tenancy import tenant_transaction
from gateway.history import keep

ROWS = "SELECT department_id, name, renamed, seq FROM department_rows ORDER BY 1"


@dataclass
class Screen:
    """A service with a read model, its readers, and the source it is folded from."""

    bench: Any
    shown: Projection[Any]
    site: Any
    source: Any
    kept: int = 0

    async def hear(self) -> None:
        """Let history hear what the source has since it heard last."""
        rows = await self.source.pool.fetch(SELECT, self.kept, 10_000)
        envelopes = [envelope_of("companies", row) for row in rows]
        if envelopes:
            async with self.site.pool.acquire() as lent, lent.transaction():
                await keep(lent, envelopes)
            self.kept = envelopes[-1].position

    async def fold(self) -> None:
        projector = Projector(self.site, (self.shown,))
        while await projector.step():
            pass

    async def rows(self) -> list[tuple[Any, ...]]:
        """Return what a reader of the tenant sees."""
        async with tenant_transaction(self.site.reader, self.bench.tenant) as connection:
            return [tuple(row) for row in await connection.fetch(ROWS)]

    async def renamed(self, streams: int, times: int) -> list[Any]:
        commands = await self.bench.added(self.source, streams)
        for n in range(times):
            renames = [self.bench.rename(one, f"{n} {one.name}") for one in commands]
            await self.bench.happen(self.source, *renames)
        await self.hear()
        return list(commands)

    async def parked(self) -> list[tuple[int, str]]:
        rows = await self.site.pool.fetch("SELECT position, reason FROM parked ORDER BY id")
        return [(row["position"], row["reason"]) for row in rows]

    async def poisoned(self) -> Any:
        """Let two streams go on, one of which meets a name that some cannot bear."""
        bad, good = self.bench.add("bad"), self.bench.add("good")
        names = ((bad, "worse"), (good, None), (bad, "fine"), (good, "best"))
        commands = [self.bench.rename(one, name) if name else one for one, name in names]
        await self.bench.happen(self.source, bad, *commands)
        await self.hear()
        return bad

    def refusing(self, name: str) -> Projection[Any]:
        """Return the same read model, which cannot bear a name."""

        def evolve(row: Any, told: Told) -> Any:
            if getattr(told.event, "name", None) == name:
                raise ValueError("unbearable")
            return evolves(row, told)

        evolves = self.shown.evolve
        return replace(self.shown, evolve=evolve)

    async def tables(self) -> list[str]:
        found = await self.site.pool.fetch(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ '^department_rows_v'"
        )
        return [row["relname"] for row in found]

    async def state(self) -> Any:
        return await self.site.pool.fetchrow("SELECT * FROM projections")


@pytest.fixture
async def screen(bench: Any, keeping: Any) -> Screen:
    [shown] = keeping.projections
    screen = Screen(bench, shown, await bench.open(keeping), await bench.open())
    await bench.build()
    return screen
