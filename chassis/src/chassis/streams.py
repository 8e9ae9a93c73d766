"""Streams of events, decided upon under optimistic concurrency."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, TypeVar
from uuid import UUID

from chassis.decider import Claim, Decider, Rejected
from contracts.message import Answer, Command, Event, Problem

Pasts: TypeAlias = Mapping[UUID, Sequence[Any]]
C = TypeVar("C", bound=Command)
S = TypeVar("S")
E = TypeVar("E", bound=Event)

ATTEMPTS = 5
"""How often a command is decided again when someone else wrote first; then the asker waits."""


class WrongVersion(Exception):
    """Someone else wrote to the stream first."""


class Claimed(Exception):
    """Another stream of the tenant has what this one claims."""

    def __init__(self, holder: UUID) -> None:
        super().__init__(str(holder))
        self.holder = holder


@dataclass(frozen=True, slots=True)
class Stream:
    """Where the events of one thing stand: a company, a user, a company's credit."""

    tenant: str
    category: str
    id: UUID


@dataclass(frozen=True, slots=True)
class Answered:
    """What a command led to when it was first asked, and whether this is the same wish."""

    same: bool
    answer: Answer | Problem


@dataclass(frozen=True, slots=True)
class Past:
    """A stream's events, oldest first, and what became of a command asked before."""

    events: Sequence[Any]
    version: int
    answered: Answered | None = None


@dataclass(frozen=True, slots=True)
class Write:
    """Events for one stream, whose version must be the expected one."""

    stream: Stream
    expected: int
    events: Sequence[Event]


@dataclass(frozen=True, slots=True)
class Append:
    """All that one command leads to: kept whole or not at all, and remembered for ever."""

    command: Command
    version: int
    writes: tuple[Write, ...] = ()
    claims: tuple[tuple[UUID, Claim], ...] = ()
    created: dict[str, UUID] = field(default_factory=dict)


class Streams(Protocol):
    """Where events are kept; `PostgresStreams` and `MemoryStreams` obey one contract suite."""

    async def read(self, stream: Stream, command: Command) -> Past:
        """Return a stream's past, and the answer to the command if it was given before."""
        ...

    async def pasts(self, tenant: str, category: str, ids: Sequence[UUID]) -> Pasts:
        """Return what happened in those of the streams in which anything did, oldest first."""
        ...

    async def append(self, append: Append) -> Answer:
        """Keep what a command led to.

        Raises `WrongVersion` when a stream is not at the expected version or the command is
        being answered elsewhere, `Claimed` when a claim is another stream's.
        """
        ...

    async def refuse(self, command: Command, problem: Problem) -> None:
        """Remember that a command was refused, and why.

        Raises `WrongVersion` when the command was answered elsewhere.
        """
        ...


def repeat(answered: Answered) -> Answer:
    """Answer a repeated command as before, refuse another wish under a used id."""
    if not answered.same:
        raise Rejected(
            "command-reused",
            "This idempotency key was used before for another request; choose a new key.",
        )
    if isinstance(answered.answer, Problem):
        problem = answered.answer
        raise Rejected(problem.code, problem.message, **problem.details)
    return answered.answer


async def _plan(streams: Streams, decider: Decider[C, S, E], command: C, past: Past) -> Append:
    """Decide, and sort the events by stream."""
    if command.expected_version is not None and command.expected_version != past.version:
        raise Rejected(
            "stale",
            "Somebody changed this in the meantime; read it again and repeat the change.",
            version=str(past.version),
        )
    home = Stream(command.tenant, command.aggregate, command.stream_id)
    state, versions = decider.fold(past.events), {home: past.version}
    if (second := decider.other(command, state)) is None:
        events = decider.decide(command, state)
    else:
        other = Stream(command.tenant, command.aggregate, second)
        known = past if other == home else await streams.read(other, command)
        versions[other] = known.version
        events = decider.decide_both(command, state, decider.fold(known.events))
    by_stream: dict[Stream, list[E]] = {}
    for event in events:
        stream = Stream(command.tenant, event.category, event.stream_id)
        by_stream.setdefault(stream, []).append(event)
    claims = ((event.stream_id, decider.claims(event)) for event in events)
    return Append(
        command=command,
        version=past.version,
        writes=tuple(
            Write(stream, versions.get(stream, 0), kept) for stream, kept in by_stream.items()
        ),
        claims=tuple((stream_id, claim) for stream_id, claim in claims if claim),
        created=decider.created(events),
    )


