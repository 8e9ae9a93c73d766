"""Questions in hand: one that is taken back is stopped, and its query in the database with it.

One that is taken back while it still stands in line is not looked into when its turn comes.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any
from uuid import UUID

from chassis.answering import LINE_SECONDS_MAX
from contracts.enrichment import RegistryHits

NONE = RegistryHits(items=())

_in_hand: dict[UUID, asyncio.Task[RegistryHits]] = {}
_taken_back: set[UUID] = set()
"""Not in hand here when they were: in line, in another process, or answered before."""


async def answered(
    search_id: UUID | None, answer: Coroutine[Any, Any, RegistryHits]
) -> RegistryHits:
    """Return an answer, or nothing once the question is taken back."""
    if search_id is None:
        return await answer
    if search_id in _taken_back:
        answer.close()
        return NONE
    if (before := _in_hand.get(search_id)) is not None:
        # Asked again because it takes long: there is one answer to it, and one to be taken back.
        answer.close()
        await asyncio.wait({before})
        return NONE if before.cancelled() else before.result()
    task = asyncio.ensure_future(answer)
    _in_hand[search_id] = task
    try:
        await asyncio.wait({task})
        return NONE if task.cancelled() else task.result()
    finally:
        task.cancel()
        del _in_hand[search_id]


def forget(search_id: UUID) -> None:
    """Take a question back, if this process has it in hand or in line."""
    if task := _in_hand.get(search_id):
        task.cancel()
        return
    _taken_back.add(search_id)
    asyncio.get_running_loop().call_later(LINE_SECONDS_MAX, _taken_back.discard, search_id)
