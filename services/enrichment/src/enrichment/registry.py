"""What the registries say, as it was loaded last."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from chassis.tenancy import Connection
from contracts.enrichment import FactSource, RegistryEntry, RegistryFacts, SubUnit
from contracts.identifiers import NumberInvalid, NumberKind, identify, workplace
from contracts.values import Address, AddressKind, CompanyDetails

REGISTRIES = {"SE": "bolagsverket", "NO": "brreg"}
"""Whose facts are loaded, by country."""
SUB_UNITS_MAX = 400
"""Only the largest chains have more, and an answer must fit into a message."""
ADDRESS_FIELDS = {"visiting": "addresses.VISITING", "postal": "addresses.POSTAL"}
SHOWN_ADDRESSES = ((AddressKind.VISITING, "visiting"), (AddressKind.POSTAL, "postal"))

ENTRY = """
SELECT e.number, e.parent, e.name, e.active, coalesce(s.as_of, f.as_of) AS edition_of, f.form,
       f.facts, coalesce(f.as_of, s.as_of) AS as_of
FROM registry.entries e LEFT JOIN registry.sources s USING (country), LATERAL (
  SELECT DISTINCT ON (file_rank) * FROM registry.facts f
  WHERE f.number = e.number AND f.country = e.country ORDER BY file_rank, line DESC) f
WHERE e.country = $1 AND e.number = $2 ORDER BY f.file_rank
"""
SUB_UNITS = """
SELECT u.number, u.name, u.active, f.facts
FROM (SELECT * FROM registry.entries WHERE country = $1 AND parent = $2
      ORDER BY active DESC, number LIMIT $3) u,
  LATERAL (SELECT facts FROM registry.facts f WHERE f.number = u.number AND f.country = u.country
           ORDER BY file_rank DESC, line DESC LIMIT 1) f
ORDER BY u.active DESC, u.number
"""


class NumberPersonal(ValueError):
    """A sole trader's number: it is personal and is never looked up."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a registry said of a number on the day its edition was made."""

    registry: str
    facts: RegistryFacts
    as_of: datetime


@dataclass(frozen=True, slots=True)
class _Joined:
    """What all files say of a number, and which of them said what."""

    parent: str | None
    facts: RegistryFacts
    as_of: datetime
    sources: dict[str, FactSource]


async def find(connection: Connection, country: str, number: str) -> Found | None:
    """Return the facts about a company or a sub-unit, or nothing."""
    joined = await _joined(connection, country, number)
    return Found(REGISTRIES[country], joined.facts, joined.as_of) if joined else None


async def look_up(connection: Connection, country: str, typed: str) -> RegistryEntry:
    """Return a company with its sub-units, or a sub-unit, by its number as somebody wrote it.

    Raises `NumberInvalid` for a number that cannot be right and `NumberPersonal` for a person's.
    """
    number, registry = _number(country, typed), REGISTRIES.get(country)
    joined = await _joined(connection, country, number) if registry else None
    if joined is None:
        return RegistryEntry(country=country, organisation_number=number, registry=registry)
    units = await connection.fetch(SUB_UNITS, country, number, SUB_UNITS_MAX)
    return RegistryEntry(
        country=country,
        organisation_number=number,
        parent=joined.parent,
        registry=registry,
        facts=joined.facts,
        as_of=joined.as_of,
        sub_units=tuple(map(_sub_unit, units)),
        sources=joined.sources,
        outcome="found" if joined.facts.active else "deleted",
    )


def _number(country: str, typed: str) -> str:
    """Understand a company's number, or that of a Swedish workplace, which is no company's."""
    if country == "SE":
        with suppress(NumberInvalid):
            return workplace(country, typed).number
    identified = identify(country, typed)
    if identified.kind is NumberKind.PERSNR:
        raise NumberPersonal
    return identified.number


async def _joined(connection: Connection, country: str, number: str) -> _Joined | None:
    """Put together what the files say; of what several say, the last word counts."""
    rows = await connection.fetch(ENTRY, country, number)
    if not rows:
        return None
    document: dict[str, Any] = {}
    sources: dict[str, FactSource] = {}
    for row in rows:
        said = orjson.loads(row["facts"])
        source = FactSource(registry=row["form"].partition("-")[0], as_of=row["as_of"])
        document |= said
        sources |= dict.fromkeys(map(field_name, said), source)
    first = rows[0]
    facts = facts_of(document, active=first["active"])
    return _Joined(first["parent"], facts, first["edition_of"], sources)


def field_name(field: str) -> str:
    """Return how a field of a document is called where it is told."""
    return ADDRESS_FIELDS.get(field, field)


def facts_of(document: dict[str, Any], *, active: bool) -> RegistryFacts:
    """Return a loaded document as it is told."""
    return RegistryFacts.model_validate(
        {
            "details": {k: v for k, v in document.items() if k in CompanyDetails.model_fields},
            "active": active,
            "proceedings": document.get("proceedings", ()),
            "addresses": {kind: document[k] for kind, k in SHOWN_ADDRESSES if k in document},
        }
    )


def _sub_unit(row: Any) -> SubUnit:
    document = orjson.loads(row["facts"])
    return sub_unit(row["number"], document | {"name": row["name"]}, active=row["active"])


def sub_unit(number: str, document: dict[str, Any], *, active: bool | None = None) -> SubUnit:
    """Return a sub-unit's document as it is told; it says itself whether it has ended."""
    address = document.get("visiting") or document.get("postal")
    ended = "deregistered_on" in document or "ceased" in document
    return SubUnit(
        number=number,
        name=document["name"],
        active=not ended if active is None else active,
        address=Address.model_validate(address) if address else None,
    )
