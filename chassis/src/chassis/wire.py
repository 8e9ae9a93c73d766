"""NATS as the services speak it: connections, subjects, and handlers that always answer."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from random import SystemRandom
from typing import Annotated, Any, TypeVar

import structlog
from fast_depends.library import CustomField
from faststream.middlewares import AckPolicy
from faststream.nats import NatsBroker, NatsRouter
from faststream.nats.message import NatsMessage
from nats.aio.client import Client
from nats.errors import Error as NatsError
from pydantic import BaseModel

from chassis import codec, metrics, tracing
from chassis.decider import AnyDecider, Rejected
from chassis.failpoints import reach
from chassis.postgres import TRANSIENT
from chassis.streams import Streams, transact
from contracts.message import Command, Problem, Query, Reply

log = structlog.get_logger()
Q = TypeVar("Q", bound=Query)

STREAM = "EVENTS"
"""The one JetStream stream; `kundvakt migrate` declares it, no service does."""
SUBJECTS = "evt.>"
PAYLOAD_BYTES_MAX = 262_144
"""What the bus takes, headers included."""
BODY_BYTES_MAX = PAYLOAD_BYTES_MAX - 8_192
"""What may be said in one message, leaving room for its headers."""
GRACEFUL_SECONDS_MAX = 7.0
"""For handlers in hand; a second before the whole process is cut off."""
ANSWERED = AckPolicy.MANUAL
"""Requests are answered, not acknowledged; a router's subscriber that says nothing has FastStream's
default, whatever the broker it is included in says."""
WORKERS = 64
"""Commands in hand at once in a process: what shares a commit must be waiting together."""
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


class Given(CustomField):
    """Something out of the broker's context; a plain `Context()` is fetched by way of a thread."""

    def __init__(self, name: str) -> None:
        super().__init__(cast=False)
        self._name = name

    async def use(self, /, **kwargs: Any) -> dict[str, Any]:  # type: ignore[override]
        """Add it to what a handler is called with."""
        return {**kwargs, str(self.param_name): kwargs["context__"].get(self._name)}


Received = Annotated[NatsMessage, Given("message")]


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


def answer_commands(
    router: NatsRouter, service: str, aggregate: str, decider: AnyDecider, union: Any
) -> None:
    """Let a router take an aggregate's commands, decide on them and always answer."""

    async def decide(message: Received, streams: Annotated[Streams, Given("streams")]) -> bytes:
        async def answer() -> BaseModel:
            command = codec.command_from(message.body, union)
            structlog.contextvars.bind_contextvars(
                tenant=command.tenant, correlation=str(command.correlation), by=command.by
            )
            reach(f"{service}.command-received")
            result = await transact(streams, decider, command)
            reach(f"{service}.command-committed")
            log.info(command_name(command), stream=str(result.stream_id), position=result.position)
            return Reply(answer=result)

        return await replied(f"{service}.{aggregate}", message.headers, answer)

    router.subscriber(
        f"{service}.command.{aggregate}",
        queue=service,
        max_workers=WORKERS,
        ack_policy=ANSWERED,
    )(decide)


def answer_query(
    router: NatsRouter,
    service: str,
    form: type[Q],
    find: Callable[[Q, Any], Awaitable[BaseModel]],
) -> None:
    """Let a router answer a query; `find` is given the query and the site."""
    name = form.model_fields["type"].default

    async def answer_it(message: Received, site: Annotated[Any, Given("site")]) -> bytes:
        async def answer() -> BaseModel:
            return await find(codec.message_from(message.body, form), site)

        return await replied(f"{service}.{name}", message.headers, answer)

    router.subscriber(
        f"{service}.query.{name}",
        queue=service,
        max_workers=WORKERS,
        ack_policy=ANSWERED,
    )(answer_it)


def hear_query(
    router: NatsRouter, service: str, form: type[Q], act: Callable[[Q, Any], Awaitable[None]]
) -> None:
    """Let every process of a service hear something that none of them answers."""
    name = form.model_fields["type"].default

    async def hear_it(message: Received, site: Annotated[Any, Given("site")]) -> None:
        with suppress(codec.Unreadable):
            await act(codec.message_from(message.body, form), site)

    router.subscriber(f"{service}.query.{name}", ack_policy=ANSWERED)(hear_it)


async def replied(
    handler: str, headers: dict[str, str], answer: Callable[[], Awaitable[BaseModel]]
) -> bytes:
    """Answer whatever happens: with what was asked for, or with why not."""
    began = time.perf_counter()
    outcome = "ok"
    try:
        with tracing.span(handler, headers.get("traceparent")):
            result = await answer()
    except Rejected as refusal:
        outcome = "refused"
        result = Reply(
            problem=Problem(code=refusal.code, message=refusal.message, details=refusal.details)
        )
    except codec.Unreadable as error:
        outcome = "malformed"
        result = Reply(problem=Problem(code="malformed", message=str(error)))
    except asyncio.CancelledError:
        raise
    except TRANSIENT as error:
        outcome = "unavailable"
        log.warning("unavailable", handler=handler, error=repr(error))
        result = Reply(
            problem=Problem(
                code="unavailable", message="This cannot be done at the moment; try again soon."
            )
        )
    except Exception as error:
        outcome = "failed"
        log.exception("failed", handler=handler, error=type(error).__name__)
        result = Reply(
            problem=Problem(code="failed", message="Something went wrong here; it is being logged.")
        )
    finally:
        metrics.HANDLED.labels(handler, outcome).observe(time.perf_counter() - began)
        structlog.contextvars.clear_contextvars()
    return codec.to_bytes(result)


def command_name(command: Command) -> str:
    """Return a command's name as it stands on the wire."""
    return str(type(command).model_fields["type"].default)
