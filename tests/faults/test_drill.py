"""A drill without faults, and with chance errors, pauses and deaths anywhere at once."""

import time

import pytest

from support.faults.arms import Nurse
from support.faults.drill import Drills, first_answers
from support.faults.load import Pace

pytestmark = [pytest.mark.servers, pytest.mark.faults, pytest.mark.timeout(600)]

FROZEN_SECONDS = 0.2
STRUCK_SECONDS_MAX = 300.0


def test_without_faults_every_command_is_answered_at_the_first_try(drills: Drills) -> None:
    with drills.drilling(pace=Pace(commands=20, registry_share=0.05, changes=1)) as drill:
        drill.written(200)
    assert drill.load.ledger.failed_first == []
    assert first_answers(drill)["ok"] > 150


@pytest.mark.parametrize(
    ("seed", "mix", "many"),
    [
        (1, "0.02:raise+raise+raise+pause+kill", 150),
        (2, "0.05:raise+pause", 300),
        (3, "0.15:raise", 1600),
    ],
)
def test_struck_by_chance_anywhere_at_once_nothing_is_lost_or_doubled(
    drills: Drills, seed: int, mix: str, many: int
) -> None:
    nurse = Nurse(lambda: drills.box.box.processes, FROZEN_SECONDS)
    pace = Pace(commands=20, reads=40, registry_share=0.03, changes=1)
    with nurse.on_duty(), drills.drilling(pace=pace, seed=seed) as drill:
        drills.arms.arm(f"*:{seed}/{mix}")
        deadline = time.monotonic() + STRUCK_SECONDS_MAX
        while len(drills.arms.struck()) < many and not drill.failed:
            assert time.monotonic() < deadline, len(drills.arms.struck())
            time.sleep(0.2)
    assert first_answers(drill)["ok"] > 0
