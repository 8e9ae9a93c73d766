"""One bureau each, as the contract suite needs it: an adapter, its stand-in, and its words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from archive import MemoryArchive

from chassis.edge import new_id
from contracts.values import Band
from credit_monitor.bureaus.port import Batch, Bureau, Notice, Reading, Subject
from standins.testing import StandIn


@dataclass
class Case:
    """A bureau under test.

    `good` and `bad` are ratings at the two ends of its scale, as its stand-in takes them;
    `unrated` is none. `bands` is what they are for us.
    """

    bureau: Bureau
    standin: StandIn
    archive: MemoryArchive
    good: Mapping[str, Any]
    bad: Mapping[str, Any]
    bands: tuple[Band, Band]
    grades: tuple[str | None, str | None]
    unrated: Mapping[str, Any] | None
    search_path: str
    report_path: str
    has_limits: bool = True
    portfolios: list[str] = field(default_factory=list)
    before: set[int] = field(default_factory=set)
    seen: set[int] = field(default_factory=set)

    def rate(self, number: str, rating: Mapping[str, Any]) -> None:
        """Change a rating at the bureau."""
        self.standin.control("POST", f"companies/SE/{number}", dict(rating))

    def misbehave(self, **faults: Any) -> None:
        """Have the stand-in misbehave."""
        self.standin.control("POST", "faults", faults)

    def behave(self) -> None:
        """Have it behave."""
        self.standin.control("DELETE", "faults")

    def sold(self, number: str) -> int:
        """Return how many reports were sold on a number."""
        sold = self.standin.control("GET", "ledger")["reports"]
        return [row["number"] for row in sold].count(number)

    async def subject(self, number: str) -> Subject:
        """Return a number as it is asked about."""
        reference = await self.bureau.find("SE", number)
        assert reference
        return Subject("SE", number, reference, ("acme", new_id()))

    async def portfolio(self) -> str:
        """Open a portfolio of its own."""
        made = await self.bureau.open_portfolio(f"kundvakt-{new_id()}")
        self.portfolios.append(made)
        return made

    async def watched(self, number: str) -> tuple[str, Subject]:
        """Watch a company in a portfolio of its own."""
        made, asked = await self.portfolio(), await self.subject(number)
        assert await self.bureau.watch(made, asked.reference, "acme:1")
        return made, asked

    async def read(self, *, again: bool = False) -> Batch:
        """Read what is told."""
        batch = await self.bureau.notices(Reading(None, self.portfolios, again=again))
        self.archive.settle(batch)
        self.before, self.seen = set(self.seen), self.seen | {one.id for one in batch.notices}
        return batch

    async def told(self, portfolio: str) -> list[Notice]:
        """Return what is told of one portfolio and was not told before."""
        batch = await self.read()
        return [
            one for one in batch.notices if one.portfolio == portfolio and one.id not in self.before
        ]
