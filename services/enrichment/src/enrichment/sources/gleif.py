"""GLEIF: companies of any country that have a legal entity identifier; few small ones have.

Numbers at national registers are written with or without hyphens, so that both are asked for.
"""

from collections.abc import Sequence
from typing import Any

from contracts.written_numbers import COUNTRIES
from enrichment.formats import gleif as form
from enrichment.formats.listing import Listing
from enrichment.formats.prh import written
from enrichment.sources.calls import LOOK_UP, TYPED, WAITED_FOR, Calls, Purpose
from enrichment.sources.port import (
    Capability,
    Deleted,
    Found,
    Garbled,
    Lacking,
    Outcome,
    Unavailable,
    Unknown,
)

OK, NOT_FOUND = 200, 404
A_SECOND, AT_ONCE = 1.0, 10
"""Sixty a minute."""


class Gleif(Lacking):
    """The world's register of legal entity identifiers."""

    name = "gleif"
    countries = COUNTRIES
    capabilities = frozenset({Capability.LOOK_UP, Capability.SEARCH})

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def look_up(self, country: str, number: str, *, hurry: bool = False) -> Outcome:
        """Return what is recorded under a company's number at its own register."""
        purpose = WAITED_FOR if hurry else LOOK_UP
        records = await self._records(
            purpose,
            {
                "filter[entity.registeredAs]": ",".join(_spellings(country, number)),
                "filter[entity.legalAddress.country]": country,
            },
        )
        found = [one for one in _listings(records) if one.country == country]
        if not found:
            return Unknown(country, number)
        ours = next((one for one in found if one.number == number), None)
        if ours is None:
            raise Garbled(f"{self.name}: it is about another number")
        return Deleted(country, number, None, ours) if "ceased" in ours.facts else Found(ours)

    async def search(self, country: str, typed: str, limit: int) -> Sequence[Listing]:
        """Return companies whose names are like what was typed: completions, then their records."""
        asked = {"field": "entity.legalName", "q": typed}
        said = await self._calls.get(TYPED, "fuzzycompletions", **asked)
        ids = _ids(said.body) if said.status == OK else []
        if not ids:
            return []
        records = await self._records(TYPED, {"filter[lei]": ",".join(ids[:limit])})
        return [one for one in _listings(records) if one.country == country]

    async def _records(self, purpose: Purpose, asked: dict[str, str]) -> list[dict[str, Any]]:
        said = await self._calls.get(purpose, "lei-records", **asked)
        if said.status == NOT_FOUND:
            return []
        if said.status != OK:
            raise Unavailable(f"{self.name}: {said.status}")
        records = said.body.get("data") if isinstance(said.body, dict) else None
        if not isinstance(records, list) or not all(isinstance(one, dict) for one in records):
            raise Garbled(f"{self.name}: no records in the answer")
        return records


def _spellings(country: str, number: str) -> list[str]:
    """Return how a number may have been recorded."""
    hyphened = {"SE": f"{number[:6]}-{number[6:]}", "FI": written(number)}.get(country)
    return [number, hyphened] if hyphened else [number]


def _listings(records: list[dict[str, Any]]) -> list[Listing]:
    found = map(form.listing, records)
    return [one for one in found if isinstance(one, Listing)]


def _ids(body: Any) -> list[str]:
    """Return the identifiers that completions lead to."""
    try:
        links = [hit.get("relationships", {}).get("lei-records", {}) for hit in body["data"]]
        return list(dict.fromkeys(link["data"]["id"] for link in links if link.get("data")))
    except (AttributeError, KeyError, TypeError) as error:
        raise Garbled(f"{Gleif.name}: no completions in the answer") from error
