"""Bolagsverket's API: look-up of Swedish companies by number, and their weekly bulk file.

It has no search and no workplaces. An answer that lacks blocks is `Partial`.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from enrichment.formats import bolagsverket_answer as form
from enrichment.sources.calls import LOOK_UP, WAITED_FOR, Calls
from enrichment.sources.downloads import download
from enrichment.sources.port import (
    Capability,
    Deleted,
    Edition,
    Found,
    Garbled,
    Lacking,
    Outcome,
    Partial,
    Unavailable,
    Unknown,
)

COUNTRY = "SE"
SCOPE = "vardefulla-datamangder:read vardefulla-datamangder:ping"
OK, NOT_FOUND = 200, 404
A_SECOND, AT_ONCE = 1.0, 5
"""Until a limit is published."""
BULK_FILES = {
    "bolagsverket_bulkfil.zip": "bolagsverket/bolagsverket_bulkfil.zip",
    "scb_bulkfil.zip": "scb/scb_bulkfil.zip",
}


class Bolagsverket(Lacking):
    """The Swedish register of companies."""

    name = "bolagsverket"
    countries = frozenset({COUNTRY})
    capabilities = frozenset({Capability.LOOK_UP, Capability.BULK})

    def __init__(self, calls: Calls, files: Calls) -> None:
        self._calls = calls
        self._files = files

    async def look_up(self, _country: str, number: str, *, hurry: bool = False) -> Outcome:
        """Return what the register says of a number."""
        purpose = WAITED_FOR if hurry else LOOK_UP
        asked = {"identitetsbeteckning": number}
        said = await self._calls.post(purpose, "organisationer", asked)
        if said.status == NOT_FOUND:
            return Unknown(COUNTRY, number)
        if said.status != OK:
            raise Unavailable(f"{self.name}: {_why(said.body)}")
        return outcome(number, said.body)

    async def bulk(self, folder: Path, known: Mapping[str, str]) -> Sequence[Edition]:
        """Download the weekly files, Statistics Sweden's among them, that are new."""
        return [
            edition
            for name, path in BULK_FILES.items()
            if (edition := await download(self._files, path, folder / name, known.get(name)))
        ]


def outcome(number: str, body: Any) -> Outcome:
    """Read an answer: a list, for one personal number may be several traders'."""
    answers = body.get("organisationer") if isinstance(body, dict) else None
    if not isinstance(answers, list) or not all(isinstance(each, dict) for each in answers):
        raise Garbled(f"{Bolagsverket.name}: no list of companies")
    ours = [each for each in answers if form.number_of(each) in {number, ""}]
    if answers and not ours:
        raise Garbled(f"{Bolagsverket.name}: it is about another number")
    answer = min(ours, key=lambda each: each.get("namnskyddslopnummer") or 0, default=None)
    if answer is None:
        return Unknown(COUNTRY, number)
    troubles = form.troubles(answer)
    if troubles and set(troubles.values()) == {form.NO_SUCH}:
        return Unknown(COUNTRY, number)
    listing = form.listing(number, answer)
    if troubles:
        return Partial(listing, form.missing(answer) or frozenset(troubles))
    if not listing.facts.get("name"):
        raise Garbled(f"{Bolagsverket.name}: a company without a name")
    if gone := listing.facts.get("deregistered_on"):
        return Deleted(COUNTRY, number, date.fromisoformat(gone), listing)
    return Found(listing)


def _why(body: Any) -> str:
    """Return what a refusal says (RFC 7807, nearly)."""
    said = body if isinstance(body, dict) else {}
    return f"{said.get('status')} {said.get('detail') or said.get('title')}"
