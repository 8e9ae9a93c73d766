"""The provider: it changes ratings and tells of that late, again, in halves, or not at all."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Protocol

from contracts.values import Band, CreditRating, Money
from credit_monitor.bureaus import creditsafe_values as values
from credit_monitor.bureaus.port import (
    Batch,
    Entry,
    Notice,
    Rated,
    Reading,
    Report,
    Subject,
    Unavailable,
)
from credit_monitor.credit.changes import Fact, Part
from support.simulation.process import PAUSE

RATINGS = ((60, "B", 100), (15, "E", 100), (65, "B", 900), (95, "A", 900))
"""Some differ from one another in everything, some in one thing."""
LATE, VERY_LATE = timedelta(minutes=5), timedelta(hours=3)
"""Within what every reading reads again, and what only the deep one does."""
SECOND = timedelta(seconds=1)


class Clock(Protocol):
    """What time it is in the world."""

    now: datetime


@cache
def rating_of(number: str, which: int) -> CreditRating:
    """Return one of the ratings a company may have."""
    score, band, limit = RATINGS[which]
    return CreditRating(
        bureau="creditsafe",
        reference=f"SE-{number}",
        band=Band(band),
        grade=band,
        score=str(score),
        limit=Money(amount=Decimal(limit), currency="SEK"),
        rated_on=datetime(2026, 11, 1).date(),  # noqa: DTZ001 - a day of the bureau's calendar
    )


@cache
def _part(fact: Fact, text: str) -> Part:
    return values.part(fact, text, "SE")


@cache
def _told(which: int) -> Part:
    """Return a rating as a portfolio shows it."""
    score, band, limit = RATINGS[which]
    return {
        **_part("limit", str(limit)),
        **_part("band", band),
        **_part("score", str(score)),
    }


@dataclass(frozen=True, slots=True)
class Change:
    """A change at the bureau, and how it was told of."""

    at: datetime
    which: int
    mood: str
    after: int
    """How many events of ours there were by then."""


@dataclass(frozen=True, slots=True)
class Published:
    """A notification, and from when on it can be read."""

    notice: Notice
    visible_from: datetime


@dataclass(slots=True)
class WorldBureau:
    """A bureau in memory behind the product's own port."""

    clock: Clock
    name: str = "creditsafe"
    countries: frozenset[str] = frozenset({"SE"})
    is_up: bool = True
    mood: str = "prompt"
    now_rated: dict[str, int] = field(default_factory=dict)
    changes: dict[str, list[Change]] = field(default_factory=dict)
    portfolios: list[str] = field(default_factory=list)
    members: dict[str, set[str]] = field(default_factory=dict)
    published: list[Published] = field(default_factory=list)
    sold: int = 0

    def change(self, number: str, which: int, after: int) -> bool:
        """Give a company another rating, and tell of it as the mood is."""
        old = self.now_rated.get(number, 0)
        if old == which:
            return False
        past = self.changes.setdefault(number, [])
        if past and past[-1].at >= self.moment:
            self.clock.now += SECOND
        self.now_rated[number] = which
        reference = f"SE-{number}"
        watching = [p for p in self.portfolios if reference in self.members[p]]
        past.append(Change(self.moment, which, self.mood, after))
        if self.mood == "forgets":
            watching = []
        for portfolio in watching:
            self._tell(portfolio, reference, old, which)
        self.mood = "prompt"
        return True

    def speak_again(self, after: int) -> None:
        """Tell of one more change where the latest was forgotten: only then can it be known."""
        self.mood = "prompt"
        for number, changes in self.changes.items():
            if changes[-1].mood == "forgets":
                self.change(number, (changes[-1].which + 1) % len(RATINGS), after)

    def copy(self, clock: Clock) -> "WorldBureau":
        """Return the same bureau once more."""
        return replace(
            self,
            clock=clock,
            now_rated=dict(self.now_rated),
            changes={number: list(changes) for number, changes in self.changes.items()},
            portfolios=list(self.portfolios),
            members={portfolio: set(members) for portfolio, members in self.members.items()},
            published=list(self.published),
        )

    @property
    def moment(self) -> datetime:
        """Return the time by the bureau's clock, which knows no zone and no split seconds."""
        return self.clock.now.replace(tzinfo=None)

    def _tell(self, portfolio: str, reference: str, old: int, new: int) -> None:
        facts: list[tuple[Fact, str, str]] = [
            ("score", str(RATINGS[old][0]), str(RATINGS[new][0])),
            ("band", RATINGS[old][1], RATINGS[new][1]),
            ("limit", str(RATINGS[old][2]), str(RATINGS[new][2])),
        ]
        told = [fact for fact in facts if fact[1] != fact[2]]
        for again in range(2 if self.mood == "repeats itself" else 1):
            for n, (fact, before, after) in enumerate(told):
                late = {"is late": LATE, "is very late": VERY_LATE}.get(self.mood, timedelta())
                if self.mood == "tells one thing late" and n == len(told) - 1:
                    late = LATE
                if again:
                    late = LATE
                number = len(self.published) + 1
                notice = Notice(
                    number,
                    portfolio,
                    reference,
                    "SE",
                    fact,
                    before,
                    after,
                    at=self.moment,
                    published=self.moment,
                )
                self.published.append(Published(notice, self.moment + late))

    async def _asked(self) -> None:
        await PAUSE
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
        which = self.now_rated.get(subject.number, 0)
        report = Rated(rating_of(subject.number, which), self.moment)
        await PAUSE
        return report

    async def open_portfolio(self, name: str) -> str:
        """Return the portfolio of this name, made if there was none."""
        await self._asked()
        if name not in self.portfolios:
            self.portfolios.append(name)
            self.members[name] = set()
        await PAUSE
        return name

    async def watch(self, portfolio: str, reference: str, _ours: str) -> bool:
        """Put a company into a portfolio."""
        await self._asked()
        self.members[portfolio].add(reference)
        await PAUSE
        return True

    async def unwatch(self, portfolio: str, reference: str) -> None:
        """Take a company out of a portfolio."""
        await self._asked()
        self.members[portfolio].discard(reference)
        await PAUSE

    async def entry(self, portfolio: str, reference: str) -> Entry | None:
        """Return a company as the portfolio has it now."""
        await self._asked()
        if reference not in self.members[portfolio]:
            return None
        entry = Entry(reference, _told(self.now_rated.get(reference.removeprefix("SE-"), 0)))
        await PAUSE
        return entry

    async def notices(self, reading: Reading) -> Batch:
        """Return what was published since a moment and can be read by now, oldest last."""
        await self._asked()
        found = [
            one.notice
            for one in reversed(self.published)
            if one.visible_from <= self.moment
            and (reading.since is None or one.notice.published >= reading.since)
        ]
        await PAUSE
        return Batch(found)

    def part(self, fact: Fact, text: str, _country: str) -> Part:
        """Return what a notification's value means for a rating, by the product's own adapter."""
        return _part(fact, text)
