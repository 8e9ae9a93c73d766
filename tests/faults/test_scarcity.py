"""Processes without memory or file descriptors: they refuse, and corrupt nothing."""

import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from support.faults.drill import Drills
from support.faults.load import Pace
from support.faults.tally import tally

pytestmark = [pytest.mark.servers, pytest.mark.faults, pytest.mark.timeout(600)]

SCARCE_SECONDS = 6.0
MEMORY_LEFT_BYTES = 2_000_000
DESCRIPTORS_LEFT = 0
PACE = Pace(commands=15, reads=15)


def memory(pid: int) -> int:
    """Return how much address space a process has."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[0])
    return pages * resource.getpagesize() + MEMORY_LEFT_BYTES


def descriptors(pid: int) -> int:
    """Return how many file descriptors a process has open."""
    return max(int(fd.name) for fd in Path(f"/proc/{pid}/fd").iterdir()) + 1 + DESCRIPTORS_LEFT


@contextmanager
def limited(pid: int, what: int, at_most: int) -> Iterator[None]:
    """Let a process have no more than it has; lift that again, if it still lives."""
    before = resource.prlimit(pid, what)
    resource.prlimit(pid, what, (at_most, before[1]))
    tally.injected("limit")
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            resource.prlimit(pid, what, before)


@pytest.mark.parametrize("service", ["gateway", "companies", "credit-monitor"])
@pytest.mark.parametrize("what", ["memory", "descriptors"])
def test_a_process_that_runs_out_refuses_and_corrupts_nothing(
    drills: Drills, service: str, what: str
) -> None:
    limits = {
        "memory": (resource.RLIMIT_AS, memory),
        "descriptors": (resource.RLIMIT_NOFILE, descriptors),
    }
    which, measure = limits[what]
    with drills.drilling(pace=PACE) as drill:
        drill.written(10)
        errors = drill.load.errors
        pid = drills.box.box.processes[service]
        with limited(pid, which, measure(pid)):
            # It can open nothing more, which is what a new connection would take.
            time.sleep(SCARCE_SECONDS)
        # Without memory even saying so may fail; that nothing was corrupted is judged below.
        errors[:] = [error for error in errors if not error.startswith("500 ")]
        drill.written(10)
