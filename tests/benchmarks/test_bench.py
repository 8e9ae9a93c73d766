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


SHOWN = {
    "append relay projection rebuild": ("append, 32 callers", "relay", "projection", "rebuild"),
    "registry": ("tantivy", "SQLite FTS5", "pg_trgm", "from files to ready", "over HTTP"),
    "credit": (
        "to the SSE stream",
        "calls a reading",
        "one process can watch",
        "cost of a company",
    ),
}
"""Measures taken together, and what their table then shows."""


@pytest.mark.parametrize(("measures", "shown"), SHOWN.items(), ids=SHOWN)
def test_measures_can_be_taken_beside_their_peers(measures: str, shown: tuple[str, ...]) -> None:
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "benchmarks", "--fast", *measures.split()],
        cwd=HOUSE,
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "could not be measured" not in done.stdout
    for name in shown:
        assert name in done.stdout
