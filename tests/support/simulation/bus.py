"""The bus: it repeats, reorders and loses, forgets who has had what, and goes away."""

from dataclasses import dataclass, field

from chassis.consumer import EARLY_DELIVERIES_MAX
from contracts.envelope import Envelope
from support.simulation.process import Away
from support.simulation.record import SERVICES

MessageId = tuple[str, int, str]
"""Whose event it is, where it stands there, and which publication of it this is."""


@dataclass(slots=True)
class Bus:
    """One JetStream stream and its durable consumers."""

    is_up: bool = True
    messages: list[Envelope | None] = field(default_factory=list)
    ids: set[MessageId] = field(default_factory=set)
    taken: dict[str, dict[int, int]] = field(default_factory=lambda: {s: {} for s in SERVICES})
    """For each consumer the sequences it has to take, and how often each was delivered early."""
    done: dict[str, list[int]] = field(default_factory=lambda: {s: [] for s in SERVICES})
    kept: set[tuple[str, int]] = field(default_factory=set)
    """What it ever acknowledged to a relay, since it was last made anew."""

    def publish(self, envelope: Envelope, message_id: MessageId) -> None:
        """Keep an event for every consumer, unless it is known by its id."""
        if not self.is_up:
            raise Away
        self.kept.add((envelope.source, envelope.position))
        if message_id in self.ids:
            return
        self.ids.add(message_id)
        self.messages.append(envelope)
        for waiting in self.taken.values():
            waiting[len(self.messages) - 1] = 0

    def acknowledge(self, consumer: str, sequence: int) -> None:
        """Deliver a message no more."""
        if self.taken[consumer].pop(sequence, None) is not None:
            self.done[consumer].append(sequence)

    def early(self, consumer: str, sequence: int) -> None:
        """Deliver a message again, but not for ever."""
        waiting = self.taken[consumer]
        if sequence in waiting:
            waiting[sequence] += 1
            if waiting[sequence] >= EARLY_DELIVERIES_MAX:
                self.acknowledge(consumer, sequence)

    def lose(self, sequence: int) -> None:
        """Lose a message that was acknowledged, as a power cut may."""
        if self.messages:
            sequence %= len(self.messages)
            self.messages[sequence] = None
            for waiting in self.taken.values():
                waiting.pop(sequence, None)

    def restart(self) -> None:
        """Forget the latest acknowledgements: they are not durable."""
        for consumer, done in self.done.items():
            for sequence in done[-3:]:
                if self.messages[sequence] is not None:
                    self.taken[consumer][sequence] = 0
            del done[-3:]

    def clear(self) -> None:
        """Be made anew, empty."""
        self.messages.clear()
        self.ids.clear()
        self.kept.clear()
        for consumer in SERVICES:
            self.taken[consumer].clear()
            self.done[consumer].clear()

    def copy(self) -> "Bus":
        """Return the same bus once more."""
        return Bus(
            self.is_up,
            list(self.messages),
            set(self.ids),
            {consumer: dict(waiting) for consumer, waiting in self.taken.items()},
            {consumer: list(done) for consumer, done in self.done.items()},
            set(self.kept),
        )
