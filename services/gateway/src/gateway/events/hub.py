"""The hub: one listener a process looks into history and hands each event to all who listen.

A listener too slow for its queue is dropped, never an event: it comes back with the id of the
last event it got, and goes on from there.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import structlog

from chassis.postgres import TRANSIENT, connect
from chassis.site import Site
from gateway.access.keys import Principal
from gateway.events import queries
from gateway.happenings import cloud_event, event_name
from gateway.problems import Refused

log = structlog.get_logger()

QUEUED_EVENTS_MAX = 1_000
"""About 1 MB a listener; whoever falls further behind reads on from history."""
LISTENERS_MAX = 100
"""Of one tenant in one process: a page a user, and some systems."""
LOOK_SECONDS = 1.0
"""The database rings when there is something; this is for a ring that was missed."""


@dataclass(frozen=True, slots=True)
class Heard:
    """An event as it is sent."""

    seq: int
    name: str
    document: str


@dataclass(eq=False, slots=True)
class Listener:
    """Somebody who listens: what waits for them, and from where on it is kept for them."""

    who: Principal
    live_from: int
    waiting: "asyncio.Queue[Heard | None]" = field(
        default_factory=lambda: asyncio.Queue(QUEUED_EVENTS_MAX + 1)
    )

    def end(self) -> None:
        """Let nothing more come: what still waits is dropped, and found in history again."""
        while not self.waiting.empty():
            self.waiting.get_nowait()
        self.waiting.put_nowait(None)

    def hand(self, heard: Heard) -> bool:
        """Hand over an event, if there is room for it."""
        if self.waiting.qsize() >= QUEUED_EVENTS_MAX:
            self.end()
            return False
        self.waiting.put_nowait(heard)
        return True


@dataclass(slots=True)
class Channel:
    """A tenant's listeners, and how far they all have been told."""

    last: int
    listeners: set[Listener] = field(default_factory=set)


class Hub:
    """Tells listeners of one process what happens; it works only while somebody listens."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._channels: dict[str, Channel] = {}
        self._rung: set[str] = set()
        self._bell = asyncio.Event()
        self._work: asyncio.Task[None] | None = None

    def check_room(self, tenant: str) -> None:
        """Refuse one listener too many."""
        channel = self._channels.get(tenant)
        if channel and len(channel.listeners) >= LISTENERS_MAX:
            raise Refused(
                "too-many-streams",
                f"At most {LISTENERS_MAX} may listen at once; close one first.",
                headers={"Retry-After": "10"},
            )

    @asynccontextmanager
    async def listening(self, who: Principal) -> AsyncIterator[Listener]:
        """Listen: from `live_from` on, nothing is missed."""
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._run(), name="event hub")
        if who.tenant not in self._channels:
            head = await queries.head(self._site, who.tenant)
            self._channels.setdefault(who.tenant, Channel(head))
        channel = self._channels[who.tenant]
        listener = Listener(who, channel.last)
        channel.listeners.add(listener)
        if self._site.stopping.is_set():
            listener.end()
        try:
            yield listener
        finally:
            channel.listeners.discard(listener)
            if not channel.listeners and self._channels.get(who.tenant) is channel:
                del self._channels[who.tenant]

    def end_key(self, key_id: str) -> None:
        """End whoever listens with a key that was revoked."""
        for channel in self._channels.values():
            for listener in list(channel.listeners):
                if listener.who.key_id == key_id:
                    listener.end()

    async def _run(self) -> None:
        """Look whenever the bell rings, until the process stops."""
        look = asyncio.create_task(self._listen_for_ever(), name="event hub listener")
        stop = asyncio.create_task(self._site.stopping.wait())
        await asyncio.wait([look, stop], return_when=asyncio.FIRST_COMPLETED)
        # Whoever listened comes again, and with them a new look, if there was a mistake in this.
        for channel in self._channels.values():
            for listener in list(channel.listeners):
                listener.end()
        for task in (look, stop):
            task.cancel()
        for ended in await asyncio.gather(look, stop, return_exceptions=True):
            if isinstance(ended, Exception):
                log.error("event hub failed", exc_info=ended)

    async def _listen_for_ever(self) -> None:
        settings = self._site.settings
        url = (settings.reader_database_url or settings.database_url).get_secret_value()
        while True:
            try:
                connection = await connect(url, "gateway:hub")
                try:
                    await connection.add_listener("history", self._ring)
                    await connection.add_listener("revoked", self._revoked)
                    await self._look_for_ever(connection)
                finally:
                    await connection.close(timeout=1)
            except TRANSIENT as error:
                log.warning("event hub interrupted", error=type(error).__name__)
                await asyncio.sleep(LOOK_SECONDS)

    def _ring(self, *rung: Any) -> None:
        self._rung.add(rung[-1])
        self._bell.set()

    def _revoked(self, *rung: Any) -> None:
        self.end_key(rung[-1])

    async def _look_for_ever(self, connection: Any) -> None:
        while not connection.is_closed():
            tenants = self._rung & self._channels.keys() or set(self._channels)
            self._rung.clear()
            self._bell.clear()
            for tenant in tenants:
                await self._look(tenant)
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._bell.wait()
        raise ConnectionError("the listening connection was closed")

    async def _look(self, tenant: str) -> None:
        """Hand over all that a tenant's listeners have not been told."""
        while channel := self._channels.get(tenant):
            rows = await queries.after(self._site, tenant, channel.last)
            for row in rows:
                heard = Heard(row["seq"], event_name(row["type"]), cloud_event(row))
                channel.last = heard.seq
                for listener in list(channel.listeners):
                    if not listener.hand(heard):
                        channel.listeners.discard(listener)
            if len(rows) < queries.PAGE_EVENTS:
                return
