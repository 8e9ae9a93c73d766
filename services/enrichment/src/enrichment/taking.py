"""What a source said of some numbers taken into our copy: changed, ended, purged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import orjson

from chassis.tenancy import Connection
from enrichment.changes import Change, purge, take_changes
from enrichment.formats.listing import Listing, named, stated
from enrichment.formats.source import (
    BOLAGSVERKET,
    BRREG_SUB_UNITS,
    BRREG_UNITS,
    SCB_COMPANIES,
    SCB_WORKPLACES,
    Form,
)
from enrichment.sources.port import Deleted, Found, Outcome, Partial, Removed

PRESENT = """
SELECT e.number, e.parent, e.name, e.active, f.facts FROM registry.entries e, LATERAL (
  SELECT facts FROM registry.facts f WHERE f.number = e.number AND f.country = e.country
  ORDER BY file_rank DESC, line DESC LIMIT 1) f
WHERE e.country = $1 AND e.number = ANY ($2)
"""
FORMS: dict[str, tuple[Form, Form]] = {
    "brreg": (BRREG_UNITS, BRREG_SUB_UNITS),
    "bolagsverket": (BOLAGSVERKET, SCB_WORKPLACES),
    "scb": (SCB_COMPANIES, SCB_WORKPLACES),
}
"""Which file a source's word takes the place of, for companies and for sub-units."""
OF_FORM = "SELECT facts FROM registry.facts WHERE number = $1 AND country = $2 AND form = $3"
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


@dataclass(frozen=True, slots=True)
class Word:
    """What a source said of some numbers of a country, and when."""

    source: str
    country: str
    said: Mapping[str, Outcome]
    as_of: datetime


async def take(connection: Connection, word: Word, before: Mapping[str, Present]) -> None:
    """Take in what was said; what was removed for legal reasons goes with its sub-units."""
    listings: list[Listing] = []
    removed: list[str] = []
    for number, outcome in word.said.items():
        match outcome:
            case Found(listing):
                listings.append(listing)
            case Partial(listing, missing):
                listings.append(await _completed(connection, word.source, listing, missing))
            case Deleted(on=on) if number in before:
                listings.append(_ended(word.country, before[number], on))
            case Deleted(listing=Listing() as listing):
                listings.append(listing)
            case Removed():
                removed.append(number)
            case _:
                continue
    forms = FORMS[word.source]
    changes = [Change(forms[bool(one.parent)], one, word.as_of) for one in listings]
    await take_changes(connection, [one for one in changes if one.listing.facts.get("name")])
    if removed:
        below = await connection.fetch(BELOW, word.country, removed)
        await purge(connection, word.country, [*removed, *(row["number"] for row in below)])


async def _completed(
    connection: Connection, source: str, listing: Listing, missing: frozenset[str]
) -> Listing:
    """Let what could not be had today be as it was known."""
    form = FORMS[source][bool(listing.parent)]
    known = await connection.fetchval(OF_FORM, listing.number, listing.country, form.name)
    facts = orjson.loads(known) if known else {}
    kept = {name: fact for name, fact in facts.items() if name in missing}
    return replace(listing, facts={**named(kept.get("name")), **kept, **listing.facts})


def _ended(country: str, before: Present, on: date | None) -> Listing:
    """Return what an entry was, and that it ended."""
    ended = stated({"ceased": True, "deregistered_on": on.isoformat() if on else None})
    facts = {**before.facts, **named(before.name), **ended}
    return Listing(country, before.number, before.parent, facts)
