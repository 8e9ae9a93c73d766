"""Reading as a tenant: one transaction under row-level security, after what the reader knows of."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Annotated, Any

import orjson
from fastapi import Query

from chassis import sealing
from chassis.site import Site
from chassis.tenancy import Connection, tenant_reading
from contracts.values import Sealed

AFTER_SECONDS_MAX = 2.0
"""What a reader waits at most for what they wrote; then they are shown what there is, and what is
not there yet is not called unknown."""
LOOK_SECONDS = 0.01
"""Where another process keeps the read model; our own tells at once."""
DOUBT_SECONDS = 0.5
"""Where our own does: it may have gone over to another process just now."""
POSITION_MAX = 2**63 - 1
PAGE_MAX = 200
PAGE = 50

After = Annotated[
    int | None,
    Query(
        ge=0,
        le=POSITION_MAX,
        description="The `position` that a change was answered with: waits, at most 2 s, until"
        " it shows.",
    ),
]
AfterCredit = Annotated[
    int | None,
    Query(
        ge=0,
        le=POSITION_MAX,
        description="The `position` that a change of credit was answered with: waits, at most"
        " 2 s, until it shows.",
    ),
]
Limit = Annotated[int, Query(ge=1, le=PAGE_MAX, description="How many at most.")]

SHOWS = """
SELECT true FROM checkpoints c, projections p
WHERE c.consumer = 'gateway' AND c.source = $4 AND c.position >= $3 AND p.name = $2
  AND p.position >= coalesce((SELECT seq FROM history
                              WHERE tenant_id = $1 AND source = $4 AND position <= $3
                              ORDER BY position DESC LIMIT 1), 0)
"""
"""Heard of all that was written up to there, and folded the tenant's part of it."""


@asynccontextmanager
async def reading(site: Site, tenant: str) -> AsyncIterator[Connection]:
    """Open a transaction that reads one tenant's rows."""
    async with tenant_reading(site.reader, tenant) as connection:
        yield connection


async def caught_up(
    site: Site, tenant: str, read_model: str, position: int | None, source: str = "companies"
) -> bool:
    """Wait until what a service wrote up to `position` shows, but not long; say whether it does."""
    if position is None:
        return True
    shown, clock = site.shown, asyncio.get_running_loop().time
    is_told = shown.leads and shown.upto(read_model, source) > 0
    patience = DOUBT_SECONDS if is_told else LOOK_SECONDS
    look_at = clock() + (patience if is_told else 0.0)
    with suppress(TimeoutError):
        async with asyncio.timeout(AFTER_SECONDS_MAX):
            while shown.upto(read_model, source) < position:
                if clock() >= look_at:
                    if await _shows(site, tenant, read_model, position, source):
                        return True
                    look_at = clock() + patience
                await shown.wait(look_at - clock())
            return True
    return False


async def _shows(site: Site, tenant: str, read_model: str, position: int, source: str) -> bool:
    async with reading(site, tenant) as connection:
        return bool(await connection.fetchval(SHOWS, tenant, read_model, position, source))


async def opened(site: Site, tenant: str, stream_id: Any, row: str) -> dict[str, Any]:
    """Return a row's JSON with its sealed texts readable, or absent once erased."""
    data: dict[str, Any] = orjson.loads(row)
    if '"sealed"' in row:
        data = await sealing.unseal(site.keys, tenant, stream_id, data)
    return data


def plain(value: Any) -> Any:
    """Return JSON with each opened text in the place of its seal."""
    if isinstance(value, dict):
        if value.get("kind") == sealing.MARK and "subject" in value:
            return value.get("text")
        return {name: plain(part) for name, part in value.items()}
    if isinstance(value, list):
        return [plain(part) for part in value]
    return value


def sealed(subject: Any, text: str | None) -> Sealed | None:
    """Mark a text as one about a person: it is sealed before it rests anywhere."""
    return None if text is None else Sealed(subject=subject, text=text)
