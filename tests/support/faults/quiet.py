"""Waiting until nothing moves any more: all relayed, taken in, folded and worked off."""

import asyncio
import time
from typing import Any

from chassis.postgres import TRANSIENT, connect
from chassis.run import find
from support.faults.place import Place

QUIET_SECONDS_MAX = 240.0
"""A lease, a back-off and a republishing may follow one another after the last fault."""
STILL_LOOKS = 3
LOOK_SECONDS = 0.3
HEAD = "SELECT coalesce(max(position), 0) FROM events"
BUSY = """
SELECT count(*) FROM work WHERE after_poll IS NOT NULL OR leased_until > now()
   OR due_at < now() + interval '10 minutes'
"""
"""What rests for days, or for good until something happens, does not move."""


async def quiet(place: Place, seconds: float = QUIET_SECONDS_MAX) -> float:
    """Wait until nothing moves; return how long that took."""
    began = time.monotonic()
    seen: list[dict[str, Any]] = []
    waits = "nothing could be read"
    while time.monotonic() < began + seconds:
        try:
            now, waits = await _look(place)
        except TRANSIENT as error:
            now, waits = {}, repr(error)
        seen = [*seen, now][-STILL_LOOKS:]
        if not waits and len(seen) == STILL_LOOKS and all(look == now for look in seen):
            return time.monotonic() - began
        await asyncio.sleep(LOOK_SECONDS)
    raise AssertionError(f"after {seconds:g} s still not quiet: {waits}")


async def _look(place: Place) -> tuple[dict[str, Any], str]:
    """Return how far everything is, and what is still to come."""
    heads: dict[str, Any] = {}
    behind: list[str] = []
    for source in place.sources:
        connection: Any = await connect(place.database(source), "quiet")
        try:
            heads[source] = await connection.fetchval(HEAD)
            relayed = await connection.fetchval("SELECT position FROM relay")
            behind += [f"relay of {source} at {relayed}"] if relayed != heads[source] else []
            if await connection.fetchval("SELECT to_regclass('work') IS NOT NULL"):
                work = await connection.fetchval(BUSY)
                behind += [f"{work} companies in hand"] if work else []
        finally:
            await connection.close()
    for service in place.services:
        behind += await _behind(place, service, heads)
    return heads, ", ".join(behind)


async def _behind(place: Place, service: str, heads: dict[str, Any]) -> list[str]:
    connection: Any = await connect(place.database(service), "quiet")
    try:
        behind = []
        if await connection.fetchval("SELECT to_regclass('checkpoints') IS NOT NULL"):
            found = {
                row["source"]: row["position"]
                for row in await connection.fetch("SELECT source, position FROM checkpoints")
            }
            behind = [
                f"{service} at {found.get(source, 0)} of {head} of {source}"
                for source, head in heads.items()
                if source in find(service).hears and found.get(source, 0) != head
            ]
        if service == "gateway":
            heads["history"] = await connection.fetchval("SELECT seq FROM history_head")
            late = await connection.fetch(
                "SELECT name, position FROM projections WHERE position <> $1", heads["history"]
            )
            behind += [f"{row['name']} at {row['position']} of history" for row in late]
        return behind
    finally:
        await connection.close()
