"""One message server killed, away, emptied, corrupted or full: Postgres is the record."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import nats
import pytest
from nats.js.api import DiscardPolicy

from chassis.postgres import connect
from chassis.stream import declare_stream, stream_config
from chassis.wire import STREAM
from support.box import eventually
from support.faults.calm import ANOTHER_ORDER, is_calm, needs_calm, no_command_failed
from support.faults.checker import check
from support.faults.drill import Drill, drilling, first_answers
from support.faults.load import Pace
from support.faults.nats_nodes import empty_store
from support.faults.place import SERVICES, place_of
from support.faults.quiet import quiet
from support.faults.record import read_record
from support.faults.tally import tally

log = print
pytestmark = [pytest.mark.servers, pytest.mark.faults, pytest.mark.timeout(400)]

BEFORE, BETWEEN = 60, 30
RESTARTS = 3
AWAY_SECONDS = 60.0
REFUSED_SECONDS_MAX = 3.0
DRAINED_SECONDS_MAX = 10.0
FLIPPED_BYTE = 0xFF
LITTLE_BYTES = 4_000
"""Room for a few events more."""


@contextmanager
def load(bus: Any, folder: Path, **pace: float) -> Iterator[Drill]:
    asked = Pace(**{"commands": 30, "reads": 10, **pace})
    with drilling(place_of(bus.box), folder, pace=asked, tolerated=ANOTHER_ORDER) as drill:
        drill.written(BEFORE)
        yield drill
    log(f"quiet after {drill.quiet_seconds:.1f} s, {first_answers(drill)}, {drill.load.reads}")


def on_stream(bus: Any, do: Callable[[Any], Awaitable[Any]]) -> Any:
    """Do something to the stream as its administrator."""

    async def doing() -> Any:
        client = await nats.connect(bus.nodes.url("admin"))
        try:
            return await do(client.jetstream())
        finally:
            await client.close()

    return asyncio.run(doing())


def found_on(bus: Any) -> Any:
    """Judge what is kept now, without a ledger."""

    async def judge() -> Any:
        place = place_of(bus.box)
        await quiet(place)
        return check(await read_record(place))

    return asyncio.run(judge())


def kundvakt(bus: Any, *words: str) -> None:
    """Run a command of an operator."""
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "chassis.cli", *words],
        env={**os.environ, "KUNDVAKT_HOME": str(bus.box.box.home.path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def said(bus: Any, sql: str, service: str) -> Any:
    """Return a value of a service's database."""

    async def ask() -> Any:
        connection = await connect(place_of(bus.box).database(service), "test")
        try:
            return await connection.fetchval(sql)
        finally:
            await connection.close()

    return asyncio.run(ask())


HEAD = "SELECT coalesce(max(position), 0) FROM events"
TAKEN_IN = "SELECT position FROM checkpoints WHERE source = 'companies'"
RELAYED = "SELECT position FROM relay"


def test_a_server_restarted_at_once_fails_no_command(bus: Any, tmp_path: Path) -> None:
    node = bus.nodes.nodes[0]
    with load(bus, tmp_path) as drill:
        calm = is_calm(drill)
        for _ in range(RESTARTS):
            bus.nodes.kill(node)
            bus.nodes.start(node)
            tally.injected("nats restarted")
            drill.written(BETWEEN)
    no_command_failed(drill, calm=calm)


def test_a_minute_without_a_server_refuses_commands_in_time_and_nothing_else(
    bus: Any, tmp_path: Path
) -> None:
    node, running = bus.nodes.nodes[0], dict(bus.box.box.processes)
    with load(bus, tmp_path, commands=10) as drill:
        calm = is_calm(drill)
        bus.nodes.kill(node)
        tally.injected("nats away for a minute")
        time.sleep(REFUSED_SECONDS_MAX)  # whoever was in the middle of it gets an answer
        kept = said(bus, HEAD, "companies")
        time.sleep(AWAY_SECONDS - REFUSED_SECONDS_MAX)
        assert said(bus, HEAD, "companies") == kept
        refused = len(drill.load.ledger.failed_first)
        bus.nodes.start(node)
        began = time.monotonic()
        eventually(lambda: said(bus, TAKEN_IN, "gateway") >= kept or None, "all taken in")
        drained = time.monotonic() - began
        drill.written(BETWEEN)
    log(f"{refused} refused, in {drill.load.slowest_seconds:.1f} s; drained in {drained:.1f} s")
    assert refused > 0
    assert set(drill.load.reads) <= {200, 404}
    needs_calm(calm=calm)
    assert drill.load.slowest_seconds < REFUSED_SECONDS_MAX
    assert drained < DRAINED_SECONDS_MAX
    assert bus.box.box.processes == running


