"""A service that hears of departments over the bus."""

import time
from collections import Counter
from typing import Any

import pytest

from chassis.reaction import Happened, Reaction
from chassis.service import Service
from contracts.companies.department import DepartmentAdded, DepartmentRenamed


class Listener:
    """A service that writes names down, slowly or failing where a test says so."""

    def __init__(self, bench: Any) -> None:
        self.bench = bench
        self.failures: Counter[str] = Counter()
        self.tried: list[tuple[str, float]] = []
        reaction = Reaction("hear", (DepartmentAdded, DepartmentRenamed), self.hear)
        self.service = Service("credit-monitor", reactions=(reaction,))

    async def hear(self, happened: Happened) -> None:
        event: Any = happened.event
        self.tried.append((event.name, time.monotonic()))
        if self.failures[event.name]:
            self.failures[event.name] -= 1
            raise ConnectionError(event.name)
        await happened.connection.execute("INSERT INTO heard (name) VALUES ($1)", event.name)

    async def heard(self) -> list[str]:
        found = await self.bench.execute(
            "credit-monitor", "SELECT name FROM heard WHERE $1 ORDER BY n", True
        )
        return [row["name"] for row in found]

    async def hears(self, eventually: Any, many: int) -> list[str]:
        async def enough() -> list[str]:
            heard = await self.heard()
            return heard if len(heard) >= many else []

        found: list[str] = await eventually(enough, f"{many} heard")
        return found


@pytest.fixture
async def listener(bench: Any) -> Listener:
    await bench.execute(
        "credit-monitor",
        "DROP TABLE IF EXISTS heard; CREATE TABLE heard (n serial, name text);"
        " GRANT ALL ON heard, heard_n_seq TO bench_credit_monitor",
    )
    return Listener(bench)
