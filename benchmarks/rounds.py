"""Rounds: every side in turn, several times, so that all of them meet the machine in one mood."""

import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Reading:
    """One round of one side: how many a second, and how long one took, in milliseconds."""

    per_second: float
    p50: float = math.nan
    p99: float = math.nan


Side: TypeAlias = Callable[[], Awaitable[Reading]]


async def alternating(rounds: int, *sides: Side) -> list[list[Reading]]:
    """Let the sides take turns; return the readings of each."""
    readings: list[list[Reading]] = [[] for _ in sides]
    for _ in range(rounds):
        for side, taken in zip(sides, readings, strict=True):
            taken.append(await side())
    return readings


def reading(seconds: float, took: Sequence[float]) -> Reading:
    """Return a round's reading from how long each thing took, in seconds."""
    if not took:
        raise RuntimeError(f"nothing was done within {seconds:.0f} s")
    return Reading(len(took) / seconds, percentile(took, 50), percentile(took, 99))


def percentile(took: Sequence[float], percent: float) -> float:
    """Return a percentile of times in seconds, in milliseconds."""
    if not took:
        return math.nan
    return sorted(took)[min(len(took) - 1, int(len(took) * percent / 100))] * 1_000


def middle(readings: Sequence[Reading]) -> Reading:
    """Return the median of each figure."""
    return Reading(
        median(one.per_second for one in readings),
        median(one.p50 for one in readings),
        median(one.p99 for one in readings),
    )


def rate_ratio(ours: Sequence[Reading], theirs: Sequence[Reading]) -> float:
    """Return how many times as many a second: the median over the rounds."""
    pairs = zip(ours, theirs, strict=True)
    return median(one.per_second / other.per_second for one, other in pairs)


def wait_ratio(ours: Sequence[Reading], theirs: Sequence[Reading]) -> float:
    """Return how many times as long one takes, by the median: the median over the rounds."""
    return median(one.p50 / other.p50 for one, other in zip(ours, theirs, strict=True))


def number(figure: float) -> str:
    """Word a number."""
    return f"{figure:,.0f}".replace(",", " ")


def rate(figure: float) -> str:
    """Word how many a second."""
    return f"{number(figure)}/s"


def waits(taken: Reading) -> str:
    """Word how long one takes."""
    return f"{taken.p50:.2f} / {taken.p99:.1f} ms"