def test_deleted_consumers_come_back_under_load(bus: Any, tmp_path: Path) -> None:
    async def delete(jetstream: Any) -> None:
        for one in await jetstream.consumers_info(STREAM):
            if one.name in SERVICES:
                await jetstream.delete_consumer(STREAM, one.name)

    with load(bus, tmp_path) as drill:
        calm = is_calm(drill)
        on_stream(bus, delete)
        tally.injected("consumers deleted")
        drill.written(BETWEEN)
    no_command_failed(drill, calm=calm)


def test_a_deleted_stream_is_filled_from_postgres_while_commands_go_on(
    bus: Any, tmp_path: Path
) -> None:
    with load(bus, tmp_path) as drill:
        calm = is_calm(drill)
        on_stream(bus, lambda jetstream: jetstream.delete_stream(STREAM))
        tally.injected("stream deleted")
        drill.written(BETWEEN)
        kundvakt(bus, "stream", "rebuild")
        drill.written(BETWEEN)
    no_command_failed(drill, calm=calm)


def emptied(node: Any) -> None:
    empty_store(node)


def corrupted(node: Any) -> None:
    """Flip a byte in the middle of everything the stream keeps."""
    for file in sorted((node.store / "jetstream").rglob("msgs/*")):
        content = bytearray(file.read_bytes())
        if content:
            content[len(content) // 2] ^= FLIPPED_BYTE
            file.write_bytes(content)


@pytest.mark.parametrize("damage", [emptied, corrupted])
def test_a_damaged_store_is_noticed_and_filled_from_postgres(
    bus: Any, tmp_path: Path, damage: Callable[[Any], None]
) -> None:
    node = bus.nodes.nodes[0]
    with load(bus, tmp_path):
        pass
    bus.nodes.kill(node)
    damage(node)
    bus.nodes.start(node)
    bus.nodes.ready()
    tally.injected(f"store {damage.__name__}")
    asyncio.run(declare_stream(bus.nodes.url("admin")))
    assert "I5" in found_on(bus).red
    kundvakt(bus, "stream", "rebuild")
    assert found_on(bus).findings == ()
    with load(bus, tmp_path):
        pass


async def told_of(jetstream: Any) -> Any:
    """Return what the bus says of the stream."""
    return await jetstream.stream_info(STREAM)


def test_a_full_stream_lets_events_wait_in_postgres(bus: Any, tmp_path: Path) -> None:
    async def fill(jetstream: Any) -> None:
        has = (await jetstream.stream_info(STREAM)).state.bytes
        await jetstream.update_stream(replace(stream_config(), max_bytes=has + LITTLE_BYTES))

    with load(bus, tmp_path) as drill:
        calm = is_calm(drill)
        on_stream(bus, fill)
        tally.injected("stream full")
        drill.written(BEFORE)
        kept = said(bus, HEAD, "companies")
        # Whoever is only late has caught up by now.
        drill.written(BETWEEN)
        assert said(bus, RELAYED, "companies") < kept, on_stream(bus, told_of)
        kundvakt(bus, "migrate")
    no_command_failed(drill, calm=calm)


def test_a_stream_that_drops_the_oldest_is_noticed_refused_and_mended(
    bus: Any, tmp_path: Path
) -> None:
    drifted = replace(stream_config(), discard=DiscardPolicy.OLD, max_msgs=50)
    on_stream(bus, lambda jetstream: jetstream.update_stream(drifted))
    tally.injected("stream settings drifted")
    with pytest.raises(AssertionError, match="I5 event missing"), load(bus, tmp_path):
        pass
    written = bus.box.box.home.logs / "companies.log"
    bus.box.restart("companies")
    eventually(lambda: "has drifted" in written.read_text() or None, "a loud refusal to start")
    kundvakt(bus, "migrate")
    bus.box.ready()
    kundvakt(bus, "stream", "rebuild")
    with load(bus, tmp_path):
        pass
