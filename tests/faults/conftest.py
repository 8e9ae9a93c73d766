"""Faults under load: the session's tally, said in one line at the very end."""

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from support.box import RunningBox, limited_companies, running_box
from support.faults.arms import Arms
from support.faults.drill import Drills
from support.faults.tally import tally

NUMBERS_MAX = 400
"""Enough for a session; a tenant may create each number once."""
FAULTS_MIN = int(os.environ.get("KUNDVAKT_FAULTS_MIN", "0"))
"""How many faults a session must inject to count; `make test-faults` says."""


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a session that lost or doubled something, or tried too little."""
    if not session.exitstatus and tally.failed(FAULTS_MIN):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_unconfigure() -> None:
    """Say what it came to, below everything else."""
    if tally.faults:
        print(tally.line())  # noqa: T201 - this line is what the run is for


@pytest.fixture(scope="session")
def arms(home: Path) -> Arms:
    """Return what arms the processes of the session's box."""
    return Arms(home / "arms")


@pytest.fixture(scope="session")
def drilled_box(home: Path, arms: Arms) -> Iterator[RunningBox]:
    """Run all of Kundvakt as processes whose failpoints can be armed while they run."""
    with running_box(home / "drilled", **arms.environment) as running:
        yield running


@pytest.fixture(scope="session")
def registered(drilled_box: RunningBox) -> Iterator[str]:
    """Yield Swedish limited companies of the sample registry, another one each time.

    They are looked up beforehand: later nobody may be there to ask.
    """
    return iter(list(islice(limited_companies(drilled_box), NUMBERS_MAX)))


@pytest.fixture
def drills(
    drilled_box: RunningBox, arms: Arms, registered: Iterator[str], tmp_path: Path
) -> Drills:
    """Return what drills on the session's box."""
    return Drills(drilled_box, arms, registered, tmp_path)
