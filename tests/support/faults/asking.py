"""Clients' connections to gateways: kept while they are good, with little time of our own."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import orjson

from benchmarks.api import Wire, connected

IDLE_SECONDS_MAX = 2.0
"""A gateway hangs up after five: nobody asks on a connection that is just being closed."""
CONNECT_SECONDS_MAX = 2.0
ETAG = b"\r\netag: "
HUNG_UP = OSError
"""What it looks like when nobody answers: time-outs are among these."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a gateway said."""

    status: int
    text: str
    etag: str

    @property
    def is_success(self) -> bool:
        """Say whether it was done."""
        return 200 <= self.status < 300

    def json(self) -> Any:
        """Return the body; raises `ValueError` where it is no JSON."""
        return orjson.loads(self.text)


@dataclass(slots=True)
class Asking:
    """Connections to gateways, as many as are asked on at once; those least long idle first."""

    patience_seconds: float
    _free: dict[str, list[tuple[float, Wire]]] = field(default_factory=dict)

    async def ask(
        self, gateway: str, method: str, path: str, headers: dict[str, str], body: Any = None
    ) -> Answer:
        """Ask something; raises one of `HUNG_UP` where no answer comes."""
        content = b"" if body is None else orjson.dumps(body)
        lines = [f"{method} {path} HTTP/1.1", "Host: drill"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if content:
            lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
        request = "\r\n".join([*lines, "", ""]).encode() + content
        wire = self._kept(gateway)
        if wire is None:
            async with asyncio.timeout(CONNECT_SECONDS_MAX):
                wire = await connected(gateway)
        heard = await wire.ask(request, self.patience_seconds)
        head = heard.head.lower()
        if b"\r\nconnection: close" in head:
            wire.close()
        else:
            free = self._free.setdefault(gateway, [])
            free.append((asyncio.get_running_loop().time(), wire))
        etag = head.partition(ETAG)[2].partition(b"\r\n")[0].decode()
        return Answer(heard.status, heard.body.decode(), etag.strip('"'))

    def _kept(self, gateway: str) -> Wire | None:
        now, free = asyncio.get_running_loop().time(), self._free.get(gateway, [])
        while free:
            since, wire = free.pop()
            if wire.is_open and now - since < IDLE_SECONDS_MAX:
                return wire
            wire.close()
        return None

    def close(self) -> None:
        """Hang up everywhere."""
        for free in self._free.values():
            for _, wire in free:
                wire.close()
