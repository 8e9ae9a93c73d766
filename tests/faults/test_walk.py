"""A random walk through faults of every kind at once, its seed in its name; found seeds stay."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from random import Random

import pytest

from support.faults.arms import Nurse
from support.faults.drill import Drill, Drills
from support.faults.load import Pace
from support.faults.steps import EVERYWHERE
from support.faults.tally import tally

pytestmark = [pytest.mark.servers, pytest.mark.faults, pytest.mark.timeout(900)]

SERVERS = ("postgres", "nats", "creditsafe")
PACES = 12
PAUSE_SECONDS = (0.3, 2.0)
FROZEN_SECONDS = 1.0


class Walk:
    """What may go wrong, one thing after the other, and sometimes two at once."""

    def __init__(self, drills: Drills, dice: Random) -> None:
        self._box = drills.box.box
        self._arms = drills.arms
        self._dice = dice
        self._armed = 0

    def step(self) -> None:
        """Let something go wrong."""
        kinds: list[Callable[[], None]] = [
            self._kill_service,
            self._kill_services,
            self._kill_server,
            self._freeze,
            self._errors,
            self._errors,
            self._pauses,
            self._relief,
        ]
        self._dice.choice(kinds)()
        time.sleep(self._dice.uniform(*PAUSE_SECONDS))

    def _kill(self, name: str) -> None:
        with suppress(ProcessLookupError):
            self._box.kill(name)
            tally.injected("kill")

    def _kill_service(self) -> None:
        self._kill(self._dice.choice(EVERYWHERE))

    def _kill_services(self) -> None:
        for name in self._dice.sample(EVERYWHERE, 2):
            self._kill(name)

    def _kill_server(self) -> None:
        self._kill(self._dice.choice(SERVERS))

    def _freeze(self) -> None:
        name = self._dice.choice((*EVERYWHERE, *SERVERS))
        pid = self._box.processes.get(name)
        if pid:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
                tally.injected("freeze")

    def _errors(self) -> None:
        self._arm("raise")

    def _pauses(self) -> None:
        self._arm("pause")

    def _arm(self, action: str) -> None:
        self._armed += 1
        rate = self._dice.choice((0.01, 0.03, 0.1))
        self._arms.arm(f"*:{self._dice.random()}/{rate}:{action}")

    def _relief(self) -> None:
        self._arms.disarm()


def walk(drills: Drills, drill: Drill, seed: int) -> None:
    """Walk as the seed says."""
    way = Walk(drills, Random(seed))  # noqa: S311 - no secret
    for _ in range(PACES):
        assert not drill.failed
        way.step()


@pytest.mark.parametrize("seed", [1, 2])
def test_on_any_walk_through_faults_nothing_is_lost_or_doubled(drills: Drills, seed: int) -> None:
    nurse = Nurse(lambda: drills.box.box.processes, FROZEN_SECONDS)
    pace = Pace(commands=15, registry_share=0.03, changes=1)
    with nurse.on_duty(), drills.drilling(pace=pace, seed=seed) as drill:
        walk(drills, drill, seed)
        drills.arms.disarm()
        drill.written(40)
