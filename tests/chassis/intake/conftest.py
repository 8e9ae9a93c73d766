"""A consumer of departments that writes down what it hears."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest

from chassis.consumer import applier
from chassis.incoming import Incoming
from chassis.intake import Intake
from chassis.parked import retry_one
from chassis.reaction import Happened, Reaction
from chassis.relay import SELECT, envelope_of
from chassis.service import Service
from contracts.companies.department import DepartmentAdded, DepartmentRenamed


@dataclass
class Reader:
    """A consumer of departments, what it has heard, and the events there are."""

    bench: Any
    site: Any = None
    source: Any = None
    refuses: set[str] = field(default_factory=set)
    error: type[Exception] = ValueError
    pause: float = 0.0

    async def hear(self, happened: Happened) -> None:
        """Write the name down, in the transaction of the checkpoint."""
        event: Any = happened.event
        if event.name in self.refuses:
            raise self.error(f"cannot bear {event.name}")
        await asyncio.sleep(self.pause)
        await happened.connection.execute("INSERT INTO heard (name) VALUES ($1)", event.name)

    async def heard(self) -> list[str]:
        rows = await self.site.pool.fetch("SELECT name FROM heard ORDER BY n")
        return [row["name"] for row in rows]

    async def incoming(self) -> list[Incoming]:
        """Return every event of the source as it would come off the bus."""
        rows = await self.source.pool.fetch(SELECT, 0, 1000)
        envelopes = [envelope_of("companies", row) for row in rows]
        return [Incoming(e.headers(), e.data.encode(), e.position) for e in envelopes]

    async def names(self) -> list[str]:
        """Return what there is to hear, in order."""
        rows = await self.source.pool.fetch("SELECT data FROM events ORDER BY position")
        return [orjson.loads(row["data"])["name"] for row in rows]

    async def take(self, *messages: Incoming) -> list[bool]:
        return await Intake(self.site, "credit-monitor", applier(self.site)).take(messages)

    async def checkpoint(self) -> int:
        found = await self.site.pool.fetchval("SELECT position FROM checkpoints")
        return int(found or 0)

    async def poisoned(self) -> Any:
        """Let two streams go on, one of which meets an event that cannot be taken in."""
        bad, good = self.bench.add("bad"), self.bench.add("good")
        names = ((bad, "bad 2"), (good, "good 2"), (bad, "bad 3"))
        renames = [self.bench.rename(one, name) for one, name in names]
        await self.bench.happen(self.source, bad, good, *renames)
        self.refuses = {"bad 2"}
        return bad

    async def parked(self) -> list[tuple[int, str]]:
        rows = await self.site.pool.fetch("SELECT position, reason FROM parked ORDER BY id")
        return [(row["position"], row["reason"]) for row in rows]

    async def ask_retry(self) -> None:
        await self.site.pool.execute("UPDATE parked SET retry = true")
        while await retry_one(self.site):
            pass


@pytest.fixture
async def reader(bench: Any) -> Reader:
    reader = Reader(bench)
    reaction = Reaction("hear", (DepartmentAdded, DepartmentRenamed), reader.hear)
    service = Service("credit-monitor", reactions=(reaction,))
    await bench.execute(
        "credit-monitor",
        "DROP TABLE IF EXISTS heard; CREATE TABLE heard (n serial, name text);"
        " GRANT ALL ON heard, heard_n_seq TO bench_credit_monitor",
    )
    reader.site = await bench.open(service)
    reader.source = await bench.open()
    return reader
