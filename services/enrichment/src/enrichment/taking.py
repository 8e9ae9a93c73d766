"""Our copy of a registry, changed entry by entry: taken in, ended, purged."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson

from chassis.tenancy import Connection
from enrichment.formats.listing import Listing

PRESENT = """
SELECT number, NULL AS parent, name, active, facts::text AS facts FROM registry.entries
WHERE country = $1 AND number = ANY ($2)
UNION ALL
SELECT number, parent, name, active, facts::text FROM registry.units
WHERE country = $1 AND number = ANY ($2)
"""


@dataclass(frozen=True, slots=True)
class Present:
    """An entry as our copy has it: a company, or a sub-unit, which has a parent."""

    number: str
    parent: str | None
    name: str
    active: bool
    facts: dict[str, Any]


async def present(
    connection: Connection, country: str, numbers: Sequence[str]
) -> dict[str, Present]:
    """Return what our copy has of some numbers."""
    rows = await connection.fetch(PRESENT, country, list(numbers))
    return {
        row["number"]: Present(
            row["number"], row["parent"], row["name"], row["active"], orjson.loads(row["facts"])
        )
        for row in rows
    }


async def take_in(connection: Connection, listing: Listing) -> None:
    """Have an entry as it is now."""
    await connection.execute(
        "SELECT registry.take_in($1, $2, $3, $4::text::jsonb)",
        listing.country,
        listing.number,
        listing.parent,
        orjson.dumps(listing.facts).decode(),
    )


async def end(connection: Connection, country: str, number: str, on: date | None) -> None:
    """Mark an entry as deleted; what it was stays."""
    await connection.execute("SELECT registry.end_entry($1, $2, $3)", country, number, on)


async def purge(connection: Connection, country: str, number: str) -> None:
    """Forget an entry and its sub-units."""
    await connection.execute("SELECT registry.purge_entry($1, $2)", country, number)
