"""A drill without and with faults at every process at once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.box import RunningBox
from support.faults.arms import Arms, Nurse
from support.faults.drill import drilling, first_answers
from support.faults.load import Pace
from support.faults.place import place_of

log = print
pytestmark = [pytest.mark.servers, pytest.mark.faults, pytest.mark.timeout(300)]


def test_without_faults_every_command_is_answered_at_the_first_try(
    drilled_box: RunningBox, registered: Iterator[str], tmp_path: Path
) -> None:
    pace = Pace(commands=20, registry_share=0.05)
    with drilling(place_of(drilled_box), tmp_path, pace=pace, numbers=registered) as drill:
        drill.written(200)
    assert drill.load.ledger.failed_first == []
    assert first_answers(drill)["ok"] > 150


@pytest.mark.parametrize("seed", [1])
def test_errors_pauses_and_deaths_anywhere_at_once_lose_and_double_nothing(
    drilled_box: RunningBox, registered: Iterator[str], arms: Arms, tmp_path: Path, seed: int
) -> None:
    nurse = Nurse(lambda: drilled_box.box.processes, 0.3)
    pace = Pace(commands=30, registry_share=0.02)
    with (
        nurse.on_duty(),
        drilling(
            place_of(drilled_box), tmp_path, pace=pace, numbers=registered, seed=seed
        ) as drill,
    ):
        arms.arm(f"*:{seed}/0.02:raise+raise+raise+pause+kill")
        drill.written(400)
        struck = arms.disarm()
        log(struck)
        drilled_box.ready()
    log(drill.quiet_seconds, first_answers(drill), drill.load.reads)
