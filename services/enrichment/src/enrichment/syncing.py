"""The service's loop over its sources' feeds: one process reads each, for ever."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import structlog

from chassis.leadership import leading, still_leading
from chassis.postgres import TRANSIENT, heal
from chassis.site import Site
from enrichment.feed import Feed, Overtaken
from enrichment.settings import RegistrySettings
from enrichment.sources.port import Capability, Source, Unavailable

log = structlog.get_logger()

LOOK_SECONDS = 0.5
"""How soon it is seen that somebody asks for the feed to be read now."""
PAUSE_SECONDS_FIRST, PAUSE_SECONDS_MAX = 1.0, 60.0
"""After a registry could not be had, and while the database is away."""


async def read_feeds(site: Site, sources: Sequence[Source], settings: RegistrySettings) -> None:
    """Read every feed of every source that has one."""
    interval = timedelta(seconds=settings.registry_feed_seconds)
    async with asyncio.TaskGroup() as tasks:
        for source in sources:
            for name in source.feeds if Capability.CHANGES in source.capabilities else ():
                tasks.create_task(_read_for_ever(Feed(site, source, name, interval)))


async def _read_for_ever(feed: Feed) -> None:
    """Read one feed while we lead; a process that is lost leads no longer."""
    url = feed.site.settings.database_url.get_secret_value()
    while True:
        try:
            async with leading(url, f"feed {feed.source.name} {feed.name}") as lock:
                await _read_while_leading(feed, lock)
        except TRANSIENT as error:
            log.warning("feed interrupted", feed=feed.name, error=repr(error))
            await heal(feed.site.pool, error)
        except Exception:
            # Whatever it is, the other feeds go on, and this one is tried again.
            log.exception("feed failed", feed=feed.name)
            await asyncio.sleep(PAUSE_SECONDS_MAX)
        await asyncio.sleep(PAUSE_SECONDS_FIRST)


async def _read_while_leading(feed: Feed, lock: object) -> None:
    pause = PAUSE_SECONDS_FIRST
    while True:
        await still_leading(lock)
        try:
            more = await feed.read()
            pause = PAUSE_SECONDS_FIRST
        except Overtaken:
            more = True
        except Unavailable as error:
            log.warning("feed not read", source=feed.source.name, feed=feed.name, why=str(error))
            await asyncio.sleep(min(PAUSE_SECONDS_MAX, max(pause, error.retry_after or 0)))
            pause = min(PAUSE_SECONDS_MAX, 2 * pause)
            continue
        if not more:
            await asyncio.sleep(LOOK_SECONDS)
