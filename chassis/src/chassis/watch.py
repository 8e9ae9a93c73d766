"""Whoever consumes watches how far the sources are: what was lost is asked for once more.

A consumer deleted under a running subscriber raises nothing and delivers nothing ever again, and
a rebuilt stream may lack what was there; neither shows in the bus's own figures. Only the
distance between a source's record and our checkpoint tells.
"""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass

import orjson
import structlog
from nats.aio.msg import Msg
from nats.js.errors import NotFoundError

from chassis import metrics, wire
from chassis.consumer import consumer_config
from chassis.site import Site
from chassis.wire import INTERRUPTIONS, STREAM

log = structlog.get_logger()

LOOK_SECONDS = 1.0
ANSWER_SECONDS_MAX = 2.0
"""The bus answers in milliseconds; a server cut off from the others, never."""
ASK_AGAIN_SECONDS = 2.0
"""Without progress this long, the source is asked to send what is missing: a process that died
with events in hand would otherwise wait for the bus to give them up."""
RESTART_SECONDS = 25.0
"""Without progress this long, the process starts anew, and with it its subscription."""


async def watch(site: Site) -> None:
    """Compare heads and checkpoints for as long as the service runs."""

    async def on_head(message: Msg) -> None:
        source = message.subject.partition(".")[2]
        if source in site.service.hears:
            site.heads[source] = int(message.data)

    await site.nats.subscribe("head.*", cb=on_head)
    standing: dict[str, Standing] = {}
    async for _ in _ticks():
        try:
            if not await _keep_consumer(site):
                # Where the bus does not answer nobody can go on: that is no sign of our illness.
                standing.clear()
                await wire.move(site.nats)
            for source, head in list(site.heads.items()):
                await _look(site, source, head, standing)
        except INTERRUPTIONS as error:
            log.warning("watch interrupted", error=repr(error))


async def _ticks() -> AsyncIterator[None]:
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        yield


async def _keep_consumer(site: Site) -> bool:
    """Make a deleted durable consumer again; subscriptions go by its name and find it.

    Says whether the bus answered.
    """
    jetstream = site.nats.jetstream(timeout=ANSWER_SECONDS_MAX)
    with suppress(*INTERRUPTIONS):
        try:
            await jetstream.consumer_info(STREAM, site.service.name)
        except NotFoundError:
            log.warning("consumer was gone, made again", consumer=site.service.name)
            await jetstream.add_consumer(STREAM, consumer_config(site.service))
        return True
    return False


@dataclass(slots=True)
class Standing:
    """Where a consumer stands still with a source, since when, and when to ask again."""

    position: int
    since: float
    ask_after: float


async def _look(site: Site, source: str, head: int, standing: dict[str, Standing]) -> None:
    name = site.service.name
    # Another replica may be the one that moves it, so it is read where all of them see it.
    site.progress[f"{name}/{source}"] = await _checkpoint(site, source)
    position = site.progress[f"{name}/{source}"]
    metrics.LAG.labels(name, source).set(max(0, head - position))
    before = standing.get(source)
    if before is None or position != before.position or head <= position:
        standing[source] = Standing(position, time.monotonic(), ASK_AGAIN_SECONDS)
        return
    waited = time.monotonic() - before.since
    if waited > RESTART_SECONDS:
        _start_anew(f"no progress with {source}")
    elif waited > before.ask_after:
        # Ever less often: where it is ourselves who cannot go on, asking only fills the bus.
        before.ask_after *= 2
        log.warning("no progress, asking again", source=source, at=position, head=head)
        wish = orjson.dumps({"first": position + 1, "last": head})
        await site.nats.publish(f"relay.{source}.republish", wish)


def _start_anew(why: str) -> None:
    log.critical("starting anew", why=why)
    os.kill(os.getpid(), signal.SIGTERM)


async def _checkpoint(site: Site, source: str) -> int:
    position = await site.pool.fetchval(
        "SELECT position FROM checkpoints WHERE consumer = $1 AND source = $2",
        site.service.name,
        source,
    )
    return int(position or 0)
