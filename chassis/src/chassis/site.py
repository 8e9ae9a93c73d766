"""What a running process stands on: its connections, and what is made of them."""

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nats.aio.client import Client

from chassis.ask import Asker
from chassis.event_store import PostgresStreams
from chassis.keys import KeyRing
from chassis.settings import Settings
from chassis.tenancy import Pool

if TYPE_CHECKING:
    from chassis.service import Service


@dataclass(slots=True)
class Site:
    """Handed to handlers, reactions, loops and the HTTP app.

    `reader` is the pool of a role that only reads, under strict row-level security; where a
    service has none it is `pool`. `changed` is set whenever new events were kept or folded.
    """

    service: "Service"
    settings: Settings
    pool: Pool
    reader: Pool
    streams: PostgresStreams
    nats: Client
    ask: Asker
    keys: KeyRing
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    progress: dict[str, int] = field(default_factory=dict)
    """How far each consumer is with each source, as `consumer/source`; for lag and readiness."""
    heads: dict[str, int] = field(default_factory=dict)
    """The last position that each source says it has."""
