"""Streams of a hundred thousand companies: of each only what its fold needs is kept."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from chassis.streams import Answered, Append, Past, Stream, WrongVersion
from contracts.credit_monitor import CreditRatingChanged
from contracts.message import Answer, Command, Event


class ShortStreams:
    """Streams as the product knows them; whatever is appended is heard by whoever listens."""

    def __init__(self, hear: Callable[[str, Event], None]) -> None:
        self.events: dict[Stream, list[Event]] = {}
        self._hear = hear
        self._versions: dict[Stream, int] = {}
        self._answers: dict[UUID, tuple[int, int]] = {}
        self.position = 0

    def begin(self, stream: Stream, events: list[Event]) -> None:
        """Begin a stream with events that nobody has to hear of."""
        self.events[stream] = events
        self._versions[stream] = len(events)
        self.position += len(events)

    def within(self, _connection: Any) -> "ShortStreams":
        """Return themselves: nobody comes in between inside a transaction."""
        return self

    async def read(self, stream: Stream, command: Command) -> Past:
        """Return what is left of a stream's past, and the answer if it was given before."""
        events = self.events.get(stream, ())
        before = self._answers.get(command.command_id)
        answered = Answered(True, _answer(command, *before)) if before else None
        return Past(events, self._versions.get(stream, 0), answered)

    async def append(self, append: Append) -> Answer:
        """Keep what a command led to."""
        command = append.command
        if command.command_id in self._answers:
            raise WrongVersion
        for write in append.writes:
            if self._versions.get(write.stream, 0) != write.expected:
                raise WrongVersion
            self._versions[write.stream] = write.expected + len(write.events)
            self._keep(write.stream, write.events)
        answered = (self.position, append.version + sum(len(w.events) for w in append.writes))
        self._answers[command.command_id] = answered
        return _answer(command, *answered)

    def _keep(self, stream: Stream, events: Sequence[Event]) -> None:
        kept = self.events.setdefault(stream, [])
        for event in events:
            self.position += 1
            shorten(kept, event)
            self._hear(stream.tenant, event)


def shorten(kept: list[Event], event: Event) -> None:
    """Add an event; of changes that follow one another the last is all that a fold needs."""
    if kept and isinstance(event, CreditRatingChanged) and isinstance(kept[-1], type(event)):
        kept[-1] = event
    else:
        kept.append(event)


def _answer(command: Command, position: int, version: int) -> Answer:
    return Answer(stream_id=command.stream_id, position=position, version=version)
