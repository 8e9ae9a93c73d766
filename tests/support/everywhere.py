"""Looks for texts in all that a box keeps: every table, every stream, every log."""

from collections.abc import Sequence

import asyncpg
import nats

from support.box import RunningBox

TABLES = """
SELECT schemaname, tablename FROM pg_tables
WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2
"""
MESSAGES_MAX = 10_000
"""So many messages of a stream in one go."""
FETCH_SECONDS = 5.0


def found(box: RunningBox, needles: Sequence[str]) -> set[str]:
    """Return the names of all tables, streams and logs that hold one of these texts."""
    return {
        *box.wait(_tables(box, needles)),
        *box.wait(_streams(box, needles)),
        *_logs(box, needles),
    }


async def _tables(box: RunningBox, needles: Sequence[str]) -> set[str]:
    """Look at every row of every table, at texts and at bytes, past what any tenant may see."""
    patterns = [f"%{shown}%" for one in needles for shown in (one, one.encode().hex())]
    holding = set()
    url = box.box.urls["database"]
    server = await asyncpg.connect(url)
    names = await server.fetch("SELECT datname FROM pg_database WHERE datallowconn")
    await server.close()
    for (database,) in names:
        connection = await asyncpg.connect(url, database=database)
        for schema, table in await connection.fetch(TABLES):
            look = (
                f'SELECT EXISTS (SELECT FROM "{schema}"."{table}" t'
                " WHERE to_jsonb(t)::text LIKE ANY ($1))"
            )
            if await connection.fetchval(look, patterns):
                holding.add(f"{database}.{table}")
        await connection.close()
    return holding


async def _streams(box: RunningBox, needles: Sequence[str]) -> set[str]:
    """Look at every message, subject and header; buckets are streams as well."""
    holding = set()
    bus = await nats.connect(box.box.nats_url("admin"))
    jetstream = bus.jetstream()
    for stream in await jetstream.streams_info():
        name, left = stream.config.name or "", stream.state.messages
        reader = await jetstream.subscribe(
            stream=name, subject=">", ordered_consumer=True, pending_msgs_limit=MESSAGES_MAX
        )
        for _ in range(left):
            message = await reader.next_msg(FETCH_SECONDS)
            said = message.data + f"{message.subject} {message.headers}".encode()
            if any(one.encode() in said for one in needles):
                holding.add(f"stream {name}")
        await reader.unsubscribe()
    await bus.close()
    return holding


def _logs(box: RunningBox, needles: Sequence[str]) -> set[str]:
    return {
        file.name
        for file in box.box.home.logs.iterdir()
        if any(one.encode() in file.read_bytes() for one in needles)
    }
