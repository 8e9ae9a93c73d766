"""A task cancelled at its nth wait, wherever that is: what a client that hangs up does to us."""

import asyncio
from collections.abc import Coroutine, Generator
from types import coroutine
from typing import Any


@coroutine
def cancelled_at(work: Coroutine[Any, Any, Any], nth: int) -> Generator[Any, Any, Any]:
    """Run a coroutine, and cancel its own task when it waits for the nth time."""
    waits, sent, thrown = 0, None, None
    while True:
        try:
            waiting = work.throw(thrown) if thrown else work.send(sent)
        except StopIteration as done:
            return done.value
        waits += 1
        task = asyncio.current_task()
        if waits == nth and task:
            task.cancel()
        sent, thrown = None, None
        try:
            sent = yield waiting
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is the work's
            thrown = error
