"""The Danish register (CVR, system-til-system): look-up, search and production units.

An Elasticsearch index, entered with a user name and password that cost nothing.
"""

from collections.abc import Sequence
from typing import Any

from enrichment.formats import cvr as form
from enrichment.formats.listing import Listing
from enrichment.sources.calls import LOOK_UP, TYPED, WAITED_FOR, Calls, Purpose
from enrichment.sources.port import (
    Capability,
    Garbled,
    Lacking,
    Outcome,
    Unavailable,
    Unknown,
    found_or_deleted,
)

COUNTRY = "DK"
OK, NOT_FOUND = 200, 404
A_SECOND, AT_ONCE = 5.0, 5
UNITS_MAX = 400
"""Only the largest chains have more."""
COMPANY, UNIT = ("virksomhed", "Vrvirksomhed"), ("produktionsenhed", "VrproduktionsEnhed")
NAME = "Vrvirksomhed.virksomhedMetadata.nyesteNavn.navn"


class Cvr(Lacking):
    """The Danish register."""

    name = "cvr"
    countries = frozenset({COUNTRY})
    capabilities = frozenset({Capability.LOOK_UP, Capability.SUB_UNITS, Capability.SEARCH})

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def look_up(self, _country: str, number: str, *, hurry: bool = False) -> Outcome:
        """Return what the register says of a number."""
        purpose = WAITED_FOR if hurry else LOOK_UP
        query = {"term": {"Vrvirksomhed.cvrNummer": int(number)}}
        documents = await self._documents(purpose, COMPANY, query, 1)
        if not documents:
            return Unknown(COUNTRY, number)
        return found_or_deleted(self.name, number, form.company(documents[0]))

    async def sub_units(self, _country: str, number: str) -> Sequence[Listing]:
        """Return a company's production units, those it has now and those it had."""
        query = {"term": {"VrproduktionsEnhed.virksomhedsrelation.cvrNummer": int(number)}}
        documents = await self._documents(LOOK_UP, UNIT, query, UNITS_MAX)
        found = map(form.unit, documents)
        return [one for one in found if isinstance(one, Listing) and one.parent == number]

    async def search(self, _country: str, typed: str, limit: int) -> Sequence[Listing]:
        """Return companies whose names have words that begin as typed."""
        query = {"match_phrase_prefix": {NAME: typed}}
        found = map(form.company, await self._documents(TYPED, COMPANY, query, limit))
        return [listing for listing in found if isinstance(listing, Listing)]

    async def _documents(
        self, purpose: Purpose, kind: tuple[str, str], query: dict[str, Any], size: int
    ) -> list[dict[str, Any]]:
        index, key = kind
        asked = {"from": 0, "size": size, "query": query}
        said = await self._calls.post(purpose, f"{index}/_search", asked)
        if said.status == NOT_FOUND:
            return []
        if said.status != OK:
            raise Unavailable(f"{self.name}: {said.status}")
        try:
            documents = [hit["_source"][key] for hit in said.body["hits"]["hits"]]
        except (KeyError, TypeError) as error:
            raise Garbled(f"{self.name}: no hits in the answer") from error
        if not all(isinstance(document, dict) for document in documents):
            raise Garbled(f"{self.name}: no hits in the answer")
        return documents
