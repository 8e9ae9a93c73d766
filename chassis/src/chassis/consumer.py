"""How events are fetched off the bus: batch after batch, by one leader among replicas.

By nats-py and not by FastStream's batches: those wait for their time-out, and lose what they
hold to a time-out they do not catch (docs/adr/0007).
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing, suppress
from typing import Any

import structlog
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from chassis import metrics
from chassis.failpoints import reach
from chassis.incoming import Incoming
from chassis.intake import Intake
from chassis.leadership import leading, still_leading
from chassis.postgres import heal
from chassis.reaction import react_to_all
from chassis.service import Service
from chassis.site import Site
from chassis.tenancy import Connection
from chassis.wire import INTERRUPTIONS, STREAM, SUBJECTS
from contracts.catalogue import SOURCES
from contracts.envelope import Envelope

log = structlog.get_logger()

BATCH_EVENTS = 500
"""One statement and one commit for many events; more would hold memory, not win time."""
FETCH_SECONDS = 1.0
"""How long an empty fetch waits; a fetch with anything returns at once."""
EARLY_SECONDS = 0.3
"""An event that came before its predecessor is delivered again after this."""
EARLY_DELIVERIES_MAX = 5
"""After these it is let go: were too many waiting for a lost event, the bus would deliver nothing
more, that event included. Whoever watches asks for all of them again."""
ACK_WAIT_SECONDS = 30.0
"""Three times the longest handling; longer, and a deploy would leave events lying."""
UNACKNOWLEDGED_MAX = 2_000
REACTION_SECONDS = 0.1
"""Reactions are taken ten times a second at most: under load what came meanwhile shares a
transaction, and nobody sees the difference. What comes after a pause is taken at once."""
REST_SECONDS_MAX = 0.02
"""History, which screens wait for, rests only as long as its last batch took: on a busy machine
what came meanwhile shares the next one, and a batch costs all who carry it more than its events
do."""


def subjects(service: Service) -> list[str]:
    """Return what a service has to hear: all that those say whom it listens to.

    Whose words have no effect here are not delivered; who hears everybody hears strangers too.
    """
    if service.hears == frozenset(SOURCES.values()):
        return [SUBJECTS]
    categories = [name for name, source in SOURCES.items() if source in service.hears]
    return [f"evt.*.{category}.>" for category in categories]


def consumer_config(service: Service) -> ConsumerConfig:
    """Return the durable consumer of a service; where it stands is known in Postgres."""
    return ConsumerConfig(
        durable_name=service.name,
        filter_subjects=subjects(service),
        deliver_policy=DeliverPolicy.ALL,
        ack_policy=AckPolicy.EXPLICIT,
        ack_wait=ACK_WAIT_SECONDS,
        max_deliver=-1,
        max_ack_pending=UNACKNOWLEDGED_MAX,
    )


def inbox(site: Site) -> bytes:
    """Return where fetched events are delivered: the connection's own prefix is not used for it."""
    return f"{site.settings.nats_inbox_prefix}.".encode()


async def settle(intake: Intake, messages: Sequence[Msg]) -> None:
    """Take in what came, acknowledge what is done with, have the rest delivered again."""
    incoming = [
        Incoming(m.headers or {}, m.data, m.metadata.sequence.stream, m.subject) for m in messages
    ]
    try:
        done = await intake.take(incoming)
    except INTERRUPTIONS as error:
        metrics.RETRIED.labels("intake").inc()
        log.warning("intake interrupted", error=repr(error))
        for message in messages:
            await message.nak(delay=_patience(message))
        raise
    except asyncio.CancelledError:
        # We are stopping: whoever comes next need not wait for these.
        for message in messages:
            await message.nak()
        raise
    except Exception:
        log.exception("intake failed")
        for message in messages:
            await message.nak(delay=_patience(message))
        raise
    reach("consumer.taken")
    for message, is_done in zip(messages, done, strict=True):
        if is_done or (message.metadata.num_delivered or 1) >= EARLY_DELIVERIES_MAX:
            await message.ack()
        else:
            await message.nak(delay=EARLY_SECONDS)


def _patience(message: Msg) -> float:
    """Return how long to wait before a message is tried again: longer every time, 30 s at most."""
    delivered = min(message.metadata.num_delivered or 1, 8)
    return min(30.0, 0.1 * 2.0**delivered)


def applier(site: Site) -> Callable[[Connection, list[Envelope]], Awaitable[None]]:
    """Return what a service does with events: keep them, or react to them."""

    async def react(connection: Connection, envelopes: list[Envelope]) -> None:
        await react_to_all(site.service.reactions, envelopes, connection, site)

    return site.service.keep or react


async def consume(site: Site) -> None:
    """Take in events for as long as the service runs, as leader or waiting to become it."""
    name = site.service.name
    intake = Intake(site, name, applier(site))
    url = site.settings.database_url.get_secret_value()
    while True:
        try:
            async with leading(url, f"{name}:consume") as lock:
                subscription = await subscribed(site)
                log.info("consumer leads", consumer=name)
                rest = _as_long if site.service.keep else _the_rest
                try:
                    await _fetch_for_ever(subscription, intake, lock, rest)
                finally:
                    with suppress(NatsError):
                        await subscription.unsubscribe()
        except INTERRUPTIONS as error:
            log.warning("consumer interrupted", error=repr(error))
            await heal(site.pool, error)
            await asyncio.sleep(EARLY_SECONDS)


async def subscribed(site: Site) -> Any:
    """Make a service's consumer, or make it what it is to be, and subscribe to it."""
    jetstream = site.nats.jetstream()
    await jetstream.add_consumer(STREAM, consumer_config(site.service))
    return await jetstream.pull_subscribe_bind(
        durable=site.service.name, stream=STREAM, inbox_prefix=inbox(site)
    )


def _as_long(spent: float) -> float:
    return min(spent, REST_SECONDS_MAX)


def _the_rest(spent: float) -> float:
    return REACTION_SECONDS - spent


async def _fetch_for_ever(
    subscription: Any, intake: Intake, lock: Any, rest: Callable[[float], float]
) -> None:
    clock = asyncio.get_running_loop().time
    looked_at = clock()
    async with aclosing(batches(subscription)) as coming:
        async for messages in coming:
            began = clock()
            if messages:
                await settle(intake, messages)
            if clock() - looked_at >= FETCH_SECONDS:
                await still_leading(lock)
                looked_at = clock()
            if 0 < len(messages) < BATCH_EVENTS and (seconds := rest(clock() - began)) > 0:
                await asyncio.sleep(seconds)


async def batches(subscription: Any) -> AsyncGenerator[list[Msg], None]:
    """Yield batch after batch, empty where nothing came for a while.

    After a full one the next is fetched already while that is settled; when nobody wants it any
    more it is waited for, and given back to be delivered again at once.
    """
    following: asyncio.Task[list[Msg]] | None = None
    try:
        while True:
            messages = await (following or _fetch(subscription))
            is_full = len(messages) == BATCH_EVENTS
            following = asyncio.create_task(_fetch(subscription)) if is_full else None
            yield messages
    finally:
        if following is not None:
            with suppress(asyncio.CancelledError, *INTERRUPTIONS):
                for message in await following:
                    await message.nak()


async def _fetch(subscription: Any) -> list[Msg]:
    try:
        messages: list[Msg] = await subscription.fetch(BATCH_EVENTS, timeout=FETCH_SECONDS)
    except TimeoutError:
        return []
    return messages
