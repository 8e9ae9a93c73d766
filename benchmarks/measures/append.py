"""Appends: durable, head-checked, idempotent, by ever more callers at once."""

import asyncio
import time
from collections.abc import AsyncIterator
from functools import partial

import asyncpg
import orjson

from benchmarks import peers
from benchmarks.rounds import (
    Reading,
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
WHY_MANY = (
    "appends share a commit, but head, command and claims of each are judged in the database, and"
    " each is sealed, hashed and worded in one Python process"
)
WHY_ALONE = (
    "one function call judges order, head, command and claims; pgbench only writes the two rows"
)


async def measure(stage: Stage) -> AsyncIterator[Row]:
    """Append beside pgbench writing the same rows, and beside the library."""
    servers, scale = await stage.servers(), stage.scale
    installation = await servers.install(PREFIX, service)
    url = with_database(servers.admin_url, DATABASE)
    await _prepare(url, servers.admin_url)
    values = {**_sample(), "tenant": COMMAND.tenant}
    async with installation.site(service) as site:
        await appends(site, 1, 0.2)
        for callers in CALLERS:
            ours, limit, library = await alternating(
                scale.rounds,
                partial(appends, site, callers, scale.seconds),
                partial(peers.pgbench, url, SAME_ROWS, values, callers, scale.seconds),
                partial(
                    peers.library,
                    with_database(servers.admin_url, "peer"),
                    min(callers, THREADS_MAX),
                    scale.seconds,
                ),
            )
            for row in _rows(callers, ours, limit, library):
                yield row


def _rows(
    callers: int, ours: list[Reading], limit: list[Reading], library: list[Reading]
) -> list[Row]:
    name = f"append, {callers} caller{'s' if callers > 1 else ''}"
    speed, wait, times = rate_ratio(ours, limit), wait_ratio(ours, limit), rate_ratio(ours, library)
    ratio = f"p50 {wait:.2f}" if callers == ALONE else f"{speed:.2f}"
    aims = {
        ALONE: (f"p50 ≤ {ALONE_AIM}", wait <= ALONE_AIM, WHY_ALONE),
        MANY: (f"≥ {MANY_AIM}", speed >= MANY_AIM, WHY_MANY),
    }
    peer = f"eventsourcing, {min(callers, THREADS_MAX)} threads: {_said(library)}"
    peer_aims = {SOME: (f"≥ {SOME_AIM}", times >= SOME_AIM, WHY_MANY)}
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
