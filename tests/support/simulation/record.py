"""A service's database: its record and what was answered, how far it is, what it has parked."""

from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any
from uuid import UUID

from chassis.streams import Append, MemoryStreams, Past, Stream, Write
from contracts.envelope import Envelope
from contracts.message import Answer, Command, Problem
from support.simulation.cast import TENANTS
from support.simulation.process import PAUSE
from support.simulation.pure import kept, numbered

SOURCES = ("companies", "enrichment", "credit-monitor")
SERVICES = (*SOURCES, "gateway")


@lru_cache(maxsize=10_000)
def event_id(source: str, position: int) -> UUID:
    """Return the id of the event at a position."""
    return numbered(10 + SOURCES.index(source), position)


@dataclass(frozen=True, slots=True)
class Parked:
    """An event put aside; `behind` says that only an earlier one is to blame."""

    envelope: Envelope
    behind: bool


@dataclass(slots=True)
class Record:
    """What one service has in Postgres; it survives whatever happens to the service."""

    name: str
    off: frozenset[str]
    log: list[Envelope] = field(default_factory=list)
    relayed: int = 0
    epoch: int = 0
    checkpoints: dict[str, int] = field(default_factory=dict)
    heard: list[Envelope] = field(default_factory=list)
    parked: list[Parked] = field(default_factory=list)
    streams: "RecordedStreams" = field(init=False)

    def __post_init__(self) -> None:
        self.streams = RecordedStreams(self)

    def become(self, other: "Record") -> None:
        """Hold what another record holds."""
        self.log, self.heard = list(other.log), list(other.heard)
        self.relayed, self.epoch = other.relayed, other.epoch
        self.checkpoints = dict(other.checkpoints)
        streams = other.streams
        self.streams.events = {stream: list(events) for stream, events in streams.events.items()}
        self.streams.answers = dict(streams.answers)
        self.streams.holders = dict(streams.holders)
        self.streams.position = streams.position


class RecordedStreams(MemoryStreams):
    """The product's streams in memory, which note each event in the record as well.

    The protections that Postgres gives them can be taken away.
    """

    def __init__(self, record: Record) -> None:
        super().__init__()
        self._record = record
        self._off = record.off

    def within(self, _connection: Any) -> "RecordedStreams":
        """Return themselves: nobody comes in between inside a transaction."""
        return self

    async def read(self, stream: Stream, command: Command) -> Past:
        """Return a stream's past."""
        past = await super().read(stream, command)
        return replace(past, answered=None) if "commands remembered" in self._off else past

    async def append(self, append: Append) -> Answer:
        """Keep what a command led to."""
        command = append.command
        if "commands remembered" in self._off:
            self.answers.pop((command.tenant, command.command_id), None)
        if "numbers claimed" in self._off:
            append = replace(append, claims=())
        if "versions compared" in self._off:
            writes = (
                replace(w, expected=len(self.events.get(w.stream, ()))) for w in append.writes
            )
            append = replace(append, writes=tuple(writes))
        return await super().append(append)

    async def refuse(self, command: Command, problem: Problem) -> None:
        """Remember that a command was refused."""
        if "refusals remembered" not in self._off:
            await super().refuse(command, problem)

    def _keep(self, append: Append) -> Answer:
        writes = []
        for write in append.writes:
            pairs = [kept(event) for event in write.events]
            writes.append(Write(write.stream, write.expected, [event for event, _ in pairs]))
            for n, (event, text) in enumerate(pairs, write.expected + 1):
                self._note(append.command, write.stream, n, event, text)
        own = (append.command, append.version, tuple(writes), append.claims, append.created)
        answer = super()._keep(Append(*own))
        if "answers by tenant" in self._off:
            command = append.command
            for tenant in TENANTS:
                self.answers[tenant, command.command_id] = (command.fingerprint, answer)
        return answer

    def _note(self, command: Command, stream: Stream, version: int, event: Any, text: str) -> None:
        log, source = self._record.log, self._record.name
        position = len(log) + 1
        log.append(
            Envelope(
                event_id(source, position),
                event.type,
                stream.tenant,
                stream.category,
                stream.id,
                version,
                source,
                position,
                command.at,
                command.by,
                command.command_id,
                command.correlation,
                command.causation,
                None,
                text,
            )
        )


class SharedStreams:
    """The streams as commands from outside meet them: others may come before each step."""

    def __init__(self, streams: RecordedStreams) -> None:
        self._streams = streams

    async def read(self, stream: Stream, command: Command) -> Past:
        """Return a stream's past."""
        past = await self._streams.read(stream, command)
        await PAUSE
        return past

    async def append(self, append: Append) -> Answer:
        """Keep what a command led to; that it is kept is known a moment later."""
        answer = await self._streams.append(append)
        await PAUSE
        return answer

    async def refuse(self, command: Command, problem: Problem) -> None:
        """Remember that a command was refused; that it is remembered is known a moment later."""
        await self._streams.refuse(command, problem)
        await PAUSE
