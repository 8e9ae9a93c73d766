"""Schedules without end: drawn by a seed; where tests look for a red one, by Hypothesis."""
# ruff: noqa: T201 - it tells how it goes

import gc
import os
import time
from dataclasses import dataclass
from random import Random

from hypothesis import HealthCheck, Phase, find, settings
from hypothesis import strategies as some
from hypothesis.errors import NoSuchExample

from support.simulation.schedule import ACTS, WATCHED_FROM, aloud, bytes_of, play
from support.simulation.world import Red

STEPS_MIN, STEPS_MAX = 16, 44
"""Few enough to shrink well, enough for a fault to come in between and to be noticed."""
SCHEDULES = some.binary(min_size=STEPS_MIN, max_size=STEPS_MAX)
NOTHING = 0
ROUND = 2_000
"""Schedules of one seed: some seconds."""
QUIET = list(HealthCheck)


@dataclass(slots=True)
class Ran:
    """What a run has come to."""

    schedules: int = 0
    seconds: float = 0.0


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


def run(number: int, ran: Ran) -> None:
    """Play one round of schedules of a seed; raises `Red` with a short red one."""
    dice, began = Random(number), time.process_time()  # noqa: S311 - always the same
    try:
        for _ in range(ROUND):
            schedule = drawn(dice)
            ran.schedules += 1
            if is_red(schedule, frozenset()):
                aloud(shortened(schedule))
    finally:
        ran.seconds += time.process_time() - began


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


def run_for(seconds: float, first: int) -> Ran:
    """Play seed after seed until the time is up."""
    ran, until = Ran(), time.monotonic() + seconds
    gc.disable()
    number = first
    while time.monotonic() < until:
        run(number, ran)
        print(
            f"seed {number}: {ran.schedules:,} schedules, "
            f"{ran.schedules / ran.seconds:,.0f} a second of one core",
            flush=True,
        )
        gc.collect()
        number += 1
    return ran


def asked_seconds() -> float:
    """Return how long to go on, as asked for."""
    return float(os.environ.get("SECONDS", "60"))
