"""The disk that Postgres logs ahead on runs full under load, and is then enlarged."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from chassis.postgres import TRANSIENT, connect
from support.box import eventually
from support.faults.calm import ANOTHER_ORDER
from support.faults.disks import FullDisk, full_disk
from support.faults.drill import drilling, first_answers
from support.faults.load import Pace
from support.faults.machine import Machine
from support.faults.place import Place
from support.faults.tally import tally

log = print
pytestmark = [pytest.mark.servers, pytest.mark.faults, pytest.mark.timeout(600)]

BEFORE, AFTERWARDS = 60, 30
SMALL_MEGABYTES, LARGE_MEGABYTES = 256, 512
FULL_SECONDS = 5.0
"""How long nobody notices."""


@contextmanager
def small_log(home: Path) -> Iterator[tuple[Machine, FullDisk]]:
    """Run a machine whose Postgres logs ahead on a small disk of its own."""
    running = Machine(home / "home")
    with full_disk(home / "disk", SMALL_MEGABYTES) as disk:
        try:
            running.start()
            running.kill()
            disk.take_over(running.home / "postgres" / "pg_wal")
            running.start()
            yield running, disk
        finally:
            running.kill()


async def use_up(place: Place) -> None:
    """Begin one segment after the other, until there is no room for the next."""
    with suppress(*TRANSIENT):
        connection = await connect(place.database_url, "test")
        while True:
            await connection.execute("SELECT pg_switch_wal(), txid_current()")


def test_a_full_disk_costs_nothing_acknowledged_and_heals_with_more_room(
    home: Path, tmp_path: Path
) -> None:
    with small_log(home / "full") as (one, disk):
        pace = Pace(commands=30, reads=5)
        with drilling(one.place, tmp_path, pace=pace, tolerated=ANOTHER_ORDER) as drill:
            drill.written(BEFORE)
            disk.fill()
            tally.injected("disk full")
            asyncio.run(use_up(one.place))
            eventually(lambda: drill.load.ledger.failed_first or None, "a command refused for now")
            time.sleep(FULL_SECONDS)
            disk.enlarge(LARGE_MEGABYTES)
            began = time.monotonic()
            drill.written(AFTERWARDS)
            log(f"{AFTERWARDS} commands {time.monotonic() - began:.1f} s after there was room")
        log(f"quiet after {drill.quiet_seconds:.1f} s, {first_answers(drill)}, {drill.load.reads}")
