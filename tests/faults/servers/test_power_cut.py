"""The power is cut under load, from everything at once: what was acknowledged is there after."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.faults.calm import ANOTHER_ORDER
from support.faults.checker import answers_have_their_events
from support.faults.disks import LoopDisk, loop_disk
from support.faults.drill import Drill, drilling
from support.faults.findings import Report
from support.faults.load import Pace
from support.faults.machine import Machine, machine
from support.faults.record import read_record
from support.faults.tally import tally

log = print
pytestmark = [pytest.mark.servers, pytest.mark.faults, pytest.mark.timeout(600)]

WRITTEN = 150
CUTS = 2


@contextmanager
def cut_under_load(
    home: Path, folder: Path, name: str, **environment: str
) -> Iterator[tuple[Machine, LoopDisk, Drill]]:
    with (
        loop_disk(home / name) as disk,
        machine(disk.mount / "home", **environment) as one,
        drilling(
            one.place, folder, pace=Pace(commands=30, reads=5), tolerated=ANOTHER_ORDER
        ) as drill,
    ):
        drill.written(WRITTEN)
        yield one, disk, drill


def cut(one: Machine, disk: LoopDisk) -> float:
    """Cut the power, give it back; return how long it took until all was ready again."""
    one.freeze()
    left = disk.cut_power()
    one.kill()
    disk.replace(left)
    tally.injected("power cut")
    return one.start()


def test_a_power_cut_of_everything_loses_nothing_that_was_acknowledged(
    home: Path, tmp_path: Path
) -> None:
    with cut_under_load(home, tmp_path, "cut") as (one, disk, drill):
        for _ in range(CUTS):
            seconds = cut(one, disk)
            log(f"ready {seconds:.1f} s after the power was back")
            drill.place = one.place
            drill.written(WRITTEN // 3)


def crash(one: Machine, _: LoopDisk) -> float:
    """Let Postgres end at once, and everything start anew."""
    one.crash("postgres")
    tally.injected("postgres crash")
    return 0.0


LOST_OR_GONE = "I1 lost|could not be recovered"
"""What was acknowledged is not there, or the server that had it does not even start."""


@pytest.mark.parametrize("fault", [cut, crash])
def test_servers_that_sync_now_and_then_lose_what_they_acknowledged(
    home: Path, tmp_path: Path, fault: Callable[[Machine, LoopDisk], float]
) -> None:
    told = {"KUNDVAKT_TEST_SABOTAGE": "sync-now-and-then"}
    with pytest.raises(AssertionError, match=LOST_OR_GONE):
        drilled(home, tmp_path, fault, told)


def drilled(
    home: Path,
    folder: Path,
    fault: Callable[[Machine, LoopDisk], float],
    told: dict[str, str],
) -> None:
    name = f"sync-{fault.__name__}"
    with cut_under_load(home, folder, name, **told) as (one, disk, drill):
        fault(one, disk)
        drill.place = one.place
        drill.written(10)
        # Judged at once: readers who are further than the record would never come to rest.
        entries = list(drill.load.ledger)
        record = asyncio.run(read_record(drill.place))
        lost = tuple(answers_have_their_events(record, entries))
        assert not lost, str(Report(0, lost))
