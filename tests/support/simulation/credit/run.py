"""A month played: changes, outages, deaths, and at the end everything heals and is judged."""

import gc
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from random import Random
from typing import Any
from unittest.mock import patch

import credit_monitor.alerts.reactions
import credit_monitor.credit.changes
import credit_monitor.credit.settlement
import credit_monitor.reconciling.reconciler
import credit_monitor.working.desk
import credit_monitor.working.reports
import credit_monitor.working.settling
import credit_monitor.working.steps
from chassis.edge import derived_id
from support.simulation.credit.judge import judge
from support.simulation.credit.ledger import SCORES
from support.simulation.credit.listener import CONCERNED, PEOPLE
from support.simulation.credit.weather import FAIR, Size, Weather
from support.simulation.credit.world import BEGIN, FOLDING, TICK, CreditWorld
from support.simulation.in_memory import SILENT, at, in_memory, set_tenant
from support.simulation.known import LISTINGS, SUBJECTS
from support.simulation.pure import numbered
from support.simulation.reconciled import RECONCILIATIONS
from support.simulation.work import WORK

HEALING_DAYS = 2
LOST_A_DAY, LEFT_A_DAY = 0.0005, 0.0002
"""Of all companies: how many the bureau drops from its portfolios, and keeps where none should be.
"""
OUTAGES = 3
MINUTE = timedelta(minutes=1)

WITHOUT: dict[str, tuple[Any, str, Any]] = {
    "settling patient": (credit_monitor.working.settling, "is_as_seen", lambda *_: True),
    "told in order": (credit_monitor.credit.changes, "sorted", lambda told, **_: list(told)),
    "halves waited for": (credit_monitor.credit.settlement, "_may_hide", lambda *_: False),
    "seen since": (credit_monitor.working.settling, "since_when", lambda _, at: at),
}
"""What stands in the place of a protection that is taken away."""


@contextmanager
def _ours(world: CreditWorld) -> Iterator[None]:
    """Let the product's steps work on tables in memory, and die where fate wants it."""
    touch_all = WORK.touch_all

    async def noted(office: Any, tenant: str, companies: Any, *more: Any, **own: Any) -> None:
        world.looks(companies)
        await touch_all(office, tenant, companies, *more, **own)

    @asynccontextmanager
    async def unextended(_extend: object) -> Any:
        yield

    noting = type(WORK)(**{**vars(WORK), "touch_all": noted})
    reach = world.fate.reach
    with ExitStack() as stack:
        stack.enter_context(in_memory())
        stack.enter_context(at(world))
        stack.enter_context(
            patch.multiple(
                credit_monitor.working.desk, credits_=FOLDING["credit"], derived_id=derived_id
            )
        )
        stack.enter_context(
            patch.multiple(
                credit_monitor.alerts.reactions,
                alerts_=FOLDING["alert"],
                companies=CONCERNED,
                people=PEOPLE,
                subjects=SUBJECTS,
                set_tenant=set_tenant,
            )
        )
        stack.enter_context(patch.multiple(credit_monitor.working.steps, reach=reach))
        stack.enter_context(patch.multiple(credit_monitor.working.settling, reach=reach))
        stack.enter_context(patch.multiple(credit_monitor.working.reports, reach=reach))
        stack.enter_context(
            patch.multiple(
                credit_monitor.reconciling.reconciler,
                reconciliations=RECONCILIATIONS,
                listings=LISTINGS,
                work=noting,
                kept_up=unextended,
                now=lambda: world.now,
                new_id=lambda: numbered(5, 1),
                reach=reach,
                log=SILENT,
            )
        )
        for protection, (module, name, instead) in WITHOUT.items():
            if protection in world.off:
                stack.enter_context(patch.object(module, name, instead, create=True))
        yield


