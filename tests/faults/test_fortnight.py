"""Fortnights of credit watch, seed after seed: `SEEDS=20 SIZE=1000000` for one at full size."""

import os

import pytest

from support.faults.tally import tally
from support.simulation.credit.run import play
from support.simulation.credit.weather import Size

pytestmark = [pytest.mark.faults, pytest.mark.timeout(3_600)]

FIRST, _, LAST = os.environ.get("SEEDS", "1-20").partition("-")
CHANGES = int(os.environ.get("SIZE", "15000"))
"""Some twenty seconds a seed. A million of one seed, over a hundred thousand companies, take more
than ten minutes: they have a run of their own."""


@pytest.mark.parametrize("seed", range(int(FIRST), int(LAST or FIRST) + 1))
def test_of_a_fortnight_every_change_is_told_once_or_found_and_none_invented(seed: int) -> None:
    size = Size(CHANGES, CHANGES // 10)
    seen = play(seed, size)
    tally.injected("credit process killed", seen["deaths"])
    tally.injected("credit process frozen", seen["freezes"])
    print(f"seed {seed}: {dict(seen)}")  # noqa: T201 - what happened is what the run is for
    assert seen["changes"] > 0.95 * size.changes
