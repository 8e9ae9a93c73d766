"""Bureaus that misbehave, watchers that die, freeze or are told another time: each change once."""

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from chassis.edge import new_id
from chassis.migrate import with_database
from onebox import programs
from onebox.addresses import free_port
from onebox.program import Child
from support.box import Client, RunningBox, eventually
from support.faults.arms import Arms, is_frozen
from support.faults.steps import steps_of_jobs
from support.faults.tally import tally

pytestmark = [pytest.mark.servers, pytest.mark.faults, pytest.mark.timeout(300)]

SECONDS_MAX = 60.0
LASTS_SECONDS = 3.0
QUIET_SECONDS = 3.0
"""Longer than several readings, and than it takes to see an operator's wish."""
ILL: dict[str, dict[str, Any]] = {
    "timeout": {"slow_seconds": 6},
    "30 s slow": {"slow_seconds": 30, "path": "companies"},
    "429 with Retry-After": {"status": 429, "retry_after": 1, "times": None},
    "429 without": {"status": 429, "times": None},
    "500": {"status": 500, "times": None},
    "200 with garbage": {"fail": "garbage", "times": None},
    "cut short": {"fail": "truncate", "times": None},
    "hung up": {"fail": "disconnect", "times": None},
    "wrong company": {"fail": "wrong-company", "path": "companies", "times": 3},
    "duplicates": {"repeat": 2, "reissue": 1},
    "out of order": {"reorder": True, "repeat": 1},
}
STEPS = (
    *("leased", "searched", "ordered", "report-fetched", "report-kept"),
    *("compared", "changes-appended", "polled", "notifications-stored", "work-done"),
)
RECONCILING = sorted(step for job, step in steps_of_jobs() if job == "reconcile")


class Watched:
    """A company under watch, the bureau's ledger, and what was told of it."""

    def __init__(self, box: RunningBox, client: Client, number: str) -> None:
        self.box, self.client, self.number = box, client, number
        wish = {"registry": {"country": "SE", "organisation_number": number}}
        created = client.create(str(new_id()), **wish, relations=["customer"])
        self.id = str(created["company_id"])
        client.watched(self.id)
        self.path = f"/_control/companies/SE/{number}"
        self.scores = [box.bureau.get(self.path).json()["score"]]

    def change(self, *scores: int) -> None:
        """Change its score at the bureau, once for each."""
        for score in scores:
            assert self.box.bureau.post(self.path, json={"score": score}).is_success
            self.scores.append(score)

    def is_told(self) -> None:
        """Wait until all changes are told; then see that none is told again."""
        events = eventually(self._all, f"{self.scores}", SECONDS_MAX)
        time.sleep(QUIET_SECONDS)
        assert self._changes() == events == self._wanted()

    def _wanted(self) -> list[tuple[int, int]]:
        return list(zip(self.scores, self.scores[1:], strict=False))

    def _all(self) -> list[tuple[int, int]] | None:
        changes = self._changes()
        return changes if len(changes) >= len(self.scores) - 1 else None

    def _changes(self) -> list[tuple[int, int]]:
        rows = asyncio.run(
            fetch(
                self.box,
                "SELECT data -> 'old' ->> 'score' AS old, data -> 'new' ->> 'score' AS new"
                " FROM events WHERE stream_id = $1 AND type LIKE 'credit-rating-changed.%'"
                " ORDER BY version",
                UUID(self.id),
            )
        )
        return [(int(row["old"]), int(row["new"])) for row in rows]

    @property
    def sold(self) -> int:
        """Return how many reports on it the bureau has sold."""
        ledger = self.box.bureau.get("/_control/ledger").json()
        return [row["number"] for row in ledger["reports"]].count(self.number)


async def fetch(box: RunningBox, query: str, *values: Any) -> list[Any]:
    """Ask the credit monitor's database."""
    url = with_database(box.box.urls["database"], "kundvakt_credit_monitor")
    connection = await asyncpg.connect(url)
    try:
        found: list[Any] = await connection.fetch(query, *values)
        return found
    finally:
        await connection.close()


