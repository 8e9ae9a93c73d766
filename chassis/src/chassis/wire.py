"""NATS as the services speak it: connections, subjects, limits."""

import logging
from random import SystemRandom
from typing import Any

import structlog
from faststream.middlewares import AckPolicy
from faststream.nats import NatsBroker
from faststream.nats.message import NatsMessage
from nats.aio.client import Client
from nats.errors import Error as NatsError

from chassis.postgres import TRANSIENT

log = structlog.get_logger()

STREAM = "EVENTS"
"""The one JetStream stream; `kundvakt migrate` declares it, no service does."""
SUBJECTS = "evt.>"
PAYLOAD_BYTES_MAX = 262_144
"""What the bus takes, headers included."""
BODY_BYTES_MAX = PAYLOAD_BYTES_MAX - 8_192
"""What may be said in one message, leaving room for its headers."""
GRACEFUL_SECONDS_MAX = 7.0
"""For handlers in hand; a second before the whole process is cut off."""
INTERRUPTIONS: tuple[type[Exception], ...] = (*TRANSIENT, NatsError)
"""What a lost server or connection looks like from here: it passes."""
CONNECT_OPTIONS: dict[str, Any] = {
    "connect_timeout": 1,
    "reconnect_time_wait": 0.2,
    "max_reconnect_attempts": -1,
    # A server that says nothing is left within 1.2 s: a command's deadline leaves time to ask
    # again through another.
    "ping_interval": 0.4,
    "max_outstanding_pings": 2,
    # By turns from a random start, so that none goes back to the server it just gave up.
    "dont_randomize": True,
    # Nothing is kept back while disconnected: a publish that failed must not arrive later.
    "pending_size": -1,
}


def servers(url: str) -> list[str]:
    """Return the servers of a URL, in an order of their own for every connection."""
    found = url.split(",")
    SystemRandom().shuffle(found)
    return found


async def connect(url: str, name: str, inbox_prefix: str) -> Client:
    """Connect to NATS; waits for a server that is not there yet."""
    client = Client()
    await connecting(client, url, name, inbox_prefix)
    return client


async def connecting(client: Client, url: str, name: str, inbox_prefix: str) -> None:
    """Connect a client to NATS, however long that takes."""
    await client.connect(
        servers(url),
        name=name,
        inbox_prefix=inbox_prefix.encode(),
        error_cb=_log_error,
        allow_reconnect=True,
        **CONNECT_OPTIONS,
    )


def broker(url: str, name: str, inbox_prefix: str) -> NatsBroker:
    """Return the broker that carries commands and queries."""
    return NatsBroker(
        servers(url),
        name=name,
        inbox_prefix=inbox_prefix,
        # The default would drop a message for good at the first error.
        ack_policy=AckPolicy.NACK_ON_ERROR,
        graceful_timeout=GRACEFUL_SECONDS_MAX,
        decoder=_unread,
        logger=logging.getLogger("kundvakt.broker"),
        log_level=logging.DEBUG,
        **CONNECT_OPTIONS,
    )


async def _unread(_: NatsMessage) -> dict[str, Any]:
    """Leave a body to its handler, which says what cannot be read.

    FastStream would read it too, to pass its fields on as arguments.
    """
    return {}


async def move(client: Client) -> None:
    """Leave a server for the next one, where there is another: this one may be cut off."""
    if len(client.servers) > 1:
        await client.force_reconnect()


async def _log_error(error: Exception) -> None:
    log.warning("nats", error=repr(error))
