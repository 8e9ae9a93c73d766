"""One world: services, bus, bureau and askers, and what is under way in it."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from contracts.message import Answer
from credit_monitor.watching.poller import DEEP_EVERY
from support.simulation import office, services, work
from support.simulation.bureau import WorldBureau
from support.simulation.bus import Bus
from support.simulation.cast import NOON, WISHES
from support.simulation.models import PROJECTIONS, Models
from support.simulation.process import Away, Process
from support.simulation.record import SERVICES, SOURCES, Record

ROUNDS_MAX = 60
"""Far more than any world needed to come to rest."""


class Red(AssertionError):
    """The world broke a promise."""


@dataclass(slots=True)
class Asker:
    """Everybody who asks for something, and what they were told."""

    attempts: dict[int, int] = field(default_factory=dict)
    answers: dict[int, Answer] = field(default_factory=dict)
    refusals: dict[int, str] = field(default_factory=dict)
    said: dict[int, Answer | str] = field(default_factory=dict)

    def begin(self, wish: int) -> int:
        """Ask, or ask again."""
        self.attempts[wish] = self.attempts.get(wish, 0) + 1
        return self.attempts[wish]

    def answered(self, wish: int, attempt: int, answer: Answer) -> None:
        """Hear that it was done."""
        self._said_before(wish, answer)
        if attempt == self.attempts[wish]:
            self.answers[wish] = answer

    def refused(self, wish: int, attempt: int, code: str) -> None:
        """Hear that it was refused."""
        self._said_before(wish, code)
        if attempt == self.attempts[wish]:
            self.refusals[wish] = code

    def _said_before(self, wish: int, what: Answer | str) -> None:
        """See that every attempt is told the same, also those that nobody waits for any more."""
        before = self.said.setdefault(wish, what)
        if before != what:
            raise Red(f"{WISHES[wish].sentence}: first {before}, then {what}")

    def copy(self) -> "Asker":
        """Return the same asker once more."""
        return Asker(dict(self.attempts), dict(self.answers), dict(self.refusals), dict(self.said))

    @property
    def waiting(self) -> list[int]:
        """Return the wishes that nothing was heard of."""
        return [w for w in self.attempts if w not in self.answers and w not in self.refusals]


class World:
    """Everything there is; `off` names the protections that are taken away."""

    def __init__(self, off: frozenset[str] = frozenset()) -> None:
        self.off = off
        self.now = NOON
        self.bus = Bus()
        self.bureau = WorldBureau(self)
        self.records = {name: Record(name, off) for name in SERVICES}
        streams = self.records["credit-monitor"].streams
        self.office = office.Office(self, off, streams, office.Account(NOON))
        self.models = Models(off)
        self.asker = Asker()
        self.sites: dict[str, Any] = {
            name: SimpleNamespace(streams=record.streams) for name, record in self.records.items()
        }
        self.running: list[Process] = []
        self.unreadable: set[tuple[str, str, Any]] = set()
        self.republished = 0
        self.was_unreadable = False
        self.told: list[str] | None = None

    def copy(self) -> "World":
        """Return the same world once more; nothing may be under way in it."""
        other = World(self.off)
        other.now = self.now
        other.bus, other.bureau = self.bus.copy(), self.bureau.copy(other)
        for name, record in other.records.items():
            record.become(self.records[name])
        other.office = self.office.copy(other, other.office.streams)
        other.models = self.models.copy()
        other.asker = self.asker.copy()
        return other

    def say(self, sentence: str) -> None:
        """Tell what happens, where anybody listens."""
        if self.told is not None:
            self.told.append(sentence)

    def abandon(self) -> None:
        """Let nothing be under way any more."""
        for process in self.running:
            process.die()

    # What can be begun, or done at once

    def let(
        self, name: str, service: str, doing: Coroutine[Any, Any, Any], *, at_once: bool
    ) -> None:
        """Let something begin, and take its first step; or let all of it happen at once."""
        process = Process(name, service, doing)
        if at_once:
            process.end()
        elif process.step():
            self.running.append(process)

    def ask(self, wish: int, *, at_once: bool = False) -> None:
        """Let somebody ask, or ask again."""
        if wish not in self.asker.refusals:
            doing = services.answer(self, wish, self.asker.begin(wish))
            self.let(WISHES[wish].sentence, "companies", doing, at_once=at_once)

    def relay(self, source: str, *, at_once: bool = False) -> None:
        """Let a relay put a window on the bus, whether or not another is still under way."""
        doing = services.relay(self, self.records[source])
        self.let(f"the relay of {source}", source, doing, at_once=at_once)

    def take_in(
        self,
        service: str,
        choose: Callable[[list[int]], list[int]] = list,
        *,
        at_once: bool = False,
    ) -> None:
        """Let a consumer take what is waiting for it, or some of it."""
        waiting = sorted(self.bus.taken[service])
        if waiting and self.bus.is_up:
            doing = services.intake(self, self.records[service], choose(waiting))
            self.let(f"the intake of {service}", service, doing, at_once=at_once)

    def project(self, number: int, *, at_once: bool = False) -> None:
        """Let a projector fold the next batch."""
        doing = services.project(self, PROJECTIONS[number])
        self.let(f"the projector of {PROJECTIONS[number].name}", "gateway", doing, at_once=at_once)

    def poll(self, *, at_once: bool = False) -> None:
        """Let a poller read, if it is time."""
        self.let("the poller", "credit-monitor", services.poll(self), at_once=at_once)

    def work(self, *, at_once: bool = False) -> bool:
        """Let a worker take a step with a company, if one is due."""
        held = work.lease(self.office)
        if held is not None:
            doing = services.work_on(self, held)
            self.let("the worker", "credit-monitor", doing, at_once=at_once)
        return held is not None

    def watch(self, service: str) -> None:
        """Let a consumer ask the sources for what it misses."""
        checkpoints = self.records[service].checkpoints
        for source in SOURCES:
            have = checkpoints.get(source, 0)
            if have < len(self.records[source].log):
                try:
                    services.republish(self, source, have + 1)
                except Away:
                    return

    def change(self, number: str, which: int) -> None:
        """Let the bureau give a company another rating."""
        self.bureau.change(number, which, len(self.records["credit-monitor"].log))

    def rebuild_stream(self) -> None:
        """Make the bus's stream anew and let the relays fill it."""
        self.bus.clear()
        for source in SOURCES:
            record = self.records[source]
            record.relayed, record.epoch = 0, record.epoch + 1

    def check_noted(self) -> None:
        """See that what a relay has noted as relayed was acknowledged by the bus."""
        for source in SOURCES:
            for position in range(1, self.records[source].relayed + 1):
                if (source, position) not in self.bus.kept:
                    raise Red(f"{source} notes {position} as relayed, the bus never had it")

    # What can be done to what is under way

    def go_on(self, number: int, steps: int = 1) -> None:
        """Let one of the processes go on."""
        if self.running:
            process = self.running[number % len(self.running)]
            for _ in range(steps):
                if not process.step():
                    self.running.remove(process)
                    return

    def die(self, number: int) -> None:
        """Let one process die where it is."""
        if self.running:
            self.running.pop(number % len(self.running)).die()
            self.check_noted()

    def crash(self, service: str) -> None:
        """Let everything die that one service has under way."""
        for process in [one for one in self.running if one.service == service]:
            self.running.remove(process)
            process.die()
        self.check_noted()

    # The end

    def rest(self) -> None:
        """Let everything heal and go on until nothing is left to do."""
        self.bus.is_up = self.bureau.is_up = True
        self.unreadable.clear()
        self.drain()
        self.check_noted()
        self.bureau.speak_again(len(self.records["credit-monitor"].log))
        latest = max((one.visible_from for one in self.bureau.published), default=None)
        if latest is not None and latest > self.bureau.moment:
            is_very_late = latest - self.bureau.moment > services.OVERLAP
            self.now = latest.replace(tzinfo=NOON.tzinfo)
            if is_very_late:
                self.now += DEEP_EVERY
        self.read_until_quiet()

    def finish(self) -> None:
        """Let what is under way come to its end."""
        while self.running:
            self.running.pop(0).end()

    def drain(self) -> bool:
        """Let everything go on that needs no time to pass; say whether it came to rest."""
        self.finish()
        for _ in range(ROUNDS_MAX):
            if self._is_drained():
                break
            if not self._everybody_goes_on() and self._is_ill:
                return False
        else:
            raise Red("it does not come to rest")
        for number, projection in enumerate(PROJECTIONS):
            while self.models.positions[projection.name] < len(self.models.history):
                self.project(number, at_once=True)
        return True

    @property
    def _is_ill(self) -> bool:
        return bool(self.unreadable) or not self.bus.is_up

    def read_until_quiet(self) -> None:
        """Let the bureau be read again and again until it twice leads to nothing."""
        quiet = 0
        for _ in range(ROUNDS_MAX):
            before = self.state
            self.now += services.POLL * 2
            self.poll(at_once=True)
            self.drain()
            quiet = quiet + 1 if self.state == before else 0
            if quiet == 2:
                return
        raise Red("the bureau is asked for ever")

    @property
    def state(self) -> tuple[int, int, int]:
        """Return what grows whenever something happens at the credit monitor."""
        log = self.records["credit-monitor"].log
        return len(log), self.bureau.sold, len(self.office.work)

    def _is_drained(self) -> bool:
        return (
            not self.asker.waiting
            and all(self._has_all(service) for service in SERVICES)
            and not any(record.parked for record in self.records.values())
            and all(record.relayed >= len(record.log) for record in self.records.values())
            and not work.is_due(self.office)
        )

    def _everybody_goes_on(self) -> bool:
        before = self._progress
        for wish in self.asker.waiting:
            self.ask(wish, at_once=True)
        for source in SOURCES:
            record = self.records[source]
            while record.relayed < len(record.log) and self.bus.is_up:
                self.relay(source, at_once=True)
        for service in SERVICES:
            self._hear(service)
        for record in self.records.values():
            if record.parked:
                services.take_up_again(self, record)
        while self.work(at_once=True):
            pass
        return self._progress != before

    @property
    def _progress(self) -> tuple[int, ...]:
        """Return what grows as long as anything happens."""
        records = self.records.values()
        heard = sum(len(record.heard) - len(record.parked) for record in records)
        return len(self.bus.messages), heard, sum(len(record.log) for record in records)

    def _hear(self, service: str) -> None:
        if self.bus.taken[service]:
            self.take_in(service, at_once=True)
        elif not self._has_all(service) and "missing asked for" not in self.off:
            self.watch(service)

    def _has_all(self, service: str) -> bool:
        at = self.records[service].checkpoints.get
        return not any(at(source, 0) < len(self.records[source].log) for source in SOURCES)
