"""Every step of every process, dying, failing and freezing, under load: nothing lost or doubled."""

import time

import pytest

from support.faults.arms import Arms, Nurse
from support.faults.drill import Drill, Drills
from support.faults.load import Pace
from support.faults.steps import EVERYWHERE, steps
from support.faults.tally import tally

pytestmark = [pytest.mark.servers, pytest.mark.faults, pytest.mark.timeout(900)]

ACTIONS = ("raise", "pause", "kill")
REACHED_SECONDS_MAX = 400.0
"""For all steps; a dead process takes seconds to come again, and most of them die twenty times."""
FROZEN_SECONDS = 0.5
PACE = Pace(commands=12, registry_share=0.1, changes=2, reads=5)


@pytest.mark.parametrize("action", ACTIONS)
def test_struck_at_every_step_of_every_process_nothing_is_lost_or_doubled(
    drills: Drills, action: str
) -> None:
    points = {f"{service}={step}:1:{action}" for service, step in steps()}
    nurse = Nurse(lambda: drills.box.box.processes, FROZEN_SECONDS)
    with nurse.on_duty(), drills.drilling(pace=PACE, seed=1) as drill:
        drills.arms.arm(*sorted(points))
        for service in EVERYWHERE:
            drills.box.restart(service)
            tally.injected("kill")
        left = unreached(drills.arms, points, drill)
        struck = drills.arms.disarm()
    assert not left, sorted(left)
    assert struck.total() >= len(points)


def unreached(arms: Arms, points: set[str], drill: Drill) -> set[str]:
    """Wait until every point has struck; return those that did not."""
    deadline = time.monotonic() + REACHED_SECONDS_MAX
    left = points
    while left and time.monotonic() < deadline and not drill.failed:
        time.sleep(0.5)
        left = points - {line.split(" ", 3)[3] for line in arms.struck()}
    return left
