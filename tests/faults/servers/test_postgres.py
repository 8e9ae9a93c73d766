"""Postgres ends at once, takes no writes, freezes, runs out of connections, or is held up."""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from chassis.postgres import connect
from support.box import RunningBox, eventually
from support.faults.calm import ANOTHER_ORDER
from support.faults.drill import Drill, drilling, first_answers
from support.faults.load import Pace
from support.faults.place import place_of
from support.faults.tally import tally

log = print
pytestmark = [pytest.mark.servers, pytest.mark.faults, pytest.mark.timeout(300)]

BEFORE, BETWEEN = 60, 30
"""Commands settled before the first fault and between faults: everybody is in the middle of it."""
CRASHES = 3
FORGOTTEN_SECONDS_MAX = 13.0
"""What a forgotten transaction may hold up others: ten seconds, and a look of the server's."""
HOLD = "SELECT pg_advisory_xact_lock(7001)"
"""What appending holds: nobody else appends meanwhile."""
UNDONE = "RESET default_transaction_read_only"
HOARDING_SECONDS = 6.0
LIMITS = ("idle_in_transaction_session_timeout", "transaction_timeout")
ROLES = ("kundvakt_companies", "kundvakt_enrichment", "kundvakt_credit_monitor", "kundvakt_gateway")


@contextmanager
def load(box: RunningBox, folder: Path) -> Iterator[Drill]:
    pace = Pace(commands=30, reads=10)
    with drilling(place_of(box), folder, pace=pace, tolerated=ANOTHER_ORDER) as drill:
        drill.written(BEFORE)
        yield drill
        drill.written(BETWEEN)
    log(f"quiet after {drill.quiet_seconds:.1f} s, {first_answers(drill)}, {drill.load.reads}")


def as_admin(box: RunningBox, do: Callable[[Any], Awaitable[Any]], service: str = "") -> Any:
    """Do something in a service's database, or the server's own, as the administrator."""

    async def doing() -> Any:
        place = place_of(box)
        url = place.database(service) if service else place.database_url
        connection = await connect(url, "test")
        try:
            return await do(connection)
        finally:
            await connection.close()

    return asyncio.run(doing())


def test_a_postgres_that_ends_at_once_under_load_costs_nothing_acknowledged(
    drilled_box: RunningBox, tmp_path: Path
) -> None:
    with load(drilled_box, tmp_path) as drill:
        for _ in range(CRASHES):
            before = drilled_box.box.processes["postgres"]
            os.kill(before, signal.SIGQUIT)
            tally.injected("postgres ended at once")
            drilled_box.wait(drilled_box.box.restarted("postgres", before))
            drill.written(BETWEEN)


def test_a_postgres_that_took_no_writes_for_a_while_is_written_to_again_in_seconds(
    drilled_box: RunningBox, tmp_path: Path
) -> None:
    async def set_read_only(connection: Any, *, read_only: bool) -> None:
        does = "SET default_transaction_read_only = on" if read_only else UNDONE
        for role in ROLES:
            await connection.execute(f"ALTER ROLE {role} {does}")

    async def demote(connection: Any) -> None:
        await set_read_only(connection, read_only=True)
        # Whoever comes back meanwhile stays with a server that takes no writes.
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = ANY($1)", ROLES
        )

    with load(drilled_box, tmp_path) as drill:
        as_admin(drilled_box, demote)
        tally.injected("postgres demoted")
        eventually(lambda: drill.load.ledger.failed_first or None, "a command refused for now")
        as_admin(drilled_box, lambda one: set_read_only(one, read_only=False))
        began = time.monotonic()
        drill.written(BETWEEN)
        log(f"{BETWEEN} commands {time.monotonic() - began:.1f} s after it took writes again")


def test_a_frozen_backend_holds_up_nobody_else(drilled_box: RunningBox, tmp_path: Path) -> None:
    with load(drilled_box, tmp_path) as drill:
        for application in ("companies:append", "companies", "gateway"):
            pid = freeze_idle(drilled_box, application)
            tally.injected("postgres backend frozen")
            try:
                drill.written(BETWEEN)
            finally:
                os.kill(pid, signal.SIGCONT)
    # What began before a backend was given up waits for as long as that, and is then done.
    assert drill.load.slowest_seconds < 5


def freeze_idle(box: RunningBox, application: str) -> int:
    """Freeze a backend that is in the middle of no transaction: its locks would stop everybody."""

    async def find(connection: Any) -> int | None:
        found: int | None = await connection.fetchval(
            "SELECT pid FROM pg_stat_activity WHERE application_name = $1 AND state = 'idle'",
            application,
        )
        if found is None:
            return None
        os.kill(found, signal.SIGSTOP)
        holds = await connection.fetchval("SELECT count(*) FROM pg_locks WHERE pid = $1", found)
        if holds:
            os.kill(found, signal.SIGCONT)
        return None if holds else found

    return eventually(lambda: as_admin(box, find), f"an idle backend of {application}")


async def hoard(url: str) -> int:
    """Take every connection that comes free, for a while; return how many there were."""
    held: list[Any] = []
    deadline = time.monotonic() + HOARDING_SECONDS
    try:
        while time.monotonic() < deadline:
            try:
                held.append(await connect(url, "hoarder"))
            except asyncpg.TooManyConnectionsError:
                await asyncio.sleep(0.01)
        return len(held)
    finally:
        for one in held:
            one.terminate()


def test_without_a_free_connection_nothing_breaks_and_everything_goes_on_afterwards(
    drilled_box: RunningBox, tmp_path: Path
) -> None:
    url = drilled_box.box.role_url("kundvakt_gateway_reader", "kundvakt_gateway")
    with load(drilled_box, tmp_path) as drill:
        drilled_box.box.kill("companies")
        held = asyncio.run(hoard(url))
        tally.injected("connections exhausted")
        refused = len(drill.load.ledger.failed_first)
        drilled_box.ready()
    log(f"{held} connections held, {refused} commands refused for now")
    assert held > 100
    assert refused


async def hold_up(box: RunningBox, *settings: str) -> float:
    """Forget a transaction that nobody can append beside; return how long it held them up."""
    url = box.box.role_url("kundvakt_companies", "kundvakt_companies")
    connection = await connect(url, "forgetful", statement_timeout="0")
    ended = asyncio.Event()
    connection.add_termination_listener(lambda _: ended.set())
    for setting in settings:
        await connection.execute(f"SET {setting} = 0")
    await connection.execute("BEGIN")
    await connection.fetchval(HOLD)
    began = time.monotonic()
    with suppress(TimeoutError):
        await asyncio.wait_for(ended.wait(), FORGOTTEN_SECONDS_MAX)
    connection.terminate()
    return time.monotonic() - began


def test_a_forgotten_transaction_is_ended_by_the_server(
    drilled_box: RunningBox, tmp_path: Path
) -> None:
    with load(drilled_box, tmp_path) as drill:
        held = asyncio.run(hold_up(drilled_box))
        tally.injected("transaction forgotten")
        assert drill.load.ledger.failed_first
    log(f"held up for {held:.1f} s")
    assert held < FORGOTTEN_SECONDS_MAX


def test_without_the_limits_a_forgotten_transaction_would_hold_up_everybody(
    drilled_box: RunningBox, tmp_path: Path
) -> None:
    with load(drilled_box, tmp_path):
        held = asyncio.run(hold_up(drilled_box, *LIMITS))
        tally.injected("transaction forgotten")
    assert held >= FORGOTTEN_SECONDS_MAX
