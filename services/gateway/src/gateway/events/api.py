"""Events over HTTP: a stream that goes on where the last one ended."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.requests import Request

from chassis.site import Site
from gateway.access.keys import Principal, is_live
from gateway.asked_by import EventReader, Here
from gateway.events import queries
from gateway.events.hub import Heard, Hub
from gateway.happenings import NAMES, cloud_event, event_name
from gateway.problems import invalid
from gateway.reading import POSITION_MAX, reading

router = APIRouter(prefix="/events", tags=["events"])

LIFETIME_SECONDS_MAX = 600.0
"""Then the listener comes again: memory stays bounded, and a deploy ends nothing abruptly."""
CHECK_SECONDS = 60.0
HEARTBEAT_SECONDS = 10
"""Proxies cut what is silent for long; fifteen seconds is the shortest habit."""
RETRY_MILLISECONDS = 1_000


@dataclass(frozen=True, slots=True)
class Stream:
    """One listener's stream: what was missed, then what happens."""

    site: Site
    hub: Hub
    who: Principal
    after: int | None
    only: str | None

    async def __aiter__(self) -> AsyncIterator[ServerSentEvent]:
        """Send events in order, each once."""
        yield ServerSentEvent(comment="listening", retry=RETRY_MILLISECONDS)
        cursor = self.after
        if cursor is not None:
            async for heard in self._missed(cursor, POSITION_MAX):
                cursor = heard.seq
                if self._wanted(heard):
                    yield _sent(heard)
        async with self.hub.listening(self.who) as listener:
            cursor = listener.live_from if cursor is None else cursor
            async for heard in self._missed(cursor, listener.live_from):
                cursor = heard.seq
                if self._wanted(heard):
                    yield _sent(heard)
            async for heard in self._live(listener.waiting):
                if heard.seq > cursor and self._wanted(heard):
                    yield _sent(heard)

    async def _missed(self, seq: int, upto: int) -> AsyncIterator[Heard]:
        """Read on in history."""
        while seq < upto and not self.site.stopping.is_set():
            rows = await queries.after(self.site, self.who.tenant, seq, upto)
            for row in rows:
                seq = row["seq"]
                yield Heard(seq, event_name(row["type"]), cloud_event(row))
            if len(rows) < queries.PAGE_EVENTS:
                return

    async def _live(self, waiting: "asyncio.Queue[Heard | None]") -> AsyncIterator[Heard]:
        """Wait for what happens, as long as the key opens the door and the time is not up."""
        ends = time.monotonic() + LIFETIME_SECONDS_MAX
        check = time.monotonic() + CHECK_SECONDS
        while (now := time.monotonic()) < ends:
            if now >= check:
                check = now + CHECK_SECONDS
                if not await self._may_go_on():
                    return
            try:
                async with asyncio.timeout(min(ends, check) - now):
                    heard = await waiting.get()
            except TimeoutError:
                continue
            if heard is None:
                return
            yield heard

    async def _may_go_on(self) -> bool:
        async with reading(self.site, self.who.tenant) as connection:
            return await is_live(connection, self.who)

    def _wanted(self, heard: Heard) -> bool:
        return self.only is None or heard.name == self.only


def _sent(heard: Heard) -> ServerSentEvent:
    return ServerSentEvent(data=heard.document, event=heard.name, id=str(heard.seq))


@router.get(
    "",
    response_class=EventSourceResponse,
    responses={200: {"content": {"text/event-stream": {}}, "description": "Server-sent events"}},
)
async def listen(
    *,
    who: EventReader,
    site: Here,
    request: Request,
    last_event_id: Annotated[str | None, Header(alias="Last-Event-ID")] = None,
    after: Annotated[
        int | None, Query(ge=0, le=POSITION_MAX, description="Go on after this id; 0 for all.")
    ] = None,
    event: Annotated[str | None, Query(description="Only events of this name.")] = None,
) -> Any:
    """Listen to what happens: `id` is the place to go on from, `data` a CloudEvents document."""
    if event is not None and event not in NAMES:
        raise invalid("event", "event-unknown", "There is no event of this name.")
    since = _place(last_event_id) if last_event_id else after
    if since is not None and since > await queries.head(site, who.tenant):
        since = None
    hub: Hub = request.app.state.hub
    hub.check_room(who.tenant)
    return EventSourceResponse(
        aiter(Stream(site, hub, who, since, event)),
        ping=HEARTBEAT_SECONDS,
        headers={"Cache-Control": "no-store"},
    )


def _place(text: str) -> int:
    """Read the id of an event."""
    if not text.isascii() or not text.isdecimal() or int(text[:20]) > POSITION_MAX:
        raise invalid("Last-Event-ID", "event-id-malformed", "An event's id is a whole number.")
    return int(text)
