"""What the service asks of a credit bureau. Answers are values; exceptions are for transport."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias

from contracts.values import CreditRating
from credit_monitor.changes import Fact, Part


class Unavailable(Exception):
    """The bureau cannot be had now: asking again later is right."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Garbled(Unavailable):
    """The bureau answered something that makes no sense, such as another company's report."""


class LoginRefused(Unavailable):
    """The bureau does not let us in: trying again soon would lock the account."""


@dataclass(frozen=True, slots=True)
class Rated:
    """A report with a rating; `as_of` is when, by the bureau's own clock."""

    rating: CreditRating
    as_of: datetime


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
    """A company as the bureau is asked about it."""

    country: str
    number: str
    reference: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A company in a portfolio, and how it is rated now."""

    reference: str
    told: Part


@dataclass(frozen=True, slots=True)
class Member:
    """A company in a portfolio, what was put down beside it there, and how it is rated now."""

    reference: str
    ours: str
    told: Part


@dataclass(frozen=True, slots=True)
class Notice:
    """One notification: what it says stands as the bureau wrote it.

    `at` is when it happened, `published` when it could first be read: hours may lie between.
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


class Bureau(Protocol):
    """One account at one bureau; every method may be asked again and leads to the same."""

    name: str
    countries: frozenset[str]

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

    async def notices(self, since: datetime | None) -> Sequence[Notice]:
        """Return all that was published since a moment of the bureau's clock, oldest first."""
        ...

    def part(self, fact: Fact, text: str, country: str) -> Part:
        """Return what a notification's value means for a rating."""
        ...
