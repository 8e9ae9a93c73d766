"""Fortnights of credit watch at size, seed after seed: `SEEDS=1-20 SIZE=1000000` for more."""

import os

import pytest

from support.faults.tally import tally
from support.simulation.credit.run import play
from support.simulation.credit.weather import Size

pytestmark = [pytest.mark.faults, pytest.mark.timeout(3_600)]

FIRST, _, LAST = os.environ.get("SEEDS", "1-20").partition("-")
CHANGES = int(os.environ.get("SIZE", "0"))
USUAL, FULL = 15_000, 1_000_000
"""A change takes half a thousandth of a second to play: the full size most of ten minutes, all the
others together a few."""


def size_of(seed: int) -> Size:
    """Return how much happens: everything, with one of twenty seeds, unless asked otherwise."""
    changes = CHANGES or (FULL if seed % 20 == 0 else USUAL)
    return Size(changes, changes // 10)


@pytest.mark.parametrize("seed", range(int(FIRST), int(LAST or FIRST) + 1))
def test_of_a_fortnight_every_change_is_told_once_or_found_and_none_invented(seed: int) -> None:
    size = size_of(seed)
    seen = play(seed, size)
    tally.injected("credit process killed", seen["deaths"])
    tally.injected("credit process frozen", seen["freezes"])
    print(f"seed {seed}: {dict(seen)}")  # noqa: T201 - what happened is what the run is for
    assert seen["changes"] > 0.95 * size.changes
