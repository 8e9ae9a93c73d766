"""What the service asks of a credit bureau. Answers are values; exceptions are for transport.

A bureau says by its `can` what it has. Every method may be asked again and leads to the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias
from uuid import UUID

from contracts.values import CreditRating
from credit_monitor.credit.changes import Fact, Part


class Unavailable(Exception):
    """The bureau cannot be had now: asking again later is right."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Garbled(Unavailable):
    """The bureau answered something that makes no sense, such as another company's report."""


class LoginRefused(Unavailable):
    """The bureau does not let us in: trying again soon would lock the account."""


class NoCredentials(Unavailable):
    """There is nothing to log in with: nobody gave any, or they were taken away."""


class LeftAlone(Unavailable):
    """The bureau failed so often that it is not asked for a while."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a bureau has.

    `pushes`: it calls us when there is something to read. `reading_consumes`: what was read once
    is not told again by itself, so that it is kept before it is made sense of.
    """

    can_search: bool = True
    can_report: bool = True
    can_watch: bool = True
    pushes: bool = False
    reading_consumes: bool = False


@dataclass(frozen=True, slots=True)
class Rated:
    """A report with a rating; `as_of` is when, by the bureau's own clock.

    `order` is what the bureau knows the order by, where it says so.
    """

    rating: CreditRating
    as_of: datetime
    order: str | None = None


@dataclass(frozen=True, slots=True)
class NotRated:
    """The bureau knows the company and does not rate it."""

    as_of: datetime


@dataclass(frozen=True, slots=True)
class Unknown:
    """The bureau has no such company."""


@dataclass(frozen=True, slots=True)
class Denied:
    """The bureau may not, or will not, tell us."""


Report: TypeAlias = Rated | NotRated | Unknown | Denied


@dataclass(frozen=True, slots=True)
class Subject:
    """A company as the bureau is asked about it; `ours` says whose question it is."""

    country: str
    number: str
    reference: str
    ours: tuple[str, UUID] | None = None
    """Tenant and company: what the answer, as it came, is kept under."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A company in a portfolio, and how it is rated now; nothing is told where nothing is said.

    `as_of` is when, by the bureau's own clock, where that can be known.
    """

    reference: str
    told: Part
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """A company in a portfolio, what was put down beside it there, and how it is rated now.

    `ours` is None where the bureau has no room for it: whoever is in a portfolio of ours is there
    by us. `told` is empty where it says nothing of ratings.
    """

    reference: str
    ours: str | None
    told: Part


@dataclass(frozen=True, slots=True)
class Notice:
    """One notification: what it says stands as the bureau wrote it.

    `at` is when it happened, `published` when it could first be read: hours may lie between. A
    `fact` of `other` says only that there is something new.
    """

    id: int
    portfolio: str
    reference: str
    country: str
    fact: Fact
    old: str
    new: str
    at: datetime
    published: datetime


@dataclass(frozen=True, slots=True)
class Moved:
    """The bureau has merged a company into another one, under whose reference it goes on."""

    portfolio: str
    reference: str
    successor: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What is to be read: since when by the bureau's clock, and of which portfolios.

    `again` says that the last reading may have been lost on its way here.
    """

    since: datetime | None
    portfolios: Sequence[str] = ()
    again: bool = False


@dataclass(frozen=True, slots=True)
class Batch:
    """What was read, oldest first; `raw` are the answers it was made from, as they are kept.

    Those that nobody could make sense of are `unreadable`: they are kept for people.
    """

    notices: Sequence[Notice] = ()
    moved: Sequence[Moved] = ()
    raw: Sequence[UUID] = ()
    unreadable: Sequence[UUID] = ()


@dataclass(frozen=True, slots=True)
class Unread:
    """An answer that was kept and not made sense of."""

    id: UUID
    portfolio: str | None
    body: bytes


class Archive(Protocol):
    """Keeps what a bureau answered, as it was, before it is made sense of."""

    async def keep_report(self, ours: tuple[str, UUID], body: bytes) -> UUID:
        """Keep a report."""
        ...

    async def keep_notifications(self, portfolio: str | None, body: bytes) -> UUID:
        """Keep notifications; of one portfolio, or of all that the account has."""
        ...

    async def unread(self) -> Sequence[Unread]:
        """Return the notifications that were kept and not made sense of, oldest first."""
        ...


class Bureau(Protocol):
    """One account at one bureau."""

    name: str
    countries: frozenset[str]
    can: Capabilities

    async def find(self, country: str, number: str) -> str | None:
        """Return the bureau's reference for a number, if it has the company."""
        ...

    async def report(self, subject: Subject, purpose: str) -> Report:
        """Buy a report."""
        ...

    async def open_portfolio(self, name: str) -> str:
        """Return the portfolio of this name, made if there was none, its rules switched on."""
        ...

    async def watch(self, portfolio: str, reference: str, ours: str) -> bool:
        """Put a company into a portfolio; false when there is no such portfolio or company."""
        ...

    async def unwatch(self, portfolio: str, reference: str) -> None:
        """Take a company out of a portfolio."""
        ...

    async def entry(self, portfolio: str, reference: str) -> Entry | None:
        """Return a company as the portfolio has it now, at no cost."""
        ...

    async def listed(self, portfolio: str) -> Sequence[Member] | None:
        """Return everybody in a portfolio, at no cost; nothing when there is no such portfolio."""
        ...

    async def notices(self, reading: Reading) -> Batch:
        """Return all that was published and, where the bureau tells since when, is new."""
        ...

    def part(self, fact: Fact, text: str, country: str) -> Part:
        """Return what a notification's value means for a rating."""
        ...
