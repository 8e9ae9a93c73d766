"""What the service asks of a registry. Answers are values; exceptions are for transport.

A source offers what its `capabilities` name; the rest of the port it refuses as `NotOffered`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol, TypeAlias

from enrichment.formats.listing import Listing


class Unavailable(Exception):
    """The source cannot be had now: asking again later is right."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Garbled(Unavailable):
    """The source answered something that makes no sense, such as another company."""


class Unreadable(Garbled):
    """One entry makes no sense by itself: asking for it again leads to the same."""


class Barred(Unavailable):
    """The source does not let us in: an operator must look at our credentials."""


class NotOffered(Exception):
    """The source has nothing of this kind; its capabilities say so."""


class Capability(StrEnum):
    """What a source can be asked."""

    LOOK_UP = "look-up"
    SUB_UNITS = "sub-units"
    SEARCH = "search"
    CHANGES = "changes"
    BULK = "bulk"


@dataclass(frozen=True, slots=True)
class Found:
    """All that the source publishes."""

    listing: Listing


@dataclass(frozen=True, slots=True)
class Partial:
    """What the source could say today; `missing` is known to it and could not be had.

    Nothing that is missing may hide what is known already.
    """

    listing: Listing
    missing: frozenset[str]


@dataclass(frozen=True, slots=True)
class Deleted:
    """The number was a company's, or a sub-unit's, and was deleted from the register.

    Some sources still say what it was.
    """

    country: str
    number: str
    on: date | None
    listing: Listing | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Removed:
    """The entry was removed for legal reasons: copies must be purged."""

    country: str
    number: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """The source has never had such a number, or does not say."""

    country: str
    number: str


Outcome: TypeAlias = Found | Partial | Deleted | Removed | Unknown


def found_or_deleted(source: str, number: str, read: object) -> Outcome:
    """Return what a document that was read comes to: the company asked for, or one that is gone."""
    if not isinstance(read, Listing):
        raise Unreadable(f"{source}: a company without number or name")
    if read.number != number:
        raise Garbled(f"{source}: it is about another number")
    if gone := read.facts.get("deregistered_on"):
        return Deleted(read.country, number, date.fromisoformat(gone), read)
    return Found(read)


class ChangeKind(StrEnum):
    """What a feed says became of an entry."""

    NEW = "new"
    CHANGED = "changed"
    DELETED = "deleted"
    REMOVED = "removed"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of a feed; without `fields` anything may have changed."""

    id: int
    at: datetime
    number: str
    kind: ChangeKind
    fields: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Place:
    """How far a feed was read: the last entry and its moment, or only the moment."""

    at: datetime
    id: int | None = None


@dataclass(frozen=True, slots=True)
class Changes:
    """What followed a place, where that leads, and how much is left after it.

    `went_back` says that the feed no longer has the entry we had read last: it was put back to an
    earlier state, and is read again from some time before.
    """

    entries: Sequence[Change]
    place: Place
    left: int
    went_back: bool = False


@dataclass(frozen=True, slots=True)
class Edition:
    """A file as a source offers it for download; `tag` tells it from the one before."""

    path: Path
    tag: str


class Source(Protocol):
    """One registry; every question may be asked again and leads to the same."""

    name: str
    countries: frozenset[str]
    capabilities: frozenset[Capability]
    feeds: tuple[str, ...]

    async def look_up(self, country: str, number: str, *, hurry: bool = False) -> Outcome:
        """Return what the source says of a number; somebody may be waiting for it."""
        ...

    async def look_up_all(
        self, country: str, numbers: Sequence[str], feed: str
    ) -> Mapping[str, Outcome]:
        """Return what the source says of many numbers that one of its feeds named."""
        ...

    async def sub_units(self, country: str, number: str) -> Sequence[Listing]:
        """Return a company's sub-units."""
        ...

    async def search(self, country: str, typed: str, limit: int) -> Sequence[Listing]:
        """Return companies whose names begin as typed, as the source ranks them."""
        ...

    async def changes(self, feed: str, after: Place, limit: int) -> Changes:
        """Return what came after a place of a feed, oldest first."""
        ...

    async def bulk(self, folder: Path, known: Mapping[str, str]) -> Sequence[Edition]:
        """Download the files that have a tag other than the known one."""
        ...


class Lacking:
    """What a source refuses that does not offer it; adapters override the rest."""

    name = ""
    feeds: tuple[str, ...] = ()

    async def look_up_all(
        self, _country: str, _numbers: Sequence[str], _feed: str
    ) -> Mapping[str, Outcome]:
        """Refuse."""
        raise NotOffered(f"{self.name}: look-up of many")

    async def sub_units(self, _country: str, _number: str) -> Sequence[Listing]:
        """Refuse."""
        raise NotOffered(f"{self.name}: sub-units")

    async def search(self, _country: str, _typed: str, _limit: int) -> Sequence[Listing]:
        """Refuse."""
        raise NotOffered(f"{self.name}: search")

    async def changes(self, _feed: str, _after: Place, _limit: int) -> Changes:
        """Refuse."""
        raise NotOffered(f"{self.name}: changes")

    async def bulk(self, _folder: Path, _known: Mapping[str, str]) -> Sequence[Edition]:
        """Refuse."""
        raise NotOffered(f"{self.name}: bulk")
