"""Streams of a hundred thousand companies: of each, what it folds to is all that is kept."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from chassis.decider import AnyDecider, Decider
from chassis.streams import Answered, Append, Past, Stream, WrongVersion
from contracts.message import Answer, Command, Event


@dataclass(slots=True)
class Folded(Sequence[Any]):
    """A stream's past, of which only its length and what it folds to are left."""

    state: Any
    version: int = 0

    def __len__(self) -> int:
        return self.version

    def __getitem__(self, _index: Any) -> Any:
        raise AssertionError("of this past nothing but its fold is left")

    def __iter__(self) -> Iterator[Any]:
        raise AssertionError("of this past nothing but its fold is left")


class Folding(Decider[Any, Any, Any]):
    """A decider of the product that takes in each event once, when it is appended."""

    def fold(self, events: Iterable[Any]) -> Any:
        """Return what a past leads to."""
        return events.state if isinstance(events, Folded) else Decider.fold(self, events)


def folding(decider: AnyDecider) -> Folding:
    """Return a decider of the product that finds its pasts folded."""
    return Folding(
        decider.initial,
        decider.decide,
        decider.evolve,
        decider.claims,
        decider.taken,
        decider.created,
    )


class ShortStreams:
    """Streams as the product knows them; whatever is appended is heard by whoever listens.

    Ids are enough to tell streams and commands apart: here no two tenants have one in common.
    """

    def __init__(
        self, deciders: dict[str, AnyDecider], hear: Callable[[Stream, Event, Command], None]
    ) -> None:
        self._deciders = deciders
        self._hear = hear
        self._folded: dict[int, Folded] = {}
        self._answers: dict[int, tuple[int, int]] = {}
        self.position = 0

    def begin(self, stream: Stream, events: Iterable[Event]) -> None:
        """Begin a stream with events that nobody has to hear of."""
        self._take_in(stream, events)

    def state(self, stream: Stream) -> Any:
        """Return what a stream's past leads to."""
        return self._past(stream).state

    def within(self, _connection: Any) -> "ShortStreams":
        """Return themselves: nobody comes in between inside a transaction."""
        return self

    async def read(self, stream: Stream, command: Command) -> Past:
        """Return what is left of a stream's past, and the answer if it was given before."""
        past = self._past(stream)
        before = self._answers.get(command.command_id.int)
        answered = Answered(True, _answer(command, *before)) if before else None
        return Past(past, past.version, answered)

    async def append(self, append: Append) -> Answer:
        """Keep what a command led to."""
        command = append.command
        if command.command_id.int in self._answers:
            raise WrongVersion
        if any(self._past(write.stream).version != write.expected for write in append.writes):
            raise WrongVersion
        for write in append.writes:
            self._take_in(write.stream, write.events)
            for event in write.events:
                self._hear(write.stream, event, command)
        answered = (self.position, append.version + sum(len(w.events) for w in append.writes))
        self._answers[command.command_id.int] = answered
        return _answer(command, *answered)

    def _past(self, stream: Stream) -> Folded:
        found = self._folded.get(stream.id.int)
        return found or Folded(self._deciders[stream.category].initial)

    def _take_in(self, stream: Stream, events: Iterable[Event]) -> None:
        past = self._folded.setdefault(stream.id.int, self._past(stream))
        evolve = self._deciders[stream.category].evolve
        for event in events:
            past.state = evolve(past.state, event)
            past.version += 1
            self.position += 1


def _answer(command: Command, position: int, version: int) -> Answer:
    return Answer(stream_id=command.stream_id, position=position, version=version)
