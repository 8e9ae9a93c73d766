"""People who type names at once, and at every letter want something else: a load."""

import asyncio
import time
from contextlib import suppress
from itertools import cycle
from typing import Any
from urllib.parse import quote

from benchmarks.api import Api
from benchmarks.found import Found, Taken

PATH = "/api/v1/registry/companies?q="
KEY_SECONDS = 0.2
"""From one letter to the next; whoever is not answered by then asks no longer for the last one."""
THINKING_SECONDS = 1.0
"""From one name to the next."""
ANSWERED = 200
LATER = 429


async def type_on(api: Api, job: dict[str, Any]) -> Found:
    """Let everybody type; each name's whole start is asked for until it is answered."""
    taken, names = Taken(), cycle(job["names"])
    ends = time.perf_counter() + job["seconds"]

    async def typist(place: int) -> None:
        await asyncio.sleep(THINKING_SECONDS * place / job["typists"])
        while time.perf_counter() < ends:
            await _typed(api, taken, next(names))
            await asyncio.sleep(THINKING_SECONDS)

    await asyncio.gather(*(typist(place) for place in range(job["typists"])))
    return taken.found(job["seconds"])


async def _typed(api: Api, taken: Taken, name: str) -> None:
    """Type a name, and wait for the answer to all of it alone."""
    for end in range(1, len(name)):
        next_letter = asyncio.ensure_future(asyncio.sleep(KEY_SECONDS))
        with suppress(TimeoutError):
            async with asyncio.timeout(KEY_SECONDS):
                await _asked(api, taken, name[:end])
        await next_letter
    began = time.perf_counter()
    await _asked(api, taken, name)
    taken.visible.append(time.perf_counter() - began)


async def _asked(api: Api, taken: Taken, text: str) -> None:
    began, status = time.perf_counter(), LATER
    while status == LATER:
        status, _ = await api.get(PATH + quote(text))
        if status == LATER:
            await asyncio.sleep(KEY_SECONDS)
    if status == ANSWERED:
        taken.answered.append(time.perf_counter() - began)
    else:
        taken.failed += 1
