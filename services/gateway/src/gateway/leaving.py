"""Whoever asked may leave before the answer: then nobody is to go on looking for it."""

import asyncio
from collections.abc import Awaitable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from starlette.requests import Request

T = TypeVar("T")


class Left(Exception):
    """Nobody waits for the answer any more."""


async def unless_left(request: Request, answer: Coroutine[Any, Any, T]) -> T:
    """Return an answer; raises `Left`, and stops looking, when who asked has left before."""
    answering = asyncio.ensure_future(answer)
    leaving = asyncio.ensure_future(_left(request))
    try:
        await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not answering.done():
            raise Left
        return answering.result()
    finally:
        await _stopped(leaving)
        await _stopped(answering)


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _stopped(task: Awaitable[Any]) -> None:
    future = asyncio.ensure_future(task)
    if not future.done():
        future.cancel()
        with suppress(asyncio.CancelledError):
            await future
