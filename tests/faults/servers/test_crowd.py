"""Far more commands at once than can be done in time: they are done one after the other."""

import signal
import time
from pathlib import Path
from typing import Any

import pytest

from support.faults.drill import drilling, first_answers
from support.faults.frozen import send
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


SLOW_SECONDS = 8.0
HELD_SECONDS, LET_GO_SECONDS = 0.04, 0.004
"""A tenth of a processor: far less than a crowd asks for."""
RECOVERED_SECONDS_MAX = 30.0


def slowed(pid: int, seconds: float) -> None:
    """Let a process have hardly any time, for a while."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        send([pid], signal.SIGSTOP)
        time.sleep(HELD_SECONDS)
        send([pid], signal.SIGCONT)
        time.sleep(LET_GO_SECONDS)


def test_a_service_that_was_slow_for_a_while_catches_up(spine: Any, tmp_path: Path) -> None:
    pace = Pace(commands=400, in_flight_max=300, reads=0)
    with drilling(
        place_of(spine.box), tmp_path, pace=pace, tenants=TENANTS, listeners=False
    ) as drill:
        drill.written(100)
        tally.injected("a slow service")
        slowed(spine.box.box.processes["companies"], SLOW_SECONDS)
        began = time.monotonic()
        drill.written(500, seconds=RECOVERED_SECONDS_MAX)
        log(f"{first_answers(drill)}, 500 more in {time.monotonic() - began:.1f} s")
