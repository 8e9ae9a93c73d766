"""What measures need of all of Kundvakt: whether it is at rest, and its ceiling beside it."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from benchmarks.asking import heard, process
from chassis.migrate import with_database
from chassis.run import find
from onebox.addresses import LOOPBACK, free_port
from onebox.box import Onebox
from onebox.probe import answers
from onebox.programs import Place
from onebox.programs import service as program

SOURCES = ("companies", "enrichment", "credit-monitor")
CONSUMERS = (*SOURCES, "gateway")
LOOK_SECONDS = 0.02
REST_SECONDS_MAX = 120.0
READY_SECONDS_MAX = 30.0
HEAD = "SELECT coalesce(max(position), 0) FROM events"
LEAST_SHOWN = """
SELECT (SELECT min(position) FROM projections) >= (SELECT seq FROM history_head)
"""


class Backlog:
    """Looks into every database for what is not taken in yet."""

    def __init__(self, connections: dict[str, Any]) -> None:
        self._at = connections

    async def is_gone(self) -> bool:
        """Say whether everybody has taken in everything, and it shows in every read model."""
        heads = {name: await self._at[name].fetchval(HEAD) for name in SOURCES}
        for consumer in CONSUMERS:
            rows = await self._at[consumer].fetch(
                "SELECT source, position FROM checkpoints WHERE consumer = $1", consumer
            )
            taken = {row["source"]: row["position"] for row in rows}
            if any(heads[source] > taken.get(source, 0) for source in find(consumer).hears):
                return False
        return bool(await self._at["gateway"].fetchval(LEAST_SHOWN))

    async def gone(self) -> float:
        """Wait until it is gone; return how many seconds that took."""
        clock = asyncio.get_running_loop().time
        began = clock()
        async with asyncio.timeout(REST_SECONDS_MAX):
            while not await self.is_gone():  # noqa: ASYNC110 - only the databases know
                await asyncio.sleep(LOOK_SECONDS)
        return clock() - began


@asynccontextmanager
async def backlog(box: Onebox) -> AsyncIterator[Backlog]:
    """Look into the databases of a box."""
    connections = {}
    try:
        for name in CONSUMERS:
            database = f"kundvakt_{name.replace('-', '_')}"
            url = with_database(box.urls["database"], database)
            connections[name] = await asyncpg.connect(url)
        yield Backlog(connections)
    finally:
        for connection in connections.values():
            await connection.close()


@asynccontextmanager
async def ceiling(box: Onebox) -> AsyncIterator[str]:
    """Run the gateway's app with nobody behind it; yields its address."""
    port = free_port()
    place = Place(box.home, box.urls["database"], box.nats_url("gateway"), port, {})
    environment = {**os.environ, **program("gateway", place, {}).environment}
    url = f"http://{LOOPBACK}:{port}"
    async with process("benchmarks.ceiling", **environment) as started:
        await heard(started)
        async with asyncio.timeout(READY_SECONDS_MAX):
            while not await answers(f"{url}/readyz"):  # noqa: ASYNC110 - it sets no event
                await asyncio.sleep(LOOK_SECONDS)
        yield url
