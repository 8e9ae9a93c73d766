"""The Finnish register (PRH/YTJ): look-up and search, open, without sub-units or a feed."""

from collections.abc import Sequence
from typing import Any

from enrichment.formats import prh as form
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

COUNTRY = "FI"
OK, NOT_FOUND = 200, 404
A_SECOND, AT_ONCE = 2.0, 4


class Prh(Lacking):
    """The Finnish register."""

    name = "prh"
    countries = frozenset({COUNTRY})
    capabilities = frozenset({Capability.LOOK_UP, Capability.SEARCH})

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def look_up(self, _country: str, number: str, *, hurry: bool = False) -> Outcome:
        """Return what the register says of a number."""
        purpose = WAITED_FOR if hurry else LOOK_UP
        companies = await self._companies(purpose, businessId=form.written(number))
        if not companies:
            return Unknown(COUNTRY, number)
        return found_or_deleted(self.name, number, form.listing(companies[0]))

    async def search(self, _country: str, typed: str, limit: int) -> Sequence[Listing]:
        """Return companies that have what was typed in their names, the first page of them."""
        companies = await self._companies(TYPED, name=typed)
        found = map(form.listing, companies)
        return [listing for listing in found if isinstance(listing, Listing)][:limit]

    async def _companies(self, purpose: Purpose, **asked: Any) -> list[dict[str, Any]]:
        said = await self._calls.get(purpose, "companies", **asked)
        if said.status == NOT_FOUND:
            return []
        if said.status != OK:
            raise Unavailable(f"{self.name}: {said.status}")
        companies = said.body.get("companies") if isinstance(said.body, dict) else None
        if not isinstance(companies, list) or not all(isinstance(one, dict) for one in companies):
            raise Garbled(f"{self.name}: no companies in the answer")
        return companies
