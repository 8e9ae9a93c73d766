"""Clocks that jump: the watch goes on, and each night is reconciled once."""

import asyncio
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from chassis.edge import new_id, now
from chassis.migrate import with_database
from support.box import Client, RunningBox, eventually, limited_companies, running_box
from support.faults.tally import tally

pytestmark = [pytest.mark.servers, pytest.mark.faults, pytest.mark.timeout(400)]

SABOTAGE = Path(__file__).parents[1] / "support" / "sabotage"
QUIET_SECONDS = 5.0
"""Longer than it takes to see that a night has come."""
SECONDS_MAX = 30.0
MORNING = timedelta(hours=5)
"""By UTC; every tenant's night has come by then."""
NIGHTS = (
    date(2027, 3, 28),  # summer begins
    date(2027, 10, 31),  # and ends
    date(2028, 2, 29),
    date(2038, 1, 20),  # 32 bits ended the night before
)
JUMPS = (timedelta(hours=-1), timedelta(hours=1), timedelta(hours=-1), timedelta(0))


class Clock:
    """What time the credit monitor's process is told it is."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.set(now())

    def set(self, moment: datetime) -> None:
        """Let it be a moment now, and go on from there."""
        seconds = (moment - now()).total_seconds()
        fresh = self.file.with_suffix(".new")
        fresh.write_text(str(seconds))
        fresh.replace(self.file)


async def row(box: RunningBox, tenant: str) -> Any:
    """Return how far a tenant's portfolio is reconciled, and how often it was taken in hand."""
    url = with_database(box.box.urls["database"], "kundvakt_credit_monitor")
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchrow(
            "SELECT slot, fence FROM reconciliations WHERE tenant_id = $1", tenant
        )
    finally:
        await connection.close()


def nights(box: RunningBox, tenant: str, clock: Clock) -> list[int]:
    """Let night after night come, jumping to and fro; return how often each was done."""
    done = []
    eventually(lambda: asyncio.run(row(box, tenant)), "a first night", SECONDS_MAX)
    for night in NIGHTS:
        before = asyncio.run(row(box, tenant))["fence"]
        morning = datetime.combine(night, datetime.min.time(), UTC) + MORNING
        clock.set(morning)
        eventually(
            lambda before=before: asyncio.run(row(box, tenant))["fence"] > before or None,
            f"the night of {night}",
            SECONDS_MAX,
        )
        for jump in JUMPS:
            clock.set(morning + jump)
            tally.injected("clock set")
            time.sleep(QUIET_SECONDS / len(JUMPS))
        done.append(asyncio.run(row(box, tenant))["fence"] - before)
    return done


def told_of(
    box: RunningBox, client: Client, created: dict[str, Any], number: str, score: int
) -> None:
    """Change a rating at the bureau, and wait until that is shown."""
    box.bureau.post(f"/_control/companies/SE/{number}", json={"score": score})

    def shown() -> bool | None:
        credit = client.get(f"/companies/{created['company_id']}")["credit"]
        return credit["score"] == str(score) or None

    eventually(shown, f"a change told at {score}", SECONDS_MAX)


@pytest.mark.parametrize("protection", ["", "nights-kept"])
def test_whatever_is_done_to_the_clock_each_night_is_reconciled_once(
    home: Path, tmp_path: Path, tenant: str, protection: str
) -> None:
    clock = Clock(tmp_path / "clock")
    told = {
        "PYTHONPATH": str(SABOTAGE),
        "KUNDVAKT_TEST_CLOCK": str(clock.file),
        **({"KUNDVAKT_TEST_SABOTAGE": "forget-nights"} if protection else {}),
    }
    with running_box(home / f"clock{protection}", **told) as box:
        client, number = box.tenant(tenant), next(limited_companies(box))
        wish = {"registry": {"country": "SE", "organisation_number": number}}
        created = client.create(str(new_id()), **wish, relations=["customer"])
        client.watched(str(created["company_id"]))
        if not protection:
            told_of(box, client, created, number, 95)
        done = nights(box, tenant, clock)
        if protection:
            assert max(done) > 1
            return
        assert done == [1] * len(NIGHTS)
        told_of(box, client, created, number, 12)
