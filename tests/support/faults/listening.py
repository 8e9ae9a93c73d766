"""A client of the event stream that comes again with the id of the last event it got."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field

import httpx2

COME_AGAIN_SECONDS = 0.3
SILENCE_SECONDS_MAX = 25.0
"""Twice the gateway's heartbeat: whoever is silent for longer is gone."""


@dataclass(slots=True)
class Listener:
    """One tenant's listener: the ids it got, in the order it got them, and how often it came."""

    gateway: str
    tenant: str
    key: str
    ids: list[int] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    visits: int = 0
    keeps_texts: bool = False

    async def listen(self, http: httpx2.AsyncClient) -> None:
        """Listen until cancelled, going on where the last stream ended."""
        while True:
            with suppress(httpx2.TransportError):
                await self._visit(http)
            await asyncio.sleep(COME_AGAIN_SECONDS)

    async def _visit(self, http: httpx2.AsyncClient) -> None:
        headers = {
            "Authorization": f"Bearer {self.key}",
            "Last-Event-ID": str(self.ids[-1] if self.ids else 0),
        }
        url = f"{self.gateway}/api/v1/events"
        timeout = httpx2.Timeout(5.0, read=SILENCE_SECONDS_MAX)
        async with http.stream("GET", url, headers=headers, timeout=timeout) as answer:
            if answer.status_code != 200:
                return
            self.visits += 1
            seen = 0
            async for line in answer.aiter_lines():
                if line.startswith("id: "):
                    seen = int(line[4:])
                elif line.startswith("data: ") and self.keeps_texts:
                    self.texts.append(line)
                elif not line and seen:
                    self.ids.append(seen)
                    seen = 0
