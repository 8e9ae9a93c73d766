"""A client of the event stream that comes again with the id of the last event it got."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

COME_AGAIN_SECONDS = 0.3
CONNECT_SECONDS_MAX = 5.0
SILENCE_SECONDS_MAX = 25.0
"""Twice the gateway's heartbeat: whoever is silent for longer is gone."""


@dataclass(slots=True)
class Listener:
    """One tenant's listener: the ids it got, in the order it got them, and how often it came."""

    gateway: str
    tenant: str
    key: str
    ids: list[int] = field(default_factory=list)
    visits: int = 0

    async def listen(self) -> None:
        """Listen until cancelled, going on where the last stream ended."""
        while True:
            with suppress(OSError, EOFError):
                await self._visit()
            await asyncio.sleep(COME_AGAIN_SECONDS)

    async def _visit(self) -> None:
        where = urlsplit(self.gateway)
        async with asyncio.timeout(CONNECT_SECONDS_MAX):
            reader, writer = await asyncio.open_connection(where.hostname, where.port)
        try:
            last = self.ids[-1] if self.ids else 0
            head = (
                "GET /api/v1/events HTTP/1.1\r\nHost: drill\r\nConnection: close\r\n"
                f"Authorization: Bearer {self.key}\r\nLast-Event-ID: {last}\r\n\r\n"
            )
            writer.write(head.encode())
            await self._hear(reader)
        finally:
            writer.transport.abort()

    async def _hear(self, reader: asyncio.StreamReader) -> None:
        """Note each event once all of it is there; sizes of chunks stand on lines of their own."""
        if b" 200 " not in await self._line(reader):
            return
        self.visits += 1
        seen = 0
        while True:
            line = await self._line(reader)
            if line.startswith(b"id: "):
                seen = int(line[4:])
            elif line.isspace() and seen:
                self.ids.append(seen)
                seen = 0

    async def _line(self, reader: asyncio.StreamReader) -> bytes:
        async with asyncio.timeout(SILENCE_SECONDS_MAX):
            line = await reader.readline()
        if not line.endswith(b"\n"):
            raise EOFError
        return line
