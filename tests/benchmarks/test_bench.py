"""The benchmarks work: measures that need no rate and no box are taken once, small.

What they find is not judged here.
"""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.servers,
    pytest.mark.journey,
    pytest.mark.faults,
    pytest.mark.timeout(300),
]
HOUSE = Path(__file__).parents[2]


def test_measures_can_be_taken_where_no_rate_is_promised() -> None:
    names = ["append", "relay", "projection", "rebuild"]
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "benchmarks", "--fast", *names],
        cwd=HOUSE,
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "could not be measured" not in done.stdout
    for name in ("append, 32 callers", "relay", "projection", "rebuild"):
        assert name in done.stdout


def test_the_registry_is_measured_beside_its_peers() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--fast", "registry"],
        cwd=HOUSE,
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "could not be measured" not in done.stdout
    for name in ("tantivy", "SQLite FTS5", "pg_trgm", "from files to ready", "over HTTP"):
        assert name in done.stdout


def test_the_credit_watch_is_measured_beside_a_bare_one() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--fast", "credit"],
        cwd=HOUSE,
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "could not be measured" not in done.stdout
    for name in (
        "to the SSE stream",
        "calls a reading",
        "one process can watch",
        "cost of a company",
    ):
        assert name in done.stdout