@pytest.fixture
def watched(drilled_box: RunningBox, registered: Iterator[str], tenant: str) -> Iterator[Watched]:
    """Have a company watched by a tenant of its own."""
    drilled_box.bureau.delete("/_control/faults")
    yield Watched(drilled_box, drilled_box.tenant(tenant), next(registered))
    drilled_box.bureau.delete("/_control/faults")


@contextmanager
def ill(box: RunningBox, **how: Any) -> Iterator[None]:
    """Let the bureau misbehave for as long as the body lasts."""
    assert box.bureau.post("/_control/faults", json=how).is_success
    tally.injected("bureau ill")
    try:
        yield
    finally:
        box.bureau.delete("/_control/faults")


@pytest.mark.parametrize("how", ILL)
def test_however_ill_a_bureau_is_each_change_is_told_once_as_it_was(
    watched: Watched, how: str
) -> None:
    with ill(watched.box, **ILL[how]):
        watched.change(95, 12)
        time.sleep(LASTS_SECONDS)
    watched.is_told()


def test_there_and_back_between_two_readings_is_two_changes(watched: Watched) -> None:
    (first,) = watched.scores
    watched.change(97, first)
    watched.is_told()


@pytest.mark.parametrize("step", STEPS)
def test_a_watcher_killed_at_a_step_tells_once_and_buys_once(
    watched: Watched, arms: Arms, step: str
) -> None:
    arms.arm(f"credit-monitor=credit-monitor.{step}:1:kill")
    before = watched.sold
    watched.change(95)
    watched.is_told()
    arms.disarm()
    assert watched.sold - before <= 1 + (step == "report-fetched")


@pytest.mark.parametrize("step", RECONCILING)
def test_a_reconciler_killed_at_a_step_finds_what_was_lost(
    watched: Watched, arms: Arms, step: str
) -> None:
    watched.box.bureau.post("/_control/faults", json={"forget": 1})
    watched.change(95)
    arms.arm(f"credit-monitor={step}:1:kill")
    asyncio.run(ask(watched))
    watched.is_told()
    arms.disarm()


async def ask(watched: Watched) -> None:
    """Have the tenant's portfolio reconciled now."""
    await fetch(
        watched.box,
        "INSERT INTO reconciliations (tenant_id, bureau, slot, asked_at)"
        " VALUES ($1, 'creditsafe', now()::date, now())"
        " ON CONFLICT (tenant_id, bureau) DO UPDATE SET asked_at = now(), next_at = now()",
        watched.client.tenant,
    )


@pytest.mark.parametrize("step", ["report-fetched", "polled"])
def test_of_two_watchers_the_one_that_wakes_up_late_tells_nothing(
    watched: Watched, arms: Arms, tmp_path: Path, step: str
) -> None:
    box = watched.box.box
    urls = box.urls
    place = programs.Place(
        box.home,
        urls["database"],
        box.nats_url("credit-monitor"),
        free_port(),
        {"creditsafe": urls["creditsafe"]},
    )
    program = programs.service("credit-monitor", place, box.options.environment)
    second = Child(program, tmp_path / "second.log")
    second.start({})
    try:
        arms.arm(f"credit-monitor=credit-monitor.{step}:1:pause")
        watched.change(95)
        both = (box.processes["credit-monitor"], second.pid)
        frozen = eventually(
            lambda: next((pid for pid in both if is_frozen(pid)), None), "one frozen", SECONDS_MAX
        )
        tally.injected("freeze")
        watched.is_told()
        os.kill(frozen, signal.SIGCONT)
        watched.change(12)
        watched.is_told()
    finally:
        arms.disarm()
        for pid in both:
            os.kill(pid, signal.SIGCONT)
        asyncio.run(second.stop())
