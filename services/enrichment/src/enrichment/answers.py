"""What registries answered when they were asked: taken into our copy, or kept beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson

from chassis.tenancy import Connection
from contracts.enrichment import FactSource, RegistryEntry
from enrichment import registry, taking
from enrichment.copying import told_by
from enrichment.formats.listing import Listing
from enrichment.registry import Found as Known
from enrichment.registry import facts_of, field_name, sub_unit
from enrichment.sources import port
from enrichment.taking import FORMS, Word

LIFE = timedelta(hours=1)
"""What was asked so lately is not asked again for a form that somebody fills in."""
IS_COPIED = "SELECT EXISTS (SELECT FROM registry.sources WHERE country = $1)"
ANSWER = "SELECT * FROM answers WHERE country = $1 AND number = $2"
FORGET = "DELETE FROM answers WHERE country = $1 AND number = $2"
KEEP = """
INSERT INTO answers VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (country, number) DO UPDATE SET (source, facts, active, sub_units, as_of)
  = (excluded.source, excluded.facts, excluded.active, excluded.sub_units, excluded.as_of)
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one source answered about a company, and its sub-units if it tells them."""

    source: str
    outcome: port.Outcome
    units: Sequence[Listing] = ()


async def find(connection: Connection, country: str, number: str) -> Known | None:
    """Return the facts about a number: as our copy has them, or as they were answered."""
    if country in registry.REGISTRIES:
        found = await registry.find(connection, country, number)
        if found:
            return found
    row = await connection.fetchrow(ANSWER, country, number)
    if row is None:
        return None
    facts = facts_of(orjson.loads(row["facts"]), active=row["active"])
    return Known(row["source"], facts, row["as_of"])


async def entry(
    connection: Connection, country: str, number: str, since: datetime
) -> RegistryEntry | None:
    """Return what was answered since a moment, as it is told."""
    row = await connection.fetchrow(f"{ANSWER} AND as_of >= $3", country, number, since)
    if row is None:
        return None
    document = orjson.loads(row["facts"])
    said = FactSource(registry=row["source"], as_of=row["as_of"])
    return RegistryEntry(
        country=country,
        organisation_number=number,
        registry=row["source"],
        facts=facts_of(document, active=row["active"]),
        as_of=row["as_of"],
        sub_units=tuple(
            sub_unit(unit["number"], unit["facts"]) for unit in orjson.loads(row["sub_units"])
        ),
        sources=dict.fromkeys(map(field_name, document), said),
        outcome="found" if row["active"] else "deleted",
    )


async def keep(
    connection: Connection, country: str, number: str, answer: Answer, as_of: datetime
) -> None:
    """Keep an answer; that there is nothing is not kept, and what was removed is forgotten."""
    copied = await connection.fetchval(IS_COPIED, country)
    if copied and answer.source in FORMS:
        said = {number: answer.outcome, **{u.number: port.Found(u) for u in answer.units}}
        before = await taking.present(connection, country, list(said))
        await taking.take(connection, Word(answer.source, country, said, as_of), before)
        return
    listing = listing_of(answer.outcome)
    if isinstance(answer.outcome, port.Removed):
        await connection.execute(FORGET, country, number)
    elif listing and listing.facts.get("name"):
        await connection.execute(KEEP, *_row(listing, answer, as_of))


def listing_of(outcome: port.Outcome) -> Listing | None:
    """Return what an outcome says of the company, if it says anything."""
    match outcome:
        case port.Found(listing) | port.Partial(listing):
            return listing
        case port.Deleted(listing=listing):
            return listing
        case _:
            return None


def _row(listing: Listing, answer: Answer, as_of: datetime) -> tuple[Any, ...]:
    units = [{"number": unit.number, "facts": unit.facts} for unit in answer.units]
    return (
        listing.country,
        listing.number,
        answer.source,
        told_by(listing.facts).decode(),
        not isinstance(answer.outcome, port.Deleted) and not _has_ended(listing),
        orjson.dumps(units).decode(),
        as_of,
    )


def _has_ended(listing: Listing) -> bool:
    return "ceased" in listing.facts or "deregistered_on" in listing.facts
