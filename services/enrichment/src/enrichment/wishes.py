"""An operator's wish that feeds be read now: put down in Postgres, seen by whoever reads them."""

from collections.abc import Sequence
from dataclasses import dataclass

from chassis.postgres import connect

ASK = "UPDATE feed_positions SET asked_at = now() RETURNING source, feed"
WAITING = """
SELECT source || ' ' || feed AS name, coalesce("left", 0) AS left, trouble FROM feed_positions
WHERE read_at IS NULL OR asked_at > read_at ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A feed that was not read to its end since that was wished."""

    name: str
    left: int
    why: str


async def ask_for_sync(url: str) -> Sequence[str]:
    """Ask for every feed to be read now; returns their names."""
    connection = await connect(url, "registry-sync")
    try:
        return [f"{row['source']} {row['feed']}" for row in await connection.fetch(ASK)]
    finally:
        await connection.close()


async def still_waiting(url: str) -> Sequence[Waiting]:
    """Return the feeds that are not there yet, and what keeps them."""
    connection = await connect(url, "registry-sync")
    try:
        rows = await connection.fetch(WAITING)
    finally:
        await connection.close()
    return [
        Waiting(row["name"], row["left"], row["trouble"] or "the service does not read it")
        for row in rows
    ]
