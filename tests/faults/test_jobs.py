"""Operators' jobs interrupted at any step, and run again: the end is as if nothing had been."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import asyncpg
import pytest

from chassis.edge import new_id
from chassis.failpoints import ENVIRONMENT, NOTES
from enrichment.app import service as enrichment
from enrichment.sample.company import companies
from enrichment.sample.files import companies_among, shares
from onebox.testing import Servers
from support.faults.arms import is_frozen
from support.faults.drill import Drills
from support.faults.load import Pace
from support.faults.steps import steps_of_jobs
from support.faults.tally import tally

pytestmark = [pytest.mark.servers, pytest.mark.faults, pytest.mark.timeout(600)]

ACTIONS = ("kill", "pause")
"""Failing at each of these steps is tried in the job's own process (tests/chassis/projector,
tests/enrichment, tests/journeys/test_erasure.py)."""
JOB_SECONDS_MAX = 120.0
FROZEN_SECONDS = 0.3
ROWS = 150
INTERRUPTED = [(job, step, action) for job, step in steps_of_jobs() for action in ACTIONS]


def run(words: list[str], environment: Mapping[str, str], point: str, notes: Path) -> int:
    """Run a job with a point armed; wake it where it freezes. Return how it ended."""
    own = {**os.environ, **environment, ENVIRONMENT: point, NOTES: str(notes)}
    job = subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-m", "chassis.cli", *words],
        env=own,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + JOB_SECONDS_MAX
    while job.poll() is None and time.monotonic() < deadline:
        if is_frozen(job.pid):
            time.sleep(FROZEN_SECONDS)
            job.send_signal(signal.SIGCONT)
        time.sleep(0.02)
    assert job.poll() is not None, f"{words} did not end"
    return job.returncode


def interrupted(words: list[str], environment: Mapping[str, str], point: str, notes: Path) -> None:
    """Run a job into its point, then to its end."""
    notes.unlink(missing_ok=True)
    ended = run(words, environment, point, notes)
    assert len(notes.read_text().splitlines()) == 1
    tally.injected(f"job {point.rpartition(':')[2]}")
    assert (ended == 0) is point.endswith("pause")
    if ended:
        assert run(words, environment, "", notes) == 0


def test_rebuilds_and_erasures_interrupted_at_any_step_under_load_change_nothing(
    drills: Drills, tmp_path: Path
) -> None:
    home = {"KUNDVAKT_HOME": str(drills.box.box.home.path)}
    notes = tmp_path / "notes"
    with drills.drilling(pace=Pace(commands=8, reads=4)) as drill:
        drill.written(10)
        tenant = drill.load.wishers[0].tenant
        for job, step, action in INTERRUPTED:
            if job == "rebuild":
                words = ["rebuild", "departments"]
            elif job == "erase":
                words = ["erase", "subject", tenant, str(new_id())]
            else:
                continue
            interrupted(words, home, f"{step}:1:{action}", notes)


async def numbers(url: str) -> set[str]:
    """Return the companies that the registry has for its readers."""
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch("SELECT number FROM registry.entries WHERE parent IS NULL")
        return {row["number"] for row in rows}
    finally:
        await connection.close()


def sampled(seed: int) -> set[str]:
    """Return the companies of a sample."""
    swedish, norwegian = shares(companies_among(ROWS))
    found = [*companies(seed, "SE", swedish), *companies(seed, "NO", norwegian)]
    return {one.number for one in found}


@pytest.mark.parametrize(
    ("step", "action"), [(step, action) for job, step, action in INTERRUPTED if job == "load"]
)
async def test_a_registry_whose_load_was_interrupted_is_whole_before_and_after(
    servers: Servers, tmp_path: Path, step: str, action: str
) -> None:
    await servers.install("jobs", enrichment)
    url = servers.database_url("jobs_enrichment", "jobs_enrichment")
    seed = new_id().int % 1_000_000
    before = await numbers(url)
    words = ["registry", "sample", "--database", url, "--rows", str(ROWS), "--seed", str(seed)]
    notes = tmp_path / "notes"
    ended = run(words, {}, f"{step}:1:{action}", notes)
    assert len(notes.read_text().splitlines()) == 1
    tally.injected(f"job {action}")
    assert (ended == 0) is (action == "pause")
    assert await numbers(url) in (before, sampled(seed))
    if ended:
        assert run(words, {}, "", notes) == 0
    assert await numbers(url) == sampled(seed)
