"""The limit of publishing: frames made beforehand, written to a socket as fast as they are taken.

Nothing but the protocol's own words (docs.nats.io, "Client Protocol"): what any client could
reach at most. No client of ours works like this: it knows no reconnect and no error.
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from contracts.envelope import Envelope

WINDOW = 2_000
"""Published and not acknowledged; more makes nothing faster."""
STORED = b'"seq":'
INBOX = "_INBOX_raw"
READ_BYTES = 1 << 18


@dataclass(slots=True)
class Publisher:
    """One connection that publishes windows and counts acknowledgements."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def publish(self, frames: Sequence[bytes]) -> None:
        """Publish everything; return when all of it is stored."""
        sent = stored = 0
        left = b""
        while stored < len(frames):
            if sent < len(frames) and sent - stored <= WINDOW // 2:
                self.writer.write(b"".join(frames[sent : sent + WINDOW // 2]))
                sent = min(len(frames), sent + WINDOW // 2)
            read = left + await self.reader.read(READ_BYTES)
            if not read or b"-ERR" in read or b'"error"' in read:
                raise ConnectionError(read[-200:])
            if b"PING\r\n" in read:
                self.writer.write(b"PONG\r\n")
            stored += read.count(STORED)
            # What is cut in two is counted when the rest has come.
            left = read[-len(STORED) + 1 :] if not read.endswith(b"\r\n") else b""

    async def close(self) -> None:
        """Hang up."""
        self.writer.close()


async def connect(url: str) -> Publisher:
    """Log in, and listen for acknowledgements."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=READ_BYTES)
    options = {"verbose": False, "pedantic": False, "headers": True, "lang": "raw", "version": "0"}
    login = {"user": parts.username, "pass": parts.password}
    writer.write(f"CONNECT {json.dumps({**options, **login})}\r\n".encode())
    writer.write(f"SUB {INBOX}.* 1\r\nPING\r\n".encode())
    while not (await reader.readline()).startswith(b"PONG"):
        pass
    return Publisher(reader, writer)


def frame(envelope: Envelope) -> bytes:
    """Return an event as the bytes that publish it."""
    headers = {**envelope.headers(), "Nats-Msg-Id": str(envelope.id)}
    head = "NATS/1.0\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    body = envelope.data.encode()
    first, told = len(head.encode()) + 2, f"HPUB {envelope.subject} {INBOX}.{envelope.position}"
    return f"{told} {first} {first + len(body)}\r\n{head}\r\n".encode() + body + b"\r\n"
