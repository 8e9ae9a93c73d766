"""A month of credit watch in memory: the product's own steps against a bureau with a ledger."""

from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from random import Random
from types import SimpleNamespace
from typing import Any

from chassis.decider import AnyDecider
from chassis.streams import Stream
from contracts.credit_alerts import CreditAlertRaised
from contracts.credit_monitor import CompanyRated, CreditRatingChanged, MonitoringStarted
from contracts.message import Command, Event
from credit_monitor.alerts.model import alerts_
from credit_monitor.bureaus.account import Account as BureauAccount
from credit_monitor.credit.model import credits_
from credit_monitor.credit.state import same
from credit_monitor.facts.subject import Subject
from credit_monitor.facts.subjects import Standing
from credit_monitor.reconciling.reconciler import Reconciler
from credit_monitor.watching.listings import Listing
from support.simulation import services, work
from support.simulation.credit.fate import Died, Fate
from support.simulation.credit.ledger import Ledger, is_whole, rating_of
from support.simulation.credit.listener import Listener
from support.simulation.credit.streams import ShortStreams, folding
from support.simulation.credit.weather import Weather
from support.simulation.office import Account, Office
from support.simulation.process import Process
from support.simulation.pure import numbered
from support.simulation.world import Red

BEGIN = datetime(2028, 2, 20, 0, 0, tzinfo=UTC)
"""A month with a leap day in it."""
TICK = timedelta(minutes=15)
TENANTS = 5
COMPANY = 1
FOLDING: dict[str, AnyDecider] = {"credit": folding(credits_), "alert": folding(alerts_)}
WORK_ROUNDS_MAX = 50
"""Far more steps than a company has to take one after the other."""


class CreditWorld:
    """The credit monitor's tables, its processes, the bureau, and whoever hears of changes.

    `off` names the protections that are taken away.
    """

    def __init__(self, seed: int, companies: int, off: frozenset[str], weather: Weather) -> None:
        self.off, self.weather = off, weather
        self.now = BEGIN
        self.dice = Random(seed)  # noqa: S311 - always the same
        self.fate = Fate(Random(seed + 1), weather.dies, weather.freezes)  # noqa: S311 - the same
        self.streams = ShortStreams(FOLDING, self._hear)
        self.office = Office(self, off, self.streams, Account(BEGIN))
        self.told: list[list[int]] = []
        self.looked: dict[int, list[datetime]] = {}
        self.asleep: list[tuple[datetime, Process]] = []
        scores = [self.dice.randrange(1, 100) for _ in range(companies)]
        self.bureau = Ledger(self, Random(seed + 2), scores)  # noqa: S311 - the same
        self.site = SimpleNamespace(
            pool=self.office, changed=SimpleNamespace(set=lambda: None), streams=self.streams
        )
        self.listener = Listener(self)
        for company, score in enumerate(scores):
            self._begin(company, score)

    def _begin(self, company: int, score: int) -> None:
        """Have a company rated and watched."""
        tenant, company_id = f"t{company % TENANTS}", numbered(COMPANY, company)
        portfolio, reference = f"kundvakt-{tenant}", f"SE-{company}"
        place, number = (tenant, company_id), f"5560{company:06}"
        rating = rating_of(reference, score)
        self.streams.begin(
            Stream(tenant, "credit", company_id),
            [
                CompanyRated(company_id=company_id, rating=rating, purpose="credit-watch"),
                MonitoringStarted(company_id=company_id, bureau="creditsafe", cause="RATED"),
            ],
        )
        key = f"SE{number}"
        self.office.subjects[place] = Subject(
            created=True,
            country="SE",
            number=number,
            relations=frozenset({"customer"}),
            form_by_registry="AB",
            registry_key=key,
        )
        as_of = BEGIN.replace(tzinfo=None) - timedelta(days=1)
        self.office.standings[place] = Standing(key, BEGIN, reference, as_of)
        self.office.enlist(place, Listing(portfolio, reference, "yes"))
        self.office.portfolios[tenant] = portfolio
        self.bureau.members.setdefault(portfolio, {})[reference] = f"{tenant}:{company_id}"
        self.bureau.homes.append(portfolio)
        self.bureau.changes.append([])
        self.told.append([score])

    def _hear(self, stream: Stream, event: Event, command: Command) -> None:
        """Hear of an event of ours: each change begins where the one before it ended."""
        if isinstance(event, CreditAlertRaised):
            self.listener.raised(event, command)
        if not isinstance(event, CreditRatingChanged):
            return
        company = event.company_id.int & 0xFFFFFFFF
        told = self.told[company]
        if event.old.score != str(abs(told[-1])) or same(event.old, event.new):
            raise Red(f"{company}: told {event.old} to {event.new} after {told}")
        score = int(event.new.score or 0)
        # Below zero stands what is rated partly as before and partly as after.
        told.append(score if is_whole(event.new, score) else -score)
        self.listener.say(stream, event, command)

    # What our processes do

    def poll(self) -> None:
        """Let a poller read."""
        if "readings overlap" in self.off:
            self.office.account.deep_at = self.now
        self._let(services.poll(self))  # type: ignore[arg-type]

    def work_off(self) -> None:
        """Let workers take step after step until nothing is due."""
        for _ in range(WORK_ROUNDS_MAX):
            due = work.lease_all(self.office)
            if not due:
                return
            for held in due:
                self._let(services.work_on(self, held))  # type: ignore[arg-type]
        raise Red("there is always something left to do")

    def reconcile(self) -> None:
        """Let portfolios be reconciled whose night has come."""
        if "nights reconciled" in self.off:
            return
        reconciler = Reconciler(self.site, BureauAccount(self.bureau.name, self.bureau))  # type: ignore[arg-type]
        for _ in range(TENANTS):
            self._let(reconciler.turn())

    def wake(self) -> None:
        """Let those go on that froze a while ago; whatever they had in hand is others' by now."""
        due = [process for at, process in self.asleep if at <= self.now]
        self.asleep = [one for one in self.asleep if one[0] > self.now]
        for process in due:
            process.end()

    def _let(self, doing: Coroutine[Any, Any, Any]) -> None:
        """Let a process do something; now and then it dies somewhere, or freezes."""
        process = Process("one of ours", "credit-monitor", doing)
        what = self.fate.drawn()
        if what == "dies":
            self.fate.doom()
        try:
            if what == "freezes":
                for _ in range(self.fate.dice.randint(1, 5)):
                    if not process.step():
                        return
                self.asleep.append((self.now + TICK * self.fate.dice.randint(1, 4), process))
                return
            process.end()
        except Died:
            process.die()
        finally:
            self.fate.spare()

    def looks(self, companies: Any) -> None:
        """Note who is looked at by a reconciliation."""
        for company_id in companies:
            self.looked.setdefault(company_id.int & 0xFFFFFFFF, []).append(self.bureau.moment)
