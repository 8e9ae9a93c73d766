"""What the registries say, as it was loaded last."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from chassis.tenancy import Connection
from contracts.enrichment import RegistryEntry, RegistryFacts, SubUnit
from contracts.identifiers import NumberKind, identify
from contracts.values import Address, AddressKind, CompanyDetails

REGISTRIES = {"SE": "bolagsverket", "NO": "brreg"}
"""Whose facts are loaded, by country."""
SUB_UNITS_MAX = 400
"""Only the largest chains have more, and an answer must fit into a message."""
SHOWN_ADDRESSES = ((AddressKind.VISITING, "visiting"), (AddressKind.POSTAL, "postal"))

ENTRY = """
SELECT e.facts::text AS facts, e.active, s.as_of
FROM registry.entries e JOIN registry.sources s USING (country)
WHERE e.country = $1 AND e.number = $2
"""
UNIT = """
SELECT u.facts::text AS facts, u.active, s.as_of
FROM registry.units u JOIN registry.sources s USING (country)
WHERE u.country = $1 AND u.number = $2
"""
SUB_UNITS = """
SELECT number, name, active, facts::text AS facts FROM registry.units
WHERE country = $1 AND parent = $2 ORDER BY active DESC, number LIMIT $3
"""


class NumberPersonal(ValueError):
    """A sole trader's number: it is personal and is never looked up."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a registry said of a number on the day its edition was made."""

    registry: str
    facts: RegistryFacts
    as_of: datetime


async def find(connection: Connection, country: str, number: str) -> Found | None:
    """Return the facts about a company or a sub-unit, or nothing."""
    row = await connection.fetchrow(ENTRY, country, number)
    row = row or await connection.fetchrow(UNIT, country, number)
    if row is None:
        return None
    facts = facts_of(orjson.loads(row["facts"]), active=row["active"])
    return Found(REGISTRIES[country], facts, row["as_of"])


async def look_up(connection: Connection, country: str, typed: str) -> RegistryEntry:
    """Return a company with its sub-units, by its number as somebody wrote it.

    Raises `NumberInvalid` for a number that cannot be right and `NumberPersonal` for a person's.
    """
    identified = identify(country, typed)
    if identified.kind is NumberKind.PERSNR:
        raise NumberPersonal
    number, registry = identified.number, REGISTRIES.get(country)
    row = await connection.fetchrow(ENTRY, country, number) if registry else None
    if row is None:
        return RegistryEntry(country=country, organisation_number=number, registry=registry)
    return RegistryEntry(
        country=country,
        organisation_number=number,
        registry=registry,
        facts=facts_of(orjson.loads(row["facts"]), active=row["active"]),
        as_of=row["as_of"],
        sub_units=tuple(
            _sub_unit(unit)
            for unit in await connection.fetch(SUB_UNITS, country, number, SUB_UNITS_MAX)
        ),
    )


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
