"""The type-ahead: which registered company somebody means, from the first letter on."""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import permutations
from typing import Any

from chassis.tenancy import Connection
from contracts.enrichment import RegistryHit, RegistryHits, SearchRegistry
from contracts.identifiers import NumberInvalid, identify
from enrichment.marks import marks
from enrichment.names import Wording, plain, wording
from enrichment.picks import picked
from enrichment.registry import REGISTRIES
from enrichment.spelling import heads, slips, spellings
from enrichment.under_way import first_load

SECONDS_MAX = 0.5
"""For each of a few looks into the database: whoever types has typed on by then."""
DIGITS_MIN = 3
"""Fewer digits begin half of all numbers, and some names."""
TURNED_WORDS_MAX = 4
"""Names of more words have too many orders to try them all; they are found by their words."""
VARIED_LETTERS_MIN = 4
"""Names that begin with fewer letters are of many kinds by themselves."""
CORRECTED_LETTERS_MIN = 4
"""Fewer letters are one slip from everything."""
LONG_MIN = 10
"""With so many letters few names begin, mostly, and so with one word and the next one's start."""
ENOUGH = 5
"""So many seen at once make looking for the same words in another order vain."""
STARTS_MAX = 3
"""What as few letters find is put down beforehand, so many companies of it:"""
FIRSTS_MAX = 10
WORDS_MAX = 12
"""More than a name has; each costs a look into an index."""

HIT = (
    "e.id, e.country, e.number, e.parent, e.name, e.key, e.city, e.municipality, e.legal_form,"
    " e.active, e.bankrupt"
)
BY_START = f"""
SELECT {HIT} FROM registry.firsts e
WHERE e.start = $1 AND e.wanted = $2 AND e.place <= $3 ORDER BY e.place
"""
BY_NAME = f"SELECT {HIT} FROM registry.walk($1, $2, $3, $4, $5) e"
BY_LONG_NAME = f"SELECT {HIT} FROM registry.few($1, $2, $3, $4) e"
BY_WORDS = f"SELECT {HIT} FROM registry.by_words($1, $2, $3, $4) e"
BY_SPELLING = f"""
SELECT {HIT}, s.spelling
FROM registry.respelled($1, $2, $3) WITH ORDINALITY s (id, spelling, place)
JOIN registry.entries e USING (id) ORDER BY s.place
"""
BY_NUMBER = f"""
SELECT {HIT} FROM registry.entries e
WHERE e.number >= $1 AND e.number < $1 || ':' AND ($2::text IS NULL OR e.country = $2)
ORDER BY e.number LIMIT $3
"""
SPELLED = "SELECT slip, start, uses FROM registry.spelled($1, $2)"
_DIGITS = re.compile(r"[0-9].*[0-9]")
_NUMBER = re.compile(r"^(?:SE|NO)?(?:16(?=[0-9]{9,10}$))?([0-9]{1,10})(?:01|M(?:VA?)?)?$")
_APART = re.compile(r"[\s.\-\u2010-\u2015]+")


async def search(connection: Connection, query: SearchRegistry) -> RegistryHits:
    """Return the companies that could be meant, the best first."""
    words = wording(query.q).start.split()
    found = tuple(_hit(row, words) for row in await rows(connection, query))
    return RegistryHits(items=found, loading=None if found else await first_load(connection))


async def rows(connection: Connection, query: SearchRegistry) -> list[Any]:
    """Return the rows of the hits.

    What takes too long is left out, and the query that would find it is cancelled.
    """
    found: list[Any] = []
    with suppress(TimeoutError):
        await _look(connection, query, found)
    first: dict[int, Any] = {}
    for row in found:
        first.setdefault(row["id"], row)
    return list(first.values())[: query.limit]


async def _look(connection: Connection, query: SearchRegistry, found: list[Any]) -> None:
    """Find by number, by what was picked before, by name, and last by another spelling."""
    typed = wording(query.q)
    words = typed.start.split()[:WORDS_MAX]
    if query.country and query.country not in REGISTRIES:
        return
    numbered = await _by_number(connection, query) if _DIGITS.search(query.q) else []
    found += numbered
    if len(numbered) >= query.limit or not words:
        return
    picks = await picked(connection, HIT, query, " ".join(words))
    named = await _by_name(connection, query, typed, words)
    whole = [row for row in named if row["key"] in {typed.start, typed.name}]
    found += [*whole, *picks, *named]
    if not found and len(typed.start) >= CORRECTED_LETTERS_MIN:
        found += await _by_spelling(connection, query, words)


