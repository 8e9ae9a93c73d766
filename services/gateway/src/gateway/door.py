"""The door: what every request passes before anything is read into it, and every answer after."""

import asyncio
import re
from contextlib import AsyncExitStack
from typing import Any

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.edge import new_id
from chassis.failpoints import reach
from chassis.postgres import TRANSIENT
from gateway.access.keys import Doorkeeper, Principal
from gateway.leaving import Left
from gateway.problems import Refused, unavailable
from gateway.share import Shares

BODY_BYTES_MAX = 262_144
"""A company with a hundred sub-units takes a tenth of it."""
BODY_SECONDS_MAX = 10.0
"""For the whole body: whoever sends slower holds a connection for nothing."""
DEPTH_MAX = 32
"""No body here is deeper than six; parsers of others have been felled by thousands."""
HEADERS = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
}
PROTECTED = "/api/"
STREAMS = "/api/v1/events"
WITHOUT_KEY = "/api/v1/bureaus/tic/hooks/"
"""Whoever calls here has a secret address instead of a key."""
_TOKENS = re.compile(rb'"(?:[^"\\]|\\.)*"?|[\[\]{}]')
"""A string, closed or not, or a bracket: never tried twice from the same place."""


class Door:
    """Stands before the app: an id for each request, its key, its size; headers for its answer."""

    def __init__(self, app: ASGIApp, doorkeeper: Doorkeeper) -> None:
        self._app = app
        self._doorkeeper = doorkeeper
        self._shares = Shares()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or say why not."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        correlation = new_id()
        scope.setdefault("state", {})["correlation"] = correlation
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(correlation=str(correlation))

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["kundvakt-request"] = str(correlation)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        async with AsyncExitStack() as in_hand:
            try:
                if _is_protected(scope["path"]):
                    who = await self._recognise(scope)
                    reach("gateway.request-recognised")
                    # Streams last; the hub has room for so many of its own.
                    if scope["path"] != STREAMS:
                        await in_hand.enter_async_context(self._shares.taken(who.tenant))
                body = await _read(scope, receive)
                reach("gateway.request-read")
            except Left:
                # Hundreds who type change their minds while they stand in line.
                return
            except Refused as refused:
                await refused.response()(scope, receive, answer)
                return
            except TRANSIENT as error:
                await unavailable(error)(scope, receive, answer)
                return
            await self._app(scope, _again(body, receive), answer)

    async def _recognise(self, scope: Scope) -> Principal:
        """Find out who is asking."""
        scheme, _, key = Headers(scope=scope).get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key:
            raise Refused(
                "key-missing",
                "Send an API key: `Authorization: Bearer kv_…`.",
                headers={"WWW-Authenticate": "Bearer"},
            )
        who = await self._doorkeeper.recognise(key.strip())
        if who is None:
            raise Refused(
                "key-refused",
                "This API key is unknown or revoked.",
                headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
            )
        scope["state"]["who"] = who
        structlog.contextvars.bind_contextvars(tenant=who.tenant, by=who.actor)
        return who


def _is_protected(path: str) -> bool:
    return path.startswith(PROTECTED) and not path.startswith(WITHOUT_KEY)


async def _read(scope: Scope, receive: Receive) -> bytes:
    """Read the body, up to what is allowed; raises `Left` where nobody waits any more."""
    announced = Headers(scope=scope).get("content-length", "0")
    if not announced.isdecimal() or int(announced[:12]) > BODY_BYTES_MAX:
        raise _too_large()
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS_MAX):
            more = True
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Left
                body += message.get("body", b"")
                more = message.get("more_body", False)
                if len(body) > BODY_BYTES_MAX:
                    raise _too_large()
    except TimeoutError:
        raise Refused("too-slow", "The body took too long to arrive.", status=408) from None
    if _is_deep(bytes(body)):
        raise Refused("too-deep", f"The body is nested deeper than {DEPTH_MAX}.")
    return bytes(body)


def _too_large() -> Refused:
    return Refused(
        "too-large",
        f"A request may carry {BODY_BYTES_MAX // 1024} kB.",
        headers={"Connection": "close"},
    )


def _is_deep(body: bytes) -> bool:
    """Say whether brackets are nested too deep; a quick count clears nearly every body."""
    if body.count(b"[") + body.count(b"{") <= DEPTH_MAX:
        return False
    depth = 0
    for token in _TOKENS.finditer(body):
        if token[0] in {b"[", b"{"}:
            depth += 1
            if depth > DEPTH_MAX:
                return True
        elif token[0] in {b"]", b"}"}:
            depth -= 1
    return False


def _again(body: bytes, receive: Receive) -> Any:
    """Return a `receive` that gives the body once more, then what comes after it."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Message:
        return waiting.pop() if waiting else await receive()

    return receive_again
