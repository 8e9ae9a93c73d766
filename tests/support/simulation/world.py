"""One world: services, bus, bureau and askers, and what is under way in it."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from contracts.message import Answer
from support.simulation import office, services
from credit_monitor.poller import DEEP_EVERY
from support.simulation.bureau import WorldBureau
from support.simulation.bus import Bus
from support.simulation.cast import NOON, WISHES
from support.simulation.models import PROJECTIONS, Models
from support.simulation.process import PAUSE, Away, Process
from support.simulation.record import SERVICES, SOURCES, Record

ROUNDS_MAX = 60
"""Far more than any world needed to come to rest."""


class Red(AssertionError):
    """The world broke a promise."""


@dataclass(slots=True)
class Asker:
    """Everybody who asks for something, and what they were told."""

    attempts: dict[int, int] = field(default_factory=dict)
    under_way: dict[int, int] = field(default_factory=dict)
    answers: dict[int, Answer] = field(default_factory=dict)
    refusals: dict[int, str] = field(default_factory=dict)

    def begin(self, wish: int) -> int:
        """Ask, or ask again."""
        self.attempts[wish] = self.attempts.get(wish, 0) + 1
        self.under_way[wish] = self.under_way.get(wish, 0) + 1
        return self.attempts[wish]

    def answered(self, wish: int, attempt: int, answer: Answer) -> None:
        """Hear that it was done; always the same."""
        if attempt == self.attempts[wish] and wish not in self.refusals:
            before = self.answers.setdefault(wish, answer)
            if before != answer:
                raise Red(f"{WISHES[wish].sentence}: first {before}, then {answer}")

    def refused(self, wish: int, attempt: int, code: str) -> None:
        """Hear that it was refused."""
        if attempt != self.attempts[wish]:
            return
        if wish in self.answers:
            raise Red(f"{WISHES[wish].sentence}: done, then refused as {code}")
        self.refusals[wish] = code

    def copy(self) -> "Asker":
        """Return the same asker once more."""
        return Asker(
            dict(self.attempts), dict(self.under_way), dict(self.answers), dict(self.refusals)
        )

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

    # What can be begun

    def begin(self, name: str, service: str, doing: Coroutine[Any, Any, Any]) -> None:
        """Let something begin; it takes its first step at once."""
        process = Process(name, service, doing)
        if process.step():
            self.running.append(process)

    def ask(self, wish: int) -> None:
        """Let somebody ask, or ask again."""
        if wish not in self.asker.refusals:
            attempt = self.asker.begin(wish)
            self.begin(WISHES[wish].sentence, "companies", services.answer(self, wish, attempt))

    def relay(self, source: str) -> None:
        """Let a relay begin, whether or not another is still under way."""
        self.begin(f"the relay of {source}", source, services.relay(self, self.records[source]))

    def take_in(self, service: str, choose: Callable[[list[int]], list[int]] = list) -> None:
        """Let a consumer take what is waiting for it, or some of it."""
        waiting = sorted(self.bus.taken[service])
        if waiting and self.bus.is_up:
            doing = services.intake(self, self.records[service], choose(waiting))
            self.begin(f"the intake of {service}", service, doing)

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

    def project(self, number: int) -> None:
        """Let a projector fold the next batch, its position with the rows."""
        projection = PROJECTIONS[number]
        if "position with rows" in self.off:
            self.begin(f"the projector of {projection.name}", "gateway", self._fold_apart(projection))
        else:
            self.models.positions[projection.name] = self.models.fold(projection)

    async def _fold_apart(self, projection: Any) -> None:
        position = self.models.fold(projection)
        await PAUSE
        self.models.positions[projection.name] = position

    def poll(self) -> None:
        """Let a poller read, if it is time."""
        self.begin("the poller", "credit-monitor", services.poll(self))

    def work(self) -> bool:
        """Let a worker take a step with a company, if one is due."""
        held = office.lease(self.office)
        if held is not None:
            self.begin("the worker", "credit-monitor", services.work_on(self, held))
        return held is not None

    def change(self, number: str, which: int) -> None:
        """Let the bureau give a company another rating."""
        self.bureau.change(number, which, len(self.records["credit-monitor"].log))

    def rebuild_stream(self) -> None:
        """Make the bus's stream anew and let the relays fill it."""
        self.bus.clear()
        for source in SOURCES:
            record = self.records[source]
            record.relayed, record.epoch = 0, record.epoch + 1

    def check_noted(self, record: Record) -> None:
        """Hold a relay's note against what the bus ever acknowledged."""
        for position in range(1, record.relayed + 1):
            if (record.name, position) not in self.bus.kept:
                raise Red(f"{record.name} notes {position} as relayed, the bus never had it")

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

    def crash(self, service: str) -> None:
        """Let everything die that one service has under way."""
        for process in [one for one in self.running if one.service == service]:
            self.running.remove(process)
            process.die()

    # The end

    def rest(self) -> None:
        """Let everything heal and go on until nothing is left to do."""
        self.bus.is_up = self.bureau.is_up = True
        self.unreadable.clear()
        self.drain()
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
            self.go_on(0, 1000)

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
                self.project(number)
                self.finish()
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
            self.poll()
            self.drain()
            quiet = quiet + 1 if self.state == before else 0
            if quiet == 2:  # noqa: PLR2004 - a company is looked at twice before it is believed
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
            and not office.is_due(self.office)
        )

    def _everybody_goes_on(self) -> bool:
        before = self._progress
        for wish in self.asker.waiting:
            self.ask(wish)
        self.finish()
        for record in self.records.values():
            if record.parked:
                services.take_up_again(self, record)
        for source in SOURCES:
            record = self.records[source]
            while record.relayed < len(record.log) and self.bus.is_up:
                self.relay(source)
                self.finish()
        for service in SERVICES:
            self._hear(service)
        while self.work():
            self.finish()
        return self._progress != before

    @property
    def _progress(self) -> tuple[int, ...]:
        """Return what grows as long as anything happens."""
        records = self.records.values()
        heard = sum(len(record.heard) - len(record.parked) for record in records)
        return len(self.bus.messages), heard, sum(len(record.log) for record in records)

    def _hear(self, service: str) -> None:
        if self.bus.taken[service]:
            self.take_in(service)
            self.finish()
        elif not self._has_all(service) and "missing asked for" not in self.off:
            self.watch(service)

    def _has_all(self, service: str) -> bool:
        checkpoints = self.records[service].checkpoints
        return all(
            checkpoints.get(source, 0) >= len(self.records[source].log) for source in SOURCES
        )
