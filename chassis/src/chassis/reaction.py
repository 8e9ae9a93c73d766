"""From an event to its effect: in order, once, and in the transaction that says so."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import structlog

from chassis import codec, metrics, sealing, tracing
from chassis.decider import AnyDecider, Rejected
from chassis.edge import derived_id
from chassis.streams import transact
from chassis.tenancy import Connection
from contracts.envelope import Envelope
from contracts.message import Answer, Command, Event

if TYPE_CHECKING:
    from chassis.site import Site


@dataclass(frozen=True, slots=True)
class Happened:
    """One event as a reaction meets it, inside the transaction that moves the checkpoint."""

    event: Event
    envelope: Envelope
    connection: Connection
    site: "Site"

    def command(self, reaction: str) -> dict[str, Any]:
        """Return what every command that follows from this event has in common.

        The id is derived, so that an event met twice asks for the same thing once.
        """
        return {
            "command_id": derived_id(self.envelope.id, reaction),
            "tenant": self.envelope.tenant,
            "by": f"policy:{reaction}",
            "at": self.envelope.at,
            "correlation": self.envelope.correlation,
            "causation": self.envelope.id,
        }

    async def decide(self, decider: AnyDecider, command: Command) -> Answer:
        """Decide on a command and keep what follows, in this same transaction."""
        try:
            return await transact(self.site.streams.within(self.connection), decider, command)
        except Rejected as refusal:
            if refusal.code == "busy":
                # Others wrote first, again and again: it passes, and is no reason to park.
                raise TimeoutError(refusal.message) from refusal
            raise


@dataclass(frozen=True, slots=True)
class Reaction:
    """Something a service does when it hears of certain events."""

    name: str
    to: tuple[type[Event], ...]
    act: Callable[[Happened], Awaitable[None]]
    act_on_all: Callable[[Sequence[Happened]], Awaitable[None]] | None = None
    """The same for all of a batch, where that spares the database work; reactions are independent
    of each other, so this comes after those that act on each."""


async def react_to_all(
    reactions: tuple[Reaction, ...],
    envelopes: Sequence[Envelope],
    connection: Connection,
    site: "Site",
) -> None:
    """Let every reaction act on those events of a batch that it listens for."""
    one_by_one = tuple(reaction for reaction in reactions if not reaction.act_on_all)
    heard = [
        happened
        for envelope in envelopes
        if (happened := await react(one_by_one, envelope, connection, site, reactions))
    ]
    for reaction in reactions:
        concerned = [one for one in heard if isinstance(one.event, reaction.to)]
        if reaction.act_on_all and concerned:
            with metrics.HANDLED.labels(reaction.name, "reacted").time():
                await reaction.act_on_all(concerned)


async def react(
    reactions: tuple[Reaction, ...],
    envelope: Envelope,
    connection: Connection,
    site: "Site",
    listening: tuple[Reaction, ...] | None = None,
) -> Happened | None:
    """Let every reaction that listens for this event act on it; return it if any does."""
    if envelope.type not in _names(listening or reactions) and codec.is_current(envelope.type):
        return None
    with (
        structlog.contextvars.bound_contextvars(
            tenant=envelope.tenant, correlation=str(envelope.correlation)
        ),
        tracing.span(f"{site.service.name} hears {envelope.type}", envelope.traceparent),
    ):
        happened = await _read(envelope, connection, site)
        for reaction in reactions:
            if isinstance(happened.event, reaction.to):
                with metrics.HANDLED.labels(reaction.name, "reacted").time():
                    await reaction.act(happened)
        return happened


@cache
def _names(reactions: tuple[Reaction, ...]) -> frozenset[str]:
    """Return the names on the wire of all that reactions listen for."""
    return frozenset(form.model_fields["type"].default for one in reactions for form in one.to)


async def _read(envelope: Envelope, connection: Connection, site: "Site") -> Happened:
    data = codec.parse(envelope.data.encode())
    if '"sealed"' in envelope.data:
        data = await sealing.unseal(site.keys, envelope.tenant, envelope.stream_id, data)
    return Happened(codec.event_from(data), envelope, connection, site)
