"""From an event to its effect: in order, once, and in the transaction that says so."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
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


async def react(
    reactions: tuple[Reaction, ...], envelope: Envelope, connection: Connection, site: "Site"
) -> None:
    """Let every reaction that listens for this event act on it."""
    names = {form.model_fields["type"].default for r in reactions for form in r.to}
    if envelope.type not in names and codec.is_current(envelope.type):
        return
    with (
        structlog.contextvars.bound_contextvars(
            tenant=envelope.tenant, correlation=str(envelope.correlation)
        ),
        tracing.span(f"{site.service.name} hears {envelope.type}", envelope.traceparent),
    ):
        await _act(reactions, envelope, connection, site)


async def _act(
    reactions: tuple[Reaction, ...], envelope: Envelope, connection: Connection, site: "Site"
) -> None:
    data = codec.parse(envelope.data.encode())
    if '"sealed"' in envelope.data:
        data = await sealing.unseal(site.keys, envelope.tenant, envelope.stream_id, data)
    event = codec.event_from(data)
    for reaction in reactions:
        if isinstance(event, reaction.to):
            with metrics.HANDLED.labels(reaction.name, "reacted").time():
                await reaction.act(Happened(event, envelope, connection, site))
