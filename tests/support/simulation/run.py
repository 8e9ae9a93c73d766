"""Schedules without end: drawn by a seed; where tests look for a red one, by Hypothesis."""

import gc
import os
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from dataclasses import dataclass
from itertools import count
from multiprocessing import get_context
from random import Random

from hypothesis import HealthCheck, Phase, find, settings
from hypothesis import strategies as some
from hypothesis.errors import NoSuchExample

from support.simulation.in_memory import in_memory
from support.simulation.schedule import ACTS, WATCHED_FROM, bytes_of, play, sentences
from support.simulation.world import Red

STEPS_MIN, STEPS_MAX = 16, 44
"""Few enough to shrink well, enough for a fault to come in between and to be noticed."""
SCHEDULES = some.binary(min_size=STEPS_MIN, max_size=STEPS_MAX)
NOTHING = 0
ROUND = 2_000
"""Schedules of one seed: some seconds."""
QUIET = list(HealthCheck)


@dataclass(frozen=True, slots=True)
class Round:
    """What the schedules of one seed have come to."""

    seed: int
    schedules: int
    seconds: float
    """Of a processor."""
    red: str = ""
    """The first red schedule, cut down, in sentences."""


def drawn(dice: Random) -> bytes:
    """Return a schedule at random."""
    return dice.randbytes(dice.randint(STEPS_MIN, STEPS_MAX))


def shortened(schedule: bytes, off: frozenset[str] = frozenset()) -> bytes:
    """Leave out steps of a red schedule, many at once and then few, as long as it stays red."""
    size = len(schedule) // 2
    while size:
        for start in range(1, len(schedule), size):
            shorter = schedule[:start] + schedule[start + size :]
            if is_red(shorter, off):
                schedule = shorter
                break
        else:
            size //= 2
    return schedule


def run(seed: int) -> Round:
    """Play a seed's schedules, up to the first that is red."""
    gc.disable()
    dice, began = Random(seed), time.process_time()  # noqa: S311 - always the same
    try:
        for number in range(ROUND):
            schedule = drawn(dice)
            if is_red(schedule, frozenset()):
                short = shortened(schedule)
                told = "\n".join([*sentences(short), f"schedule {short.hex()}"])
                return Round(seed, number + 1, time.process_time() - began, told)
        return Round(seed, ROUND, time.process_time() - began)
    finally:
        gc.collect()


def is_red(schedule: bytes, off: frozenset[str]) -> bool:
    """Say whether a schedule breaks a promise."""
    try:
        play(schedule, off)
    except Red:
        return True
    return False


def shortest_red(off: frozenset[str], kinds: str, at_most: int) -> bytes | None:
    """Return the shortest red schedule that Hypothesis finds, always the same, if it finds one.

    `kinds` says of what steps; of any, when it is empty.
    """
    wanted = bytes_of(kinds.split()) if kinds else range(1, len(ACTS) + 1)
    steps = some.sampled_from([NOTHING, *wanted])
    begins = some.sampled_from([0, WATCHED_FROM])
    try:
        return find(
            some.builds(
                lambda begin, rest: bytes([begin, *rest]),
                begins,
                some.lists(steps, min_size=STEPS_MIN, max_size=STEPS_MAX),
            ),
            lambda schedule: is_red(schedule, off),
            random=Random(1),  # noqa: S311 - always the same
            settings=settings(
                max_examples=at_most,
                database=None,
                deadline=None,
                suppress_health_check=QUIET,
                phases=[Phase.generate, Phase.shrink],
            ),
        )
    except NoSuchExample:
        return None


def run_for(seconds: float, first: int) -> Iterator[Round]:
    """Play seed after seed on every core, until the time is up or one is red."""
    until, seeds = time.monotonic() + seconds, count(first)
    with in_memory(), ProcessPoolExecutor(mp_context=get_context("fork")) as cores:
        playing = {cores.submit(run, next(seeds)) for _ in range(os.cpu_count() or 1)}
        while playing:
            ended, playing = wait(playing, return_when=FIRST_COMPLETED)
            for one in ended:
                yield one.result()
                if time.monotonic() < until:
                    playing.add(cores.submit(run, next(seeds)))


def asked_seconds() -> float:
    """Return how long to go on, as asked for."""
    return float(os.environ.get("SECONDS", "60"))
