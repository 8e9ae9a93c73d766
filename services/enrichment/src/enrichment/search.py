"""The type-ahead: which registered company somebody means, from the first letter on."""

import re
from typing import Any

from chassis.tenancy import Connection
from contracts.enrichment import RegistryHit, RegistryHits, SearchRegistry
from contracts.identifiers import NumberInvalid, identify
from enrichment.names import wording
from enrichment.registry import REGISTRIES

DIGITS_MIN = 3
"""Fewer digits begin half of all numbers, and some names."""

HIT = "e.id, e.country, e.number, e.name, e.city, e.legal_form, e.active"
BY_NAME = f"""
SELECT {HIT}, s.whole FROM registry.entries e
JOIN registry.suggest($1, $2, $3) WITH ORDINALITY AS s (id, whole, place) USING (id)
ORDER BY s.place
"""
BY_NUMBER = f"""
SELECT {HIT} FROM registry.entries e
WHERE e.number >= $1 AND e.number < $1 || ':' AND ($2::text IS NULL OR e.country = $2)
ORDER BY e.number LIMIT $3
"""
BY_UNIT = f"""
SELECT {HIT} FROM registry.entries e
JOIN registry.units u ON u.country = e.country AND u.parent = e.number
WHERE u.country = ANY ($2) AND u.number = $1 LIMIT $3
"""
_NUMBER = re.compile(r"^(?:SE|NO)?(?:16(?=[0-9]{9,10}$))?([0-9]{1,10})(?:01|M(?:VA?)?)?$")
_APART = re.compile(r"[\s.\-\u2010-\u2015]+")


async def search(connection: Connection, query: SearchRegistry) -> RegistryHits:
    """Return the companies that could be meant, the best first."""
    rows = await _by_number(connection, query)
    if len(rows) < query.limit:
        rows += await _by_name(connection, query)
    best = {row["id"]: row for row in reversed(rows)}
    places = {row["id"]: place for place, row in reversed(list(enumerate(rows)))}
    ranked = sorted(best.values(), key=lambda row: places[row["id"]])
    return RegistryHits(items=tuple(_hit(row) for row in ranked[: query.limit]))


async def _by_name(connection: Connection, query: SearchRegistry) -> list[Any]:
    """Find by what the letters may mean; a whole name before the beginnings of others."""
    typed = wording(query.q)
    named: list[Any] = []
    if typed.name:
        named = await connection.fetch(BY_NAME, typed.name, query.country, query.limit)
    begun = []
    if typed.start:
        begun = await connection.fetch(BY_NAME, typed.start, query.country, query.limit)
    whole = [row for row in named if row["whole"]]
    whole.sort(key=lambda row: typed.form is not None and row["legal_form"] != typed.form)
    # A legal form that is complete may be left out of account; one half typed may be a word.
    return whole + begun + (named if typed.form else [])


async def _by_number(connection: Connection, query: SearchRegistry) -> list[Any]:
    """Find by a number or its beginning; a sub-unit's number finds its head company."""
    for country in [query.country] if query.country else REGISTRIES:
        try:
            number = identify(country, query.q).number
        except NumberInvalid:
            continue
        found = await connection.fetch(BY_NUMBER, number, country, 1)
        if found:
            return found
    match = _NUMBER.match(_APART.sub("", query.q).upper())
    if not match or len(match[1]) < DIGITS_MIN:
        return []
    countries = [query.country] if query.country else list(REGISTRIES)
    # Twelve digits begin with 16, and half of them may be typed yet.
    spellings = dict.fromkeys([match[1], match[1].removeprefix("16")])
    for digits in (digits for digits in spellings if len(digits) >= DIGITS_MIN):
        if found := await connection.fetch(BY_NUMBER, digits, query.country, query.limit):
            return found
    return await connection.fetch(BY_UNIT, match[1], countries, query.limit)


def _hit(row: Any) -> RegistryHit:
    return RegistryHit(
        country=row["country"],
        organisation_number=row["number"],
        name=row["name"],
        city=row["city"],
        legal_form=row["legal_form"],
        active=row["active"],
    )
