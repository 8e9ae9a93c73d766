"""The credit monitor's tables in memory: what it keeps besides its events."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from credit_monitor.bureaus.port import Notice
from credit_monitor.facts.subject import Subject
from credit_monitor.facts.subjects import Standing
from credit_monitor.leases import LEASE_SECONDS
from credit_monitor.watching.listings import Listing
from support.simulation.bureau import Clock

NEVER = datetime.max.replace(tzinfo=UTC)
LEASE = timedelta(seconds=LEASE_SECONDS)
Place = tuple[str, UUID]


@dataclass(slots=True)
class Row:
    """A company that something is to be done about."""

    id: UUID
    due_at: datetime
    correlation: UUID
    causation: UUID | None
    generation: int = 1
    after_poll: datetime | None = None
    look: bool = False
    unexplained: bool = False
    seen: dict[str, str] | None = None
    fence: int = 0
    leased_until: datetime | None = None
    attempts: int = 0
    report: dict[str, Any] | None = None

    def let_go(self, due_at: datetime) -> None:
        """Be in nobody's hands."""
        self.leased_until, self.attempts, self.due_at = None, 0, due_at


@dataclass(slots=True)
class Account:
    """How far the bureau's notifications are read."""

    next_poll_at: datetime
    cursor: datetime | None = None
    deep_at: datetime | None = None
    fence: int = 0
    leased_until: datetime | None = None


@dataclass(slots=True)
class Noticed:
    """A notification as it is kept."""

    place: Place
    notice: Notice
    settled: bool = False


@dataclass(slots=True)
class Office:
    """Everything the credit monitor keeps besides its events."""

    clock: Clock
    off: frozenset[str]
    streams: Any
    account: Account
    subjects: dict[Place, Subject] = field(default_factory=dict)
    standings: dict[Place, Standing] = field(default_factory=dict)
    listings: dict[Place, Listing] = field(default_factory=dict)
    portfolios: dict[str, str] = field(default_factory=dict)
    opening: set[str] = field(default_factory=set)
    work: dict[Place, Row] = field(default_factory=dict)
    notices: dict[tuple[str, int], Noticed] = field(default_factory=dict)
    works: int = 0
    nights: dict[tuple[str, str], Any] = field(default_factory=dict)
    unsettled: dict[Place, dict[tuple[str, int], Noticed]] = field(default_factory=dict)
    named: dict[tuple[str, str], dict[Place, None]] = field(default_factory=dict)
    """By whom what is open was said of, and by which reference who is listed: indexes."""

    def copy(self, clock: Clock, streams: Any) -> "Office":
        """Return the same office once more."""
        notices = {key: replace(noticed) for key, noticed in self.notices.items()}
        unsettled: dict[Place, dict[tuple[str, int], Noticed]] = {}
        for key, noticed in notices.items():
            if not noticed.settled:
                unsettled.setdefault(noticed.place, {})[key] = noticed
        return replace(
            self,
            clock=clock,
            streams=streams,
            account=replace(self.account),
            subjects=dict(self.subjects),
            standings=dict(self.standings),
            listings=dict(self.listings),
            portfolios=dict(self.portfolios),
            opening=set(),
            work={place: replace(row) for place, row in self.work.items()},
            notices=notices,
            nights={key: replace(night) for key, night in self.nights.items()},
            unsettled=unsettled,
            named={name: dict(places) for name, places in self.named.items()},
        )

    def note(self, key: tuple[str, int], noticed: Noticed) -> None:
        """Keep a notification."""
        self.notices[key] = noticed
        self.unsettled.setdefault(noticed.place, {})[key] = noticed

    def settle(self, key: tuple[str, int]) -> None:
        """Note that a notification is settled."""
        noticed = self.notices[key]
        noticed.settled = True
        self.unsettled.get(noticed.place, {}).pop(key, None)

    def enlist(self, place: Place, listing: Listing | None) -> None:
        """Keep a company's place in a portfolio, or forget it."""
        before = self.listings.pop(place, None)
        if before is not None:
            del self.named[place[0], before.reference][place]
        if listing is not None:
            self.listings[place] = listing
            self.named.setdefault((place[0], listing.reference), {})[place] = None

    @property
    def now(self) -> datetime:
        """Return the time by Postgres."""
        return self.clock.now
