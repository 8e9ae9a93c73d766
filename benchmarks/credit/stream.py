"""The event stream as a client hears it: what was told, and when it came."""

import asyncio
import json
import time
from typing import Any

import httpx2

QUIET_SECONDS_MAX = 600.0


class Heard:
    """What a stream of server-sent events has told."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self._told: dict[str, list[tuple[dict[str, Any], float]]] = {}
        self._more = asyncio.Event()

    def of(self, name: str) -> list[tuple[dict[str, Any], float]]:
        """Return what was heard under a name, and when."""
        return self._told.get(name, [])

    async def listen(self, client: httpx2.AsyncClient, path: str) -> None:
        """Listen until cancelled."""
        fields: dict[str, str] = {}
        async with client.stream("GET", path, timeout=QUIET_SECONDS_MAX) as answer:
            self.open.set()
            async for line in answer.aiter_lines():
                if line:
                    name, _, value = line.partition(": ")
                    fields[name] = value
                elif "data" in fields:
                    said = (json.loads(fields["data"]), time.perf_counter())
                    self._told.setdefault(fields["event"], []).append(said)
                    self._more.set()
                    fields = {}

    async def so_many(self, name: str, count: int) -> float:
        """Wait until so many of a name were heard; return when the last of them was."""
        async with asyncio.timeout(QUIET_SECONDS_MAX):
            while len(self.of(name)) < count:
                self._more.clear()
                await self._more.wait()
        return self.of(name)[count - 1][1]
