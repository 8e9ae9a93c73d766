"""Statistics Sweden's business register, "Sök på var": companies and their workplaces.

Entered with a client certificate. Ten calls in ten seconds and 2,000 rows a call, with no
paging; what would be more is counted first. It is not to be asked at every key stroke.
"""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from enrichment.formats import scb as form
from enrichment.formats.listing import Listing, Skipped
from enrichment.sources.calls import LOOK_UP, TYPED, WAITED_FOR, Calls, Purpose
from enrichment.sources.port import (
    Capability,
    Deleted,
    Found,
    Garbled,
    Lacking,
    NotOffered,
    Outcome,
    Unavailable,
    Unknown,
    Unreadable,
)

COUNTRY = "SE"
ROWS_MAX = 2_000
OK = 200
A_SECOND, AT_ONCE = 1.0, 10
NUMBER, NAME = "OrgNr (10 siffror)", "Namn"
IS, BEGINS = "ArLikaMed", "BorjarPa"
COMPANIES, WORKPLACES = "je", "ae"
FETCH = {COMPANIES: "hamtaforetag", WORKPLACES: "hamtaarbetsstallen"}
COUNT = {COMPANIES: "raknaforetag", WORKPLACES: "raknaarbetsstallen"}


class Scb(Lacking):
    """The Swedish business register."""

    name = "scb"
    countries = frozenset({COUNTRY})
    capabilities = frozenset({Capability.LOOK_UP, Capability.SUB_UNITS, Capability.SEARCH})

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def look_up(self, _country: str, number: str, *, hurry: bool = False) -> Outcome:
        """Return what the register says of a number; a number it does not list, it does not know.

        Companies that are no longer active are listed too.
        """
        purpose = WAITED_FOR if hurry else LOOK_UP
        rows = await self._rows(purpose, COMPANIES, NUMBER, IS, number)
        found = _listings(form.company, rows)
        if rows and not found:
            raise Unreadable(f"{self.name}: a company without number or name")
        if any(listing.number != number for listing in found):
            raise Garbled(f"{self.name}: it is about another number")
        if not found:
            return Unknown(COUNTRY, number)
        if "ceased" in found[0].facts:
            ended = str(rows[0].get("Slutdatum") or "")
            return Deleted(COUNTRY, number, date.fromisoformat(ended) if ended else None, found[0])
        return Found(found[0])

    async def sub_units(self, _country: str, number: str) -> Sequence[Listing]:
        """Return a company's workplaces (arbetsställen)."""
        rows = await self._rows(LOOK_UP, WORKPLACES, NUMBER, IS, number)
        return [unit for unit in _listings(form.workplace, rows) if unit.parent == number]

    async def search(self, _country: str, typed: str, limit: int) -> Sequence[Listing]:
        """Return companies whose names begin as typed; what is too many is refused."""
        asked = _asked(COMPANIES, NAME, BEGINS, typed)
        said = await self._calls.post(TYPED, f"api/je/{COUNT[COMPANIES]}", asked)
        if said.status != OK or not isinstance(said.body, int):
            raise Garbled(f"{self.name}: no count")
        if said.body > ROWS_MAX:
            raise NotOffered(f"{self.name}: {said.body} names begin so")
        if not said.body:
            return []
        rows = await self._rows(TYPED, COMPANIES, NAME, BEGINS, typed)
        return _listings(form.company, rows)[:limit]

    async def _rows(
        self, purpose: Purpose, what: str, variable: str, operator: str, value: str
    ) -> list[dict[str, Any]]:
        said = await self._calls.post(
            purpose, f"api/{what}/{FETCH[what]}", _asked(what, variable, operator, value)
        )
        if said.status != OK:
            raise Unavailable(f"{self.name}: {said.status}")
        if not isinstance(said.body, list) or not all(isinstance(row, dict) for row in said.body):
            raise Garbled(f"{self.name}: no rows")
        return said.body


def _asked(what: str, variable: str, operator: str, value: str) -> dict[str, Any]:
    """Return a question in the register's own words."""
    states = {"Registreringsstatus": "1"} if what == COMPANIES else {}
    wanted = {"Variabel": variable, "Operator": operator, "Varde1": value, "Varde2": ""}
    return {**states, "Kategorier": [], "variabler": [wanted]}


def _listings(
    read: Callable[[dict[str, Any]], Listing | Skipped], rows: list[dict[str, Any]]
) -> list[Listing]:
    """Read what can be read; a person's row is none of ours."""
    return [found for found in map(read, rows) if isinstance(found, Listing)]
