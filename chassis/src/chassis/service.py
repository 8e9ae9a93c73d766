"""What a service is made of: a list, read aloud."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from faststream.nats import NatsRouter
from starlette.applications import Starlette

from chassis.projection import AnyProjection
from chassis.reaction import Reaction
from chassis.site import Site
from chassis.tenancy import Connection
from contracts.catalogue import SOURCES
from contracts.envelope import Envelope


@dataclass(frozen=True, slots=True)
class Service:
    """One service, composed; its name is its event source and its durable consumer.

    `keep` takes in whole batches of events instead of reacting to single ones: the gateway's
    history. `background` loops run until they are cancelled.
    """

    name: str
    routers: tuple[NatsRouter, ...] = ()
    reactions: tuple[Reaction, ...] = ()
    keep: Callable[[Connection, list[Envelope]], Awaitable[None]] | None = None
    background: tuple[Callable[[Site], Awaitable[None]], ...] = ()
    projections: tuple[AnyProjection, ...] = ()
    http: Callable[[Site], Any | Starlette] | None = None
    migrations: str = ""
    has_events: bool = True

    @property
    def hears(self) -> frozenset[str]:
        """Return the services whose events it takes in: all of each, for they are counted."""
        if self.keep:
            return frozenset(SOURCES.values())
        return frozenset(SOURCES[form.category] for one in self.reactions for form in one.to)

    @property
    def asks(self) -> bool:
        """Say whether it asks others, through a line to each server; who is asked asks nobody."""
        return self.http is not None

    @property
    def role(self) -> str:
        """Return the name in Postgres, without the prefix."""
        return self.name.replace("-", "_")