async def _by_name(
    connection: Connection, query: SearchRegistry, typed: Wording, words: Sequence[str]
) -> list[Any]:
    """Find by what the letters may mean; a whole name before the beginnings of others."""
    if rows := await _firsts(connection, query, typed):
        return rows
    wholes = list(dict.fromkeys([*_turned(typed.start), *_turned(typed.name)]))
    count = query.limit * 3 // 2 if len(typed.start) >= VARIED_LETTERS_MIN else query.limit
    # A legal form that is complete may be left out of account; one half typed may be a word.
    begun = [typed.start, typed.name] if typed.form and typed.name else [typed.start]
    for start in begun:
        rows += await _begun(connection, query, start, wholes, count)
    seen = list({row["id"] for row in rows})
    if len(seen) < ENOUGH and len(words) > 1:
        where = list(words), seen, query.country, count
        rows += await connection.fetch(BY_WORDS, *where, timeout=SECONDS_MAX)
    rows = _varied(rows, wholes)
    if typed.form:
        rows.sort(key=lambda row: row["key"] not in wholes or row["legal_form"] != typed.form)
    return rows


async def _firsts(connection: Connection, query: SearchRegistry, typed: Wording) -> list[Any]:
    """Find by one to three letters, as far as that is put down."""
    known = len(typed.start) <= STARTS_MAX and query.limit <= FIRSTS_MAX
    if not known or typed.form or query.municipality:
        return []
    return await connection.fetch(
        BY_START, typed.start, query.country or "", query.limit, timeout=SECONDS_MAX
    )


async def _begun(
    connection: Connection, query: SearchRegistry, start: str, wholes: Sequence[str], count: int
) -> list[Any]:
    """Find names, or later words of them, that begin so."""
    if (len(start) >= LONG_MIN or " " in start) and not query.municipality:
        few = await connection.fetch(
            BY_LONG_NAME, start, wholes, query.country, count, timeout=SECONDS_MAX
        )
        if len(few) < count:
            return few
    where = query.country, query.municipality
    return await connection.fetch(BY_NAME, start, wholes, *where, count, timeout=SECONDS_MAX)


def _varied(rows: Sequence[Any], wholes: Sequence[str]) -> list[Any]:
    """Put other companies of a name that is there already behind those of other names.

    Whoever has not typed a whole name yet means one of several names, not one of its bearers.
    """
    first: dict[Any, Any] = {}
    again = []
    for row in rows:
        if row["key"] in wholes:
            first[row["id"]] = row
        elif row["key"] in first:
            again.append(row)
        else:
            first[row["key"]] = row
    return [*first.values(), *again]


def _turned(name: str) -> Iterator[str]:
    """Return a name with its words in every order, as they stand first."""
    words = name.split()
    if words:
        yield name
    if 1 < len(words) <= TURNED_WORDS_MAX:
        yield from map(" ".join, permutations(words))


async def _by_spelling(
    connection: Connection, query: SearchRegistry, words: Sequence[str]
) -> list[Any]:
    """Find what is one slip of the finger away; doubled letters may be the slip."""
    as_typed = wording(query.q, plain).start.split()[:WORDS_MAX]
    ways = [words, as_typed] if as_typed != list(words) else [words]
    typed = [word for way in ways for word in way]
    known = await connection.fetch(SPELLED, slips(typed), heads(typed), timeout=SECONDS_MAX)
    starts = [(row["slip"], row["start"], row["uses"]) for row in known]
    meant = dict.fromkeys(spelling for way in ways for spelling in spellings(way, starts))
    return await connection.fetch(
        BY_SPELLING, list(meant), query.country, query.limit, timeout=SECONDS_MAX
    )


async def _by_number(connection: Connection, query: SearchRegistry) -> list[Any]:
    """Find by a number or its beginning, a company's or a sub-unit's."""
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
    # Twelve digits begin with 16, and half of them may be typed yet.
    digits = dict.fromkeys([match[1], match[1].removeprefix("16")])
    for start in (start for start in digits if len(start) >= DIGITS_MIN):
        if found := await connection.fetch(BY_NUMBER, start, query.country, query.limit):
            return found
    return []


def _hit(row: Any, words: Sequence[str]) -> RegistryHit:
    spelling = row.get("spelling")
    return RegistryHit(
        country=row["country"],
        organisation_number=row["number"],
        parent=row["parent"],
        name=row["name"],
        city=row["city"],
        legal_form=row["legal_form"],
        active=row["active"],
        bankrupt=row["bankrupt"],
        matches=marks(row["name"], spelling.split() if spelling else words),
    )
