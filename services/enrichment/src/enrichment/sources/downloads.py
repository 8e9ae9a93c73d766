"""Files downloaded: only when there is a new one, and only whole."""

from pathlib import Path

import httpx2

from enrichment.sources.calls import BULK, Calls
from enrichment.sources.port import Edition, Garbled, Unavailable

PART = ".part"
NOT_MODIFIED, OK = 304, 200


async def download(calls: Calls, path: str, to: Path, known: str | None) -> Edition | None:
    """Download a file unless it is the known one; what breaks off leaves nothing under its name."""
    await calls.pace.wait()
    part = to.with_name(to.name + PART)
    headers = {"If-None-Match": known} if known else {}
    try:
        async with calls.client.stream("GET", path, headers=headers) as answer:
            if answer.status_code == NOT_MODIFIED:
                return None
            if answer.status_code != OK:
                raise Unavailable(f"{calls.source}: {BULK.name}: {answer.status_code}")
            with part.open("wb") as file:
                async for piece in answer.aiter_raw():
                    file.write(piece)
            promised = answer.headers.get("Content-Length")
            if promised and int(promised) != part.stat().st_size:
                raise Garbled(f"{calls.source}: {to.name} is cut short")
            tag = answer.headers.get("ETag") or answer.headers.get("Last-Modified") or ""
    except httpx2.TransportError as error:
        raise Unavailable(f"{calls.source}: {BULK.name}: {error!r}") from error
    part.rename(to)
    return Edition(to, tag)
