"""What a source said of some numbers taken into our copy: changed, ended, purged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import orjson

from chassis.tenancy import Connection
from enrichment.changes import Change, purge, take_changes
from enrichment.formats.listing import Listing, named, stated
from enrichment.formats.source import BRREG_SUB_UNITS, BRREG_UNITS
from enrichment.sources.port import Deleted, Found, Outcome, Partial, Removed

PRESENT = """
SELECT e.number, e.parent, e.name, e.active, f.facts FROM registry.entries e, LATERAL (
  SELECT facts FROM registry.facts f WHERE f.number = e.number AND f.country = e.country
  ORDER BY file_rank DESC, line DESC LIMIT 1) f
WHERE e.country = $1 AND e.number = ANY ($2)
"""
BELOW = "SELECT number FROM registry.entries WHERE country = $1 AND parent = ANY ($2)"


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


async def take(
    connection: Connection,
    country: str,
    said: Mapping[str, Outcome],
    before: Mapping[str, Present],
    as_of: datetime,
) -> None:
    """Take in what was said; what was removed for legal reasons goes with its sub-units."""
    changes: list[Change] = []
    removed: list[str] = []
    for number, outcome in said.items():
        match outcome:
            case Found(listing) | Partial(listing):
                changes.append(_change(listing, as_of))
            case Deleted(on=on) if number in before:
                changes.append(_change(_ended(country, before[number], on), as_of))
            case Removed():
                removed.append(number)
            case _:
                continue
    await take_changes(connection, changes)
    if removed:
        below = await connection.fetch(BELOW, country, removed)
        await purge(connection, country, [*removed, *(row["number"] for row in below)])


def _change(listing: Listing, as_of: datetime) -> Change:
    return Change(BRREG_SUB_UNITS if listing.parent else BRREG_UNITS, listing, as_of)


def _ended(country: str, before: Present, on: date | None) -> Listing:
    """Return what an entry was, and that it ended."""
    ended = stated({"ceased": True, "deregistered_on": on.isoformat() if on else None})
    facts = {**before.facts, **named(before.name), **ended}
    return Listing(country, before.number, before.parent, facts)
