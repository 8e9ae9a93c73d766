"""Whoever leaves before the answer is no longer looked for."""

import asyncio
from typing import Any

import pytest
from starlette.requests import Request

from gateway.door import Door
from gateway.leaving import Left, unless_left
from gateway.measured import Measured


def request(leaves: asyncio.Event) -> Request:
    """Return a request whose caller hangs up at an event."""

    async def receive() -> dict[str, Any]:
        await leaves.wait()
        return {"type": "http.disconnect"}

    return Request({"type": "http"}, receive)


async def test_who_waits_is_answered() -> None:
    async def answer() -> int:
        await asyncio.sleep(0)
        return 7

    assert await unless_left(request(asyncio.Event()), answer()) == 7


async def test_an_error_is_the_askers() -> None:
    async def answer() -> int:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await unless_left(request(asyncio.Event()), answer())


async def test_who_leaves_stops_the_answer() -> None:
    leaves, begun, stopped = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def answer() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()

    asking = asyncio.create_task(unless_left(request(leaves), answer()))
    await begun.wait()
    leaves.set()
    with pytest.raises(Left):
        await asking
    assert stopped.is_set()


async def test_an_asker_who_is_stopped_leaves_nothing_running() -> None:
    begun = asyncio.Event()

    async def answer() -> None:
        begun.set()
        await asyncio.Event().wait()

    asking = asyncio.create_task(unless_left(request(asyncio.Event()), answer()))
    await begun.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def served(first: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Let a request in whose caller is first heard of so; return what is served and sent."""
    at_work: list[str] = []
    sent: list[str] = []

    async def app(scope: Any, _receive: Any, send: Any) -> None:
        at_work.append(scope["path"])
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def receive() -> dict[str, Any]:
        return first

    async def send(message: Any) -> None:
        sent.append(message["type"])

    scope = {"type": "http", "method": "GET", "path": "/healthz", "headers": []}
    keeper: Any = None
    await Measured(Door(app, keeper))(scope, receive, send)
    return at_work, sent


async def test_who_has_left_before_it_was_their_turn_is_not_served() -> None:
    assert await served({"type": "http.disconnect"}) == ([], [])
    assert await served({"type": "http.request", "body": b""}) == (
        ["/healthz"],
        ["http.response.start"],
    )
