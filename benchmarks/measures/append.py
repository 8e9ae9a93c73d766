"""Appends: durable, head-checked, idempotent, by ever more callers at once."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import asyncpg
import orjson

from benchmarks import peers, spent
from benchmarks.rounds import (
    Reading,
    Side,
    alternating,
    middle,
    rate,
    rate_ratio,
    reading,
    wait_ratio,
    waits,
)
from benchmarks.row import Row
from benchmarks.stage import Stage
from chassis.edge import new_id
from chassis.migrate import with_database
from chassis.site import Site
from chassis.streams import Append, Stream, Write
from companies.app import service
from contracts.companies.company import CompanyCreated, CreateCompany
from contracts.examples import example

ALONE, SOME, MANY, CROWD = 1, 8, 32, 128
CALLERS = (ALONE, SOME, MANY, CROWD)
ALONE_AIM = 1.3
"""Times pgbench's median."""
SOME_AIM = 15
"""Times as many as the library's."""
MANY_AIM = 2
"""Times as many as pgbench's."""
THREADS_MAX = 32
"""The library's; more make it slower."""
PREFIX = "append"
DATABASE = f"{PREFIX}_companies"
SAME_TABLES = """
CREATE TABLE peer_events (LIKE events INCLUDING ALL);
CREATE TABLE peer_commands (LIKE commands INCLUDING ALL);
CREATE SEQUENCE peer_position CACHE 1;
"""
SAME_ROWS = """
WITH happened AS (
  INSERT INTO peer_events VALUES (nextval('peer_position'), :tenant, 'company', uuidv7(), 1,
                                  uuidv7(), 'company-created.v1', :data, :meta))
INSERT INTO peer_commands VALUES (:tenant, uuidv7(), :digest, :answer);
"""
COMMAND, EVENT = example(CreateCompany), example(CompanyCreated)
SESSION = f"{service.name}:append"
WHY = (
    "an append takes {here:.0f} µs of a processor in our process (to mint ids, hash, word and send"
    " it, and to take its answer) and {there:.0f} µs in Postgres (to judge order, head, command and"
    " claims, and write); the aim leaves {left:.0f} µs for both, of {cores}"
)


async def measure(stage: Stage) -> AsyncIterator[Row]:
    """Append beside pgbench writing the same rows, and beside the library."""
    servers, scale = await stage.servers(), stage.scale
    installation = await servers.install(PREFIX, service)
    url = with_database(servers.admin_url, DATABASE)
    await _prepare(url, servers.admin_url)
    values = {**_sample(), "tenant": COMMAND.tenant}
    connection = await asyncpg.connect(url)
    async with installation.site(service) as site:
        await appends(site, 1, 0.2)
        for callers in CALLERS:
            cost = Cost(connection)
            ours, limit, library = await alternating(
                scale.rounds,
                partial(cost.of, partial(appends, site, callers, scale.seconds), scale.seconds),
                partial(peers.pgbench, url, SAME_ROWS, values, callers, scale.seconds),
                partial(
                    peers.library,
                    with_database(servers.admin_url, "peer"),
                    min(callers, THREADS_MAX),
                    scale.seconds,
                ),
            )
            for row in _rows(callers, ours, limit, library, cost):
                yield row
    await connection.close()


@dataclass(slots=True)
class Cost:
    """The processor time that appends have taken."""

    connection: Any
    here: float = 0.0
    there: float = 0.0
    appends: float = 0.0

    async def of(self, side: Side, seconds: float) -> Reading:
        """Let a round of appends be done, and note what it takes."""
        here, there = spent.here(), await spent.of_session(self.connection, SESSION)
        taken = await side()
        self.here += spent.here() - here
        self.there += await spent.of_session(self.connection, SESSION) - there
        self.appends += taken.per_second * seconds
        return taken

    def why(self, callers: int, aimed_at: float) -> str:
        """Say where the time goes, and how much there would be at so many a second."""
        each, cores = spent.MICROSECONDS / self.appends, min(callers, os.cpu_count() or 1, 2)
        return WHY.format(
            here=self.here * each,
            there=self.there * each,
            left=spent.MICROSECONDS * cores / aimed_at,
            cores=("one processor", "two processors")[cores - 1],
        )


def _rows(
    callers: int, ours: list[Reading], limit: list[Reading], library: list[Reading], cost: Cost
) -> list[Row]:
    name = f"append, {callers} caller{'s' if callers > 1 else ''}"
    speed, wait, times = rate_ratio(ours, limit), wait_ratio(ours, limit), rate_ratio(ours, library)
    ratio = f"p50 {wait:.2f}" if callers == ALONE else f"{speed:.2f}"
    pgbench, peers_own = middle(limit).per_second, middle(library).per_second
    aims = {
        ALONE: (f"p50 ≤ {ALONE_AIM}", wait <= ALONE_AIM, cost.why(callers, pgbench / ALONE_AIM)),
        MANY: (f"≥ {MANY_AIM}", speed >= MANY_AIM, cost.why(callers, pgbench * MANY_AIM)),
    }
    peer = f"eventsourcing, {min(callers, THREADS_MAX)} threads: {_said(library)}"
    peer_aims = {
        SOME: (f"≥ {SOME_AIM}", times >= SOME_AIM, cost.why(callers, peers_own * SOME_AIM))
    }
    stated = ("stated", None, "")
    return [
        Row(name, _said(ours), f"pgbench: {_said(limit)}", ratio, *aims.get(callers, stated)),
        Row(name, _said(ours), peer, f"{times:.1f}", *peer_aims.get(callers, stated)),
    ]


def _said(readings: list[Reading]) -> str:
    taken = middle(readings)
    return f"{rate(taken.per_second)}, {waits(taken)}"


async def appends(site: Site, callers: int, seconds: float) -> Reading:
    """Let callers append one new company after the other."""
    took: list[float] = []
    ends = time.perf_counter() + seconds

    async def caller() -> None:
        while (began := time.perf_counter()) < ends:
            await site.streams.append(_append())
            took.append(time.perf_counter() - began)

    await asyncio.gather(*(caller() for _ in range(callers)))
    return reading(seconds, took)


def _append() -> Append:
    company = new_id()
    command = COMMAND.model_copy(update={"command_id": new_id(), "company_id": company})
    event = EVENT.model_copy(update={"company_id": company})
    home = Stream(command.tenant, command.aggregate, company)
    return Append(command, 0, (Write(home, 0, (event,)),))


async def _prepare(url: str, admin_url: str) -> None:
    """Make pgbench's tables and the library's database."""
    connection = await asyncpg.connect(url)
    await connection.execute(SAME_TABLES)
    await connection.close()
    admin = await asyncpg.connect(admin_url)
    await admin.execute("CREATE DATABASE peer")
    await admin.close()


def _sample() -> dict[str, str]:
    """Return what pgbench writes: as long as what we write."""
    meta = {
        "by": COMMAND.by,
        "at": COMMAND.at,
        "command": COMMAND.command_id,
        "correlation": COMMAND.correlation,
        "causation": None,
        "traceparent": None,
    }
    answer = {"stream_id": COMMAND.company_id, "position": 1, "version": 1, "created": {}}
    return {
        "data": EVENT.model_dump_json(exclude_none=True),
        "meta": orjson.dumps(meta, default=str).decode(),
        "answer": orjson.dumps(answer, default=str).decode(),
        "digest": r"\x" + "5a" * 32,
    }