@contextmanager
def _uncollected() -> Iterator[None]:
    """Let nobody look for circles among millions of things that do not go round in any."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class Month:
    """What happens at the bureau, drawn from a seed."""

    def __init__(self, world: CreditWorld, size: Size) -> None:
        self._world = world
        self._dice: Random = world.dice
        self._ticks = int(timedelta(days=size.days) / TICK)
        self._weather = world.weather
        self._changes_a_tick = size.changes / self._ticks
        self._companies = size.companies
        self._back: list[tuple[int, int]] = []
        hours = size.days * 24
        self._outages = [
            (BEGIN + timedelta(hours=self._dice.randrange(6, hours)), self._dice.randint(1, 10))
            for _ in range(OUTAGES)
        ]

    def play(self) -> None:
        """Let a month go by, then let everything heal."""
        world, owed = self._world, 0.0
        for _ in range(self._ticks):
            end = world.now + TICK
            world.bureau.is_up = not any(
                begin <= end < begin + timedelta(hours=hours) for begin, hours in self._outages
            )
            owed += self._changes_a_tick
            self._change(int(owed), end)
            owed -= int(owed)
            self._turn(end)
            self._drift()
        self._heal()

    def _change(self, count: int, end: datetime) -> None:
        """Change ratings within a quarter of an hour; some come before the poll, some after it."""
        world, begin = self._world, self._world.now
        seconds = sorted(self._dice.randrange(60, 900) for _ in range(count))
        polled = False
        for second in seconds:
            if second > 780 and not polled:
                world.now = begin + timedelta(seconds=780)
                world.poll()
                polled = True
            world.now = begin + timedelta(seconds=second)
            self._one()
        world.now = max(world.now, begin + timedelta(seconds=780))
        if not polled:
            world.poll()
        world.now = end

    def _one(self) -> None:
        """Change one rating, or change one back."""
        if self._back and self._dice.random() < 0.5:
            company, score = self._back.pop()
        else:
            company = self._dice.randrange(self._companies)
            score = self._dice.choice(SCORES)
            if self._dice.random() < self._weather.there_and_back:
                self._back.append((company, self._world.bureau.scores[company]))
        mood = self._dice.choices(*zip(*self._weather.moods, strict=True))[0]
        self._world.bureau.change(company, score, mood, self._hidden(mood))

    def _hidden(self, mood: str) -> list[timedelta]:
        """Return after how long each telling of a change can be read."""
        match mood:
            case "late":
                return [self._dice.randint(1, 13) * MINUTE]
            case "very late":
                return [self._dice.randint(60, 1_200) * MINUTE]
            case "repeats":
                return [timedelta(0), self._dice.randint(1, 600) * MINUTE]
            case "halves":
                return [timedelta(0), self._dice.randint(0, 10) * MINUTE]
            case "forgets":
                return []
            case _:
                return [timedelta(0)]

    def _turn(self, end: datetime) -> None:
        """Let our processes go on once."""
        world = self._world
        world.now = end
        world.wake()
        world.work_off()
        world.reconcile()
        world.listener.listen()

    def _drift(self) -> None:
        """Let the bureau lose somebody now and then, and keep others."""
        world, a_tick = self._world, self._companies * TICK / timedelta(days=1)
        if self._dice.random() < LOST_A_DAY * a_tick:
            world.bureau.lose([self._dice.randrange(self._companies)])
        if self._dice.random() < LEFT_A_DAY * a_tick:
            tenant = self._dice.randrange(5)
            ours = self._dice.choice([f"t{tenant}:{numbered(9, 1)}", "theirs"])
            number = self._companies + self._dice.randrange(1_000)
            world.bureau.scores += [50] * (number + 1 - len(world.bureau.scores))
            world.bureau.members[f"kundvakt-t{tenant}"].setdefault(f"SE-{number}", ours)

    def _heal(self) -> None:
        """Let everything be well for as long as it takes to find out what is left."""
        world = self._world
        world.bureau.is_up, world.fate.is_kind = True, True
        for _ in range(int(timedelta(days=HEALING_DAYS) / TICK)):
            world.now += TICK
            world.poll()
            self._turn(world.now)


def play(
    seed: int, size: Size, off: frozenset[str] = frozenset(), weather: Weather = FAIR
) -> Counter[str]:
    """Play a month of a seed; raises `Red` when a promise is broken."""
    world = CreditWorld(seed, size.companies, off, weather)
    with _ours(world), _uncollected():
        Month(world, size).play()
        seen = judge(world)
    seen["reports"] = world.bureau.sold
    seen["calls"] = world.bureau.calls
    seen["deaths"], seen["freezes"] = world.fate.deaths, world.fate.freezes
    return seen
