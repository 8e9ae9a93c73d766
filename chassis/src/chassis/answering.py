"""Handlers of commands and queries: they always answer, and take turns."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Annotated, Any, TypeVar

import structlog
from fast_depends.library import CustomField
from faststream.middlewares import AckPolicy
from faststream.nats import NatsRouter
from faststream.nats.message import NatsMessage
from pydantic import BaseModel

from chassis import codec, metrics, tracing
from chassis.decider import AnyDecider, Rejected
from chassis.failpoints import reach
from chassis.postgres import TRANSIENT
from chassis.streams import transact
from chassis.turns import Turns
from contracts.message import Answer, Command, Problem, Query, Reply

log = structlog.get_logger()
Q = TypeVar("Q", bound=Query)

ANSWERED = AckPolicy.MANUAL
"""Requests are answered, not acknowledged; a router's subscriber that says nothing has FastStream's
default, whatever the broker it is included in says."""
WORKERS = 64
"""Commands of one aggregate, or queries of one kind, in hand at once in a process: what shares a
commit must be waiting together."""
LINE_MAX = 4_096
"""In hand and in line: more than come in the seconds that they stand there."""
LINE_SECONDS_MAX = 2.0
"""Askers wait half a second longer, unless told otherwise; then nobody hears an answer any more."""


class Given(CustomField):
    """Something out of the broker's context; a plain `Context()` is fetched by way of a thread."""

    def __init__(self, name: str) -> None:
        super().__init__(cast=False)
        self._name = name

    async def use(self, /, **kwargs: Any) -> dict[str, Any]:  # type: ignore[override]
        """Add it to what a handler is called with."""
        return {**kwargs, str(self.param_name): kwargs["context__"].get(self._name)}


Received = Annotated[NatsMessage, Given("message")]


def answer_commands(
    router: NatsRouter, service: str, aggregate: str, decider: AnyDecider, union: Any
) -> None:
    """Let a router take an aggregate's commands, and decide on them."""

    async def decide(command: Any, site: Any) -> Answer:
        return await transact(site.streams, decider, command)

    take_commands(router, service, aggregate, union, decide)


def take_commands(
    router: NatsRouter,
    service: str,
    aggregate: str,
    union: Any,
    act: Callable[[Any, Any], Awaitable[Answer]],
) -> None:
    """Let a router take an aggregate's commands; `act` is given the command and the site."""
    turns = Turns(WORKERS)

    async def take(message: Received, site: Annotated[Any, Given("site")]) -> bytes:
        async def answer() -> BaseModel:
            command = codec.command_from(message.body, union)
            structlog.contextvars.bind_contextvars(
                tenant=command.tenant, correlation=str(command.correlation), by=command.by
            )
            reach(f"{service}.command-received")
            async with turns.taken(LINE_SECONDS_MAX):
                result = await act(command, site)
            reach(f"{service}.command-committed")
            log.info(command_name(command), stream=str(result.stream_id), position=result.position)
            return Reply(answer=result)

        return await replied(f"{service}.{aggregate}", message.headers, answer)

    _subscribe(router, service, f"command.{aggregate}", take)


def answer_query(
    router: NatsRouter,
    service: str,
    form: type[Q],
    find: Callable[[Q, Any], Awaitable[BaseModel]],
) -> None:
    """Let a router answer a query; `find` is given the query and the site."""
    name = form.model_fields["type"].default
    turns = Turns(WORKERS)

    async def answer_it(message: Received, site: Annotated[Any, Given("site")]) -> bytes:
        async def answer() -> BaseModel:
            query = codec.message_from(message.body, form)
            async with turns.taken(LINE_SECONDS_MAX):
                return await find(query, site)

        return await replied(f"{service}.{name}", message.headers, answer)

    _subscribe(router, service, f"query.{name}", answer_it)


def _subscribe(router: NatsRouter, service: str, words: str, handler: Any) -> None:
    """Let one process of a service hear each message, and all that wait stand in our own line."""
    router.subscriber(
        f"{service}.{words}", queue=service, max_workers=LINE_MAX, ack_policy=ANSWERED
    )(handler)


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
