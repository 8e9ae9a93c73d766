"""Far more commands at once than can be done in time: they are done one after the other."""

import time
from pathlib import Path
from typing import Any

import pytest

from support.faults.drill import drilling, first_answers
from support.faults.load import Pace
from support.faults.place import place_of
from support.faults.tally import tally

log = print
pytestmark = [pytest.mark.servers, pytest.mark.faults, pytest.mark.timeout(400)]

CROWD = 1_500
"""Clients who ask again until they are answered: far more than can be within one deadline."""
TENANTS = 8
SECONDS_MAX = 120.0
"""Several times what it takes; asked again without measure it never came to an end."""


def test_a_crowd_is_served_one_after_the_other(bus: Any, tmp_path: Path) -> None:
    pace = Pace(commands=1_000, commands_max=CROWD, in_flight_max=CROWD, reads=5)
    with drilling(
        place_of(bus.box), tmp_path, pace=pace, tenants=TENANTS, listeners=False
    ) as drill:
        began = time.monotonic()
        tally.injected("a crowd")
        drill.written(CROWD, seconds=SECONDS_MAX)
        log(f"{first_answers(drill)}, all of {CROWD} in {time.monotonic() - began:.1f} s")
