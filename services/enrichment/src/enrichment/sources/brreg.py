"""Brønnøysundregistrene's Enhetsregister: look-up, sub-units, search, change feeds, bulk files.

No credentials and no published limit; five calls a second are known to be borne.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import structlog

from enrichment.formats.listing import Listing
from enrichment.sources import brreg_wire as wire
from enrichment.sources.calls import FEED, LOOK_UP, TYPED, WAITED_FOR, Calls, Purpose, Said
from enrichment.sources.downloads import download
from enrichment.sources.port import (
    Capability,
    Changes,
    Deleted,
    Edition,
    Found,
    Garbled,
    Lacking,
    Outcome,
    Place,
    Removed,
    Unavailable,
    Unknown,
    Unreadable,
)

log = structlog.get_logger()

COUNTRY = "NO"
UNITS, SUB_UNITS = "enheter", "underenheter"
PAGE_SIZE = 100
WINDOW_MAX = 10_000
"""`(page + 1) * size` beyond this is a 400."""
NUMBERS_MAX = 100
"""The register takes 2,000 at once; a URL of a thousand characters passes every proxy."""
FEED_SIZE_MAX = 10_000
OK, NOT_FOUND, GONE = 200, 404, 410
DELETED = "Slettet"
"""`SlettetEnhet`, and what goes with a sub-unit."""
A_SECOND, AT_ONCE = 5.0, 8


class Brreg(Lacking):
    """The Norwegian register."""

    name = "brreg"
    countries = frozenset({COUNTRY})
    capabilities = frozenset(Capability)
    feeds: tuple[str, ...] = (UNITS, SUB_UNITS)

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def look_up(self, _country: str, number: str, *, hurry: bool = False) -> Outcome:
        """Return what the register says of a company's number or a sub-unit's."""
        purpose = WAITED_FOR if hurry else LOOK_UP
        found = await self._one(purpose, UNITS, number)
        return (
            found if not isinstance(found, Unknown) else await self._one(purpose, SUB_UNITS, number)
        )

    async def look_up_all(
        self, _country: str, numbers: Sequence[str], feed: str
    ) -> Mapping[str, Outcome]:
        """Return what the register says of many numbers: a hundred a call.

        A list has only those that still are; the others are asked for one by one. What makes no
        sense by itself is left out.
        """
        found: dict[str, Outcome] = {}
        for start in range(0, len(numbers), NUMBERS_MAX):
            asked = numbers[start : start + NUMBERS_MAX]
            said = await self._calls.get(
                FEED, feed, organisasjonsnummer=",".join(asked), size=NUMBERS_MAX
            )
            listed = {str(u.get("organisasjonsnummer")): u for u in _page(said, feed).items}
            for number in asked:
                try:
                    found[number] = (
                        Found(wire.listing_of(listed[number], feed))
                        if number in listed
                        else await self._one(LOOK_UP, feed, number)
                    )
                except Unreadable as error:
                    log.warning("passed over", number=number, why=str(error))
        return found

    async def sub_units(self, _country: str, number: str) -> Sequence[Listing]:
        """Return a company's sub-units, page by page."""
        found: list[Listing] = []
        for page in range(WINDOW_MAX // PAGE_SIZE):
            said = await self._calls.get(
                LOOK_UP, SUB_UNITS, overordnetEnhet=number, size=PAGE_SIZE, page=page
            )
            present = _page(said, SUB_UNITS)
            found += [wire.listing_of(unit, SUB_UNITS) for unit in present.items]
            if page + 1 >= present.pages:
                break
        return found

    async def search(self, _country: str, typed: str, limit: int) -> Sequence[Listing]:
        """Return companies whose names begin as typed."""
        said = await self._calls.get(
            TYPED, UNITS, navn=typed, navnMetodeForSoek="FORTLOEPENDE", size=limit
        )
        return [wire.listing_of(unit, UNITS) for unit in _page(said, UNITS).items]

    async def changes(self, feed: str, after: Place, limit: int) -> Changes:
        """Return what came after a place; its last entry is read once more, to see it is there.

        `next` would page into a 400, so each reading begins at an id, on page 0.
        """
        asked: dict[str, Any] = {"size": min(limit + 1, FEED_SIZE_MAX), "includeChanges": "true"}
        if after.id is None:
            asked["dato"] = wire.moment(after.at)
        else:
            asked["oppdateringsid"] = after.id
        said = await self._calls.get(FEED, f"oppdateringer/{feed}", **asked)
        return wire.changes_of(_page(said, feed, wire.FEED_KEYS[feed]), after)

    async def bulk(self, folder: Path, known: Mapping[str, str]) -> Sequence[Edition]:
        """Download the nightly files of units and sub-units that are new."""
        return [
            edition
            for feed in self.feeds
            if (
                edition := await download(
                    self._calls,
                    f"{feed}/lastned",
                    folder / f"{feed}.json.gz",
                    known.get(f"{feed}.json.gz"),
                )
            )
        ]

    async def _one(self, purpose: Purpose, feed: str, number: str) -> Outcome:
        said = await self._calls.get(purpose, f"{feed}/{number}")
        if said.status == NOT_FOUND:
            return Unknown(COUNTRY, number)
        if said.status == GONE:
            return Removed(COUNTRY, number)
        if said.status != OK:
            raise Unavailable(f"{self.name}: {feed}: {wire.why(said)}")
        unit = said.body
        if not isinstance(unit, dict) or unit.get("organisasjonsnummer") != number:
            raise Garbled(f"{self.name}: {feed}: it is about another number")
        if str(unit.get("respons_klasse")).startswith(DELETED):
            ended = wire.date_of(unit.get("slettedato"))
            return Deleted(COUNTRY, number, ended, wire.remains_of(unit))
        return Found(wire.listing_of(unit, feed))


def _page(said: Said, feed: str, key: str | None = None) -> wire.Page:
    """Read a page of a list; a parameter that is refused is our own mistake, and is said so."""
    if said.status != OK:
        raise Unavailable(f"{Brreg.name}: {feed}: {said.status} {wire.why(said)}")
    return wire.page_of(said.body, key or feed)
