"""What Enhetsregisteret writes: pages, feeds with JSON Patch (RFC 6902), refusals."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from enrichment.formats import brreg as form
from enrichment.formats.listing import Listing, Skipped, day
from enrichment.sources.calls import Said
from enrichment.sources.port import Change, ChangeKind, Changes, Garbled, Place, Unreadable

FEED_KEYS = {"enheter": "oppdaterteEnheter", "underenheter": "oppdaterteUnderenheter"}
KINDS = {
    "Ny": ChangeKind.NEW,
    "Endring": ChangeKind.CHANGED,
    "Sletting": ChangeKind.DELETED,
    "Fjernet": ChangeKind.REMOVED,
}
BACK = timedelta(hours=1)
"""How far before the last entry we read a feed that was put back to an earlier state."""
WHY_CHARACTERS_MAX = 300


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list, how many there are in all, and in how many pages."""

    items: list[dict[str, Any]]
    total: int
    pages: int


def page_of(body: Any, key: str) -> Page:
    """Read a page; an empty one has no `_embedded` at all."""
    try:
        items = body.get("_embedded", {}).get(key, [])
        about = body["page"]
        page = Page(list(items), int(about["totalElements"]), int(about["totalPages"]))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise Garbled(f"brreg: no page of {key}") from error
    if not all(isinstance(item, dict) for item in page.items):
        raise Garbled(f"brreg: no page of {key}")
    return page


def listing_of(unit: dict[str, Any], feed: str) -> Listing:
    """Read a unit or a sub-unit."""
    read = form.listing if feed == "enheter" else form.sub_unit_listing
    listing = read(unit)
    if isinstance(listing, Skipped):
        raise Unreadable(f"brreg: {feed}: a unit without number or name")
    return listing


def remains_of(unit: dict[str, Any]) -> Listing | None:
    """Read what is still said of a deleted unit: its name, if anything."""
    read = form.listing(unit)
    return None if isinstance(read, Skipped) else read


def changes_of(page: Page, after: Place) -> Changes:
    """Read a page of a feed that was asked for from a place on, itself included."""
    entries = sorted(map(_change, page.items), key=lambda entry: entry.id)
    if after.id is not None:
        if not entries or (entries[0].id, entries[0].at) != (after.id, after.at):
            return Changes((), Place(after.at - BACK), page.total, went_back=True)
        entries = [entry for entry in entries if entry.id > after.id]
    place = Place(entries[-1].at, entries[-1].id) if entries else after
    fresh = {entry.id: entry for entry in entries if _concerns_us(entry)}
    return Changes(list(fresh.values()), place, max(0, page.total - len(page.items)))


def _concerns_us(entry: Change) -> bool:
    """Say whether anything may have changed that we read."""
    return not entry.fields or bool(entry.fields & form.FIELDS)


def _change(item: dict[str, Any]) -> Change:
    try:
        at = datetime.fromisoformat(item["dato"])
        number = str(item["organisasjonsnummer"])
        return Change(
            id=int(item["oppdateringsid"]),
            at=at if at.tzinfo else at.replace(tzinfo=UTC),
            number=number,
            kind=KINDS.get(item["endringstype"], ChangeKind.UNCLEAR),
            fields=_fields(item.get("endringer")),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise Garbled("brreg: no entry of a feed") from error


def _fields(patch: Any) -> frozenset[str]:
    """Return which fields a patch touches, by the first of each path.

    A patch that cannot be read, or touches everything, names none.
    """
    if not isinstance(patch, list) or not all(isinstance(step, dict) for step in patch):
        return frozenset()
    paths = [str(step[name]) for step in patch for name in ("path", "from") if name in step]
    named = {path.removeprefix("/").split("/")[0] for path in paths}
    return frozenset() if "" in named else frozenset(named)


def moment(at: datetime) -> str:
    """Write a moment as the feeds want it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def date_of(value: object) -> date | None:
    """Read a date, or a moment's."""
    written = day(value)
    return date.fromisoformat(written) if written else None


def why(said: Said) -> str:
    """Return what a refusal says, in either of the two forms it comes in."""
    body = said.body
    if not isinstance(body, dict):
        return ""
    errors = body.get("validationErrors")
    found = (
        [error.get("errorMessage") for error in errors if isinstance(error, dict)]
        if isinstance(errors, list)
        else [body.get("message") or body.get("error")]
    )
    return json.dumps(found, ensure_ascii=False)[:WHY_CHARACTERS_MAX]
