"""Questions asked one after the other, and what the answers are worth."""

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from benchmarks.registry.typed import Sought, Typed
from benchmarks.rounds import Reading, reading

Find: TypeAlias = Callable[[str], Awaitable[list[str]]]
"""From what was typed to the keys found, the best first."""
FIRST = 5
"""What is seen without looking for it."""
LETTERS_MAX = 24
ASKED_MIN = 5


async def timed(find: Find, typed: Sequence[Typed], seconds: float) -> Reading:
    """Ask one question after the other, all of them or as many as there is time for."""
    took: list[float] = []
    began = time.perf_counter()
    for one in typed:
        before = time.perf_counter()
        await find(one.text)
        took.append(time.perf_counter() - before)
        if time.perf_counter() - began > seconds and len(took) >= ASKED_MIN:
            break
    return reading(time.perf_counter() - began, took)


async def share_found(find: Find, typed: Sequence[Typed], seconds: float) -> tuple[float, int]:
    """Return how often what was meant is among the first, and of how many questions."""
    hits = asked = 0
    began = time.perf_counter()
    for one in typed:
        hits += one.sought.key in (await find(one.text))[:FIRST]
        asked += 1
        if time.perf_counter() - began > seconds and asked >= ASKED_MIN:
            break
    return hits / max(asked, 1), asked


async def letters_needed(find: Find, among: Sequence[Sought]) -> tuple[int, int]:
    """Return how many letters half of the names, and nine of ten, need to be among the first."""
    needed = []
    for one in among:
        end = min(len(one.key), LETTERS_MAX)
        for letters in range(1, end + 1):
            if one.key in (await find(one.key[:letters]))[:FIRST]:
                needed.append(letters)
                break
        else:
            needed.append(LETTERS_MAX + 1)
    needed.sort()
    return needed[len(needed) // 2], needed[len(needed) * 9 // 10]
