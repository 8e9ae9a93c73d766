"""A bureau with a ledger of its own: a hundred thousand companies whose ratings change.

It tells of changes late, again, in halves, in any order, or not at all; it loses companies from
portfolios and keeps others that it should not. What really happened stands in `changes`.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from random import Random

from contracts.values import Band, CreditRating, Money
from credit_monitor.bureaus import creditsafe_values as values
from credit_monitor.bureaus.port import (
    Batch,
    Entry,
    Member,
    Notice,
    Rated,
    Reading,
    Report,
    Subject,
    Unavailable,
)
from credit_monitor.credit.changes import Fact, Part
from credit_monitor.credit.state import same
from support.simulation.bureau import Clock
from support.simulation.process import PAUSE

SCORES = range(1, 100)
BANDS = ((21, "E"), (30, "D"), (51, "C"), (71, "B"), (101, "A"))
SECOND = timedelta(seconds=1)
KEPT, FORGOTTEN_AT_ONCE = timedelta(days=2), 20_000
IN_TIME = frozenset({"prompt", "repeats", "halves"})
"""Moods in which a change is told of before anything later can be believed."""


@dataclass(frozen=True, slots=True)
class Change:
    """A change as the ledger has it: when, to what, how it was told of, and by when in full."""

    at: datetime
    score: int
    mood: str
    told_by: datetime


@cache
def facts(score: int) -> tuple[tuple[Fact, str], ...]:
    """Return a rating's sides as notifications write them; the score comes last."""
    band = next(name for below, name in BANDS if score < below)
    return ("limit", str(score // 10 * 1000)), ("band", band), ("score", str(score))


@cache
def _part(fact: Fact, text: str) -> Part:
    return values.part(fact, text, "SE")


@cache
def told(score: int) -> Part:
    """Return a rating as a portfolio shows it."""
    return {name: value for side in facts(score) for name, value in _part(*side).items()}


@cache
def _pattern(score: int) -> CreditRating:
    limit, band, _ = (text for _, text in facts(score))
    return CreditRating(
        bureau="creditsafe",
        reference="SE-0",
        band=Band(band),
        grade=band,
        score=str(score),
        limit=Money(amount=Decimal(limit), currency="SEK"),
        text="As the bureau words it",
        rated_on=datetime(2026, 11, 1).date(),  # noqa: DTZ001 - a day of the bureau's calendar
    )


def rating_of(reference: str, score: int) -> CreditRating:
    """Return the rating that a score is, of one company."""
    return _pattern(score).model_copy(update={"reference": reference})


def is_whole(rating: CreditRating, score: int) -> bool:
    """Say whether all sides of a rating are those that go with its score."""
    return same(rating, _pattern(score))


@dataclass(slots=True)
class Ledger:
    """The bureau, behind the product's own port."""

    clock: Clock
    dice: Random
    scores: list[int]
    name: str = "creditsafe"
    countries: frozenset[str] = frozenset({"SE"})
    is_up: bool = True
    sold: int = 0
    calls: int = 0
    told: int = 0
    members: dict[str, dict[str, str]] = field(default_factory=dict)
    homes: list[str] = field(default_factory=list)
    changes: list[list[Change]] = field(default_factory=list)
    notices_: list[tuple[datetime, Notice]] = field(default_factory=list)
    published: list[datetime] = field(default_factory=list)

    @property
    def moment(self) -> datetime:
        """Return the time by the bureau's clock, which knows no zone and no split seconds."""
        return self.clock.now.replace(tzinfo=None)

    def change(self, company: int, score: int, mood: str, hidden: Sequence[timedelta]) -> None:
        """Give a company another rating, and tell of it as the mood is.

        `hidden` says for how long each telling cannot be read yet.
        """
        old, past = self.scores[company], self.changes[company]
        at = self.moment
        if old == score or (past and past[-1].at >= at):
            return
        reference = f"SE-{company}"
        self.scores[company] = score
        if reference not in self.members[self.homes[company]]:
            mood = "unwatched"
        if mood not in {"forgets", "unwatched"}:
            self._tell(reference, self.homes[company], (old, score), mood, hidden)
        past.append(Change(at, score, mood, at + max(hidden, default=timedelta())))

    def _tell(
        self,
        reference: str,
        portfolio: str,
        scores: tuple[int, int],
        mood: str,
        hidden: Sequence[timedelta],
    ) -> None:
        sides = [
            (fact, before, after)
            for (fact, before), (_, after) in zip(*(facts(one) for one in scores), strict=True)
            if before != after
        ]
        at = self.moment
        for n, wait in enumerate(hidden):
            # In halves, the first telling has all but one side, the second that one.
            half = sides[:-1] if n == 0 else sides[-1:]
            for fact, before, after in half if mood == "halves" else sides:
                self.told += 1
                notice = Notice(
                    self.told, portfolio, reference, "SE", fact, before, after, at, published=at
                )
                self.notices_.append((at + wait, notice))
                self.published.append(at)

    def lose(self, companies: Iterable[int]) -> None:
        """Take companies out of their portfolios without a word."""
        for company in companies:
            self.members[self.homes[company]].pop(f"SE-{company}", None)

    async def _asked(self) -> None:
        await PAUSE
        self.calls += 1
        if not self.is_up:
            raise Unavailable("the bureau is away")

    async def find(self, country: str, number: str) -> str | None:
        """Return the bureau's reference for a number."""
        await self._asked()
        return f"{country}-{number}"

    async def report(self, subject: Subject, _purpose: str) -> Report:
        """Sell a report."""
        await self._asked()
        self.sold += 1
        score = self.scores[int(subject.reference.removeprefix("SE-"))]
        report = Rated(rating_of(subject.reference, score), self.moment)
        await PAUSE
        return report

    async def open_portfolio(self, name: str) -> str:
        """Return the portfolio of this name, made if there was none."""
        await self._asked()
        self.members.setdefault(name, {})
        return name

    async def watch(self, portfolio: str, reference: str, ours: str) -> bool:
        """Put a company into a portfolio."""
        await self._asked()
        self.members[portfolio].setdefault(reference, ours)
        await PAUSE
        return True

    async def unwatch(self, portfolio: str, reference: str) -> None:
        """Take a company out of a portfolio."""
        await self._asked()
        self.members[portfolio].pop(reference, None)
        await PAUSE

    async def entry(self, portfolio: str, reference: str) -> Entry | None:
        """Return a company as the portfolio has it now."""
        await self._asked()
        if reference not in self.members[portfolio]:
            return None
        rated = told(self.scores[int(reference.removeprefix("SE-"))])
        entry = Entry(reference, rated, self.moment)
        await PAUSE
        return entry

    async def listed(self, portfolio: str) -> Sequence[Member] | None:
        """Return everybody in a portfolio."""
        await self._asked()
        scores = self.scores
        found = [
            Member(reference, ours, told(scores[int(reference[3:])]))
            for reference, ours in self.members[portfolio].items()
        ]
        await PAUSE
        return found

    async def notices(self, reading: Reading) -> Batch:
        """Return what was published since a moment and can be read by now, in any order."""
        await self._asked()
        first = bisect_left(self.published, reading.since) if reading.since else 0
        if first > FORGOTTEN_AT_ONCE:
            # Nobody ever reads from earlier again than the reading that goes back a whole day.
            before = min(first, bisect_left(self.published, self.moment - KEPT))
            del self.notices_[:before], self.published[:before]
            first -= before
        now = self.moment
        found = [notice for seen, notice in self.notices_[first:] if seen <= now]
        if self.dice.random() < 0.1:
            self.dice.shuffle(found)
        await PAUSE
        return Batch(found)

    def part(self, fact: Fact, text: str, _country: str) -> Part:
        """Return what a notification's value means for a rating, by the product's own adapter."""
        return _part(fact, text)