async def transact(streams: Streams, decider: Decider[C, S, E], command: C) -> Answer:
    """Read, fold, decide, append or refuse; decide again if someone else wrote first."""
    home = Stream(command.tenant, command.aggregate, command.stream_id)
    for _ in range(ATTEMPTS):
        past = await streams.read(home, command)
        if past.answered:
            return repeat(past.answered)
        try:
            return await _answer(streams, decider, command, past)
        except WrongVersion:
            continue
    raise Rejected("busy", "Others are changing this at the same moment; try again.")


async def _answer(streams: Streams, decider: Decider[C, S, E], command: C, past: Past) -> Answer:
    """Decide, and keep what follows: a refusal too, for another attempt may be under way."""
    try:
        return await streams.append(await _plan(streams, decider, command, past))
    except Claimed as claimed:
        refusal = decider.taken(claimed.holder)
    except Rejected as rejected:
        refusal = rejected
    if not _is_outdated(command, past):
        problem = Problem(code=refusal.code, message=refusal.message, details=refusal.details)
        await streams.refuse(command, problem)
    raise refusal


def _is_outdated(command: Command, past: Past) -> bool:
    """Say whether a command is made from a version that is past: it never comes again.

    No attempt can succeed then, and the wish may be repeated from the version that is now.
    """
    return command.expected_version is not None and command.expected_version < past.version


class MemoryStreams:
    """Streams for tests: what `PostgresStreams` promises, without a database."""

    def __init__(self) -> None:
        self.events: dict[Stream, list[Event]] = {}
        self.answers: dict[tuple[str, UUID], tuple[str, Answer | Problem]] = {}
        self.holders: dict[tuple[str, Claim], UUID] = {}
        self.position = 0

    async def read(self, stream: Stream, command: Command) -> Past:
        """Return a stream's past, and the answer to the command if it was given before."""
        events = tuple(self.events.get(stream, ()))
        before = self.answers.get((command.tenant, command.command_id))
        answered = Answered(before[0] == command.fingerprint, before[1]) if before else None
        return Past(events, len(events), answered)

    async def pasts(self, tenant: str, category: str, ids: Sequence[UUID]) -> Pasts:
        """Return what happened in those of the streams in which anything did."""
        streams = {one: self.events.get(Stream(tenant, category, one)) for one in ids}
        return {one: events for one, events in streams.items() if events}

    async def append(self, append: Append) -> Answer:
        """Keep what a command led to."""
        command = append.command
        if (command.tenant, command.command_id) in self.answers:
            raise WrongVersion
        for stream_id, claim in append.claims:
            holder = self.holders.get((command.tenant, claim), stream_id)
            if holder != stream_id:
                raise Claimed(holder)
        if any(len(self.events.get(w.stream, ())) != w.expected for w in append.writes):
            raise WrongVersion
        return self._keep(append)

    async def refuse(self, command: Command, problem: Problem) -> None:
        """Remember that a command was refused."""
        if (command.tenant, command.command_id) in self.answers:
            raise WrongVersion
        self.answers[command.tenant, command.command_id] = (command.fingerprint, problem)

    def _keep(self, append: Append) -> Answer:
        command = append.command
        for stream_id, claim in append.claims:
            held = [
                c for (t, c), h in self.holders.items() if t == command.tenant and h == stream_id
            ]
            for old in held:
                if old.kind == claim.kind:
                    del self.holders[command.tenant, old]
            self.holders[command.tenant, claim] = stream_id
        version = append.version
        for write in append.writes:
            self.events.setdefault(write.stream, []).extend(write.events)
            self.position += len(write.events)
            version += len(write.events) if write.stream.id == command.stream_id else 0
        answer = Answer(
            stream_id=command.stream_id,
            position=self.position,
            version=version,
            created=append.created,
        )
        self.answers[command.tenant, command.command_id] = (command.fingerprint, answer)
        return answer
