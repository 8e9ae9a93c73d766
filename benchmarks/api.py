"""A client for load: HTTP/1.1 on kept connections, with as little of our own time as can be."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import orjson

PATIENCE_SECONDS = 10.0
"""For one answer: far above what any is promised."""
LENGTH = b"content-length:"


class Heard(NamedTuple):
    """An answer as it came."""

    status: int
    head: bytes
    body: bytes


class Wire(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self) -> None:
        self._read = b""
        self._waiting: asyncio.Future[Heard] | None = None
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever waits."""
        if self._waiting and not self._waiting.done():
            self._waiting.set_exception(exc or ConnectionError("hung up"))

    def data_received(self, data: bytes) -> None:
        """Put the answer together."""
        self._read += data
        head, found, body = self._read.partition(b"\r\n\r\n")
        if not found or self._waiting is None:
            return
        length = int(head.lower().partition(LENGTH)[2].split(b"\r\n", 1)[0] or 0)
        if len(body) >= length and not self._waiting.done():
            self._read = b""
            self._waiting.set_result(Heard(int(head[9:12]), head, body[:length]))

    @property
    def is_open(self) -> bool:
        """Say whether it can be asked on: a server closes what was idle."""
        return not self._transport.is_closing()

    async def ask(self, request: bytes, patience_seconds: float = PATIENCE_SECONDS) -> Heard:
        """Send a request; return the answer. Without one nothing more can be asked here."""
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        try:
            async with asyncio.timeout(patience_seconds):
                return await self._waiting
        except BaseException:
            self._transport.abort()
            raise

    def close(self) -> None:
        """Hang up."""
        self._transport.close()


async def connected(url: str) -> Wire:
    """Connect to whoever is at a URL."""
    parts = urlsplit(url)
    loop = asyncio.get_running_loop()
    _, wire = await loop.create_connection(Wire, str(parts.hostname), int(parts.port or 80))
    return wire


@dataclass(slots=True)
class Api:
    """The gateway as one tenant: as many connections as are asked on at once."""

    url: str
    key: str
    _free: list[Wire] = field(default_factory=list)

    async def post(self, path: str, body: Any) -> tuple[int, Any]:
        """Post a body."""
        content = orjson.dumps(body)
        head = f"content-type: application/json\r\ncontent-length: {len(content)}\r\n"
        return await self._ask("POST", path, head, content)

    async def get(self, path: str) -> tuple[int, Any]:
        """Read something."""
        return await self._ask("GET", path, "", b"")

    async def _ask(self, method: str, path: str, head: str, content: bytes) -> tuple[int, Any]:
        lines = f"{method} {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {self.key}\r\n"
        wire = next((one for one in self._kept() if one.is_open), None)
        wire = wire or await connected(self.url)
        heard = await wire.ask(f"{lines}{head}\r\n".encode() + content)
        self._free.append(wire)
        return heard.status, orjson.loads(heard.body) if heard.body else None

    def _kept(self) -> Iterator[Wire]:
        while self._free:
            yield self._free.pop()

    async def events(self) -> AsyncIterator[bytes]:
        """Listen to the event stream; yields each `data` line, and first an empty one."""
        parts = urlsplit(self.url)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        writer.write(
            f"GET /api/v1/events HTTP/1.1\r\nhost: bench\r\n"
            f"authorization: Bearer {self.key}\r\n\r\n".encode()
        )
        try:
            status = await reader.readline()
            if b" 200 " not in status:
                raise ConnectionError(status.decode())
            while line := await reader.readline():
                if line.startswith((b"data: ", b": listening")):
                    yield line.partition(b"data: ")[2]
        finally:
            writer.close()

    def close(self) -> None:
        """Hang up everywhere."""
        while self._free:
            self._free.pop().close()
