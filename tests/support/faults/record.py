"""All that an installation has kept, read as its administrator: what the checker judges."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from uuid import UUID

import nats
import orjson
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import ServiceUnavailableError

from chassis.applying import EVENT, told_from
from chassis.postgres import connect
from chassis.projection import AnyProjection, Told
from chassis.table import Table
from chassis.wire import STREAM, SUBJECTS
from gateway.app import service as screens
from support.faults.place import Place

PAGE = 1_000
FETCH_SECONDS = 10.0
KNOWN_SECONDS_MAX = 30.0
LOOK_SECONDS = 0.2
Rows = dict[tuple[str, str], str]
"""A read model: the hash of each row, by tenant and key."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One event, wherever it was found."""

    id: UUID
    source: str
    position: int
    tenant: str
    category: str
    stream: UUID
    version: int
    type: str
    command: UUID
    data: str
    seq: int = 0


@dataclass(slots=True)
class Model:
    """A read model as it stands and as history folds to it, and how far it is."""

    live: Rows
    folded: Rows
    position: int


@dataclass(slots=True)
class Record:
    """What is kept in Postgres and on the bus."""

    facts: dict[str, list[Fact]] = field(default_factory=dict)
    answers: dict[str, dict[tuple[str, UUID], dict[str, Any]]] = field(default_factory=dict)
    relayed: dict[str, int] = field(default_factory=dict)
    bus: list[Fact] = field(default_factory=list)
    history: list[Fact] = field(default_factory=list)
    history_head: int = 0
    checkpoints: dict[tuple[str, str], int] = field(default_factory=dict)
    parked: list[str] = field(default_factory=list)
    models: dict[str, Model] = field(default_factory=dict)

    @property
    def heads(self) -> dict[str, int]:
        """Return the last position of each source."""
        return {
            source: max((f.position for f in all_), default=0)
            for source, all_ in self.facts.items()
        }


EVENTS = """
SELECT event_id AS id, position, tenant_id AS tenant, category, stream_id AS stream, version, type,
       (meta->>'command')::uuid AS command, data::text AS data
FROM events ORDER BY position
"""
DONE = "SELECT tenant_id, command_id, answer::text AS a FROM commands WHERE NOT answer ? 'code'"
"""What was refused is remembered too, by its code."""
HISTORY = "SELECT h.*, h.data::text AS text FROM history h ORDER BY seq"
TOLD = f"SELECT {EVENT} FROM history ORDER BY seq"
"""The same as projections meet it."""


async def read_record(
    place: Place, projections: tuple[AnyProjection, ...] = screens.projections
) -> Record:
    """Read everything; nothing should be moving meanwhile."""
    record = Record()
    for service in place.services:
        connection: Any = await connect(place.database(service), "checker", statement_timeout="0")
        try:
            if service in place.sources:
                await _read_source(connection, service, record)
            else:
                await _read_screens(connection, record, projections)
            await _read_intake(connection, service, record)
        finally:
            await connection.close()
    record.bus = await _read_bus(place.nats_url)
    return record


async def _read_source(connection: Any, service: str, record: Record) -> None:
    rows = await connection.fetch(EVENTS)
    record.facts[service] = [Fact(source=service, **row) for row in rows]
    rows = await connection.fetch(DONE)
    record.answers[service] = {
        (row["tenant_id"], row["command_id"]): orjson.loads(row["a"]) for row in rows
    }
    record.relayed[service] = await connection.fetchval("SELECT position FROM relay")


async def _read_intake(connection: Any, service: str, record: Record) -> None:
    if not await connection.fetchval("SELECT to_regclass('checkpoints') IS NOT NULL"):
        return
    for row in await connection.fetch("SELECT consumer, source, position FROM checkpoints"):
        record.checkpoints[row["consumer"], row["source"]] = row["position"]
    parked = await connection.fetch("SELECT consumer, type, position, reason FROM parked")
    record.parked += [f"{service}: {dict(row)}" for row in parked]


async def _read_screens(
    connection: Any, record: Record, projections: tuple[AnyProjection, ...]
) -> None:
    told: list[Told] = [told_from(row) for row in await connection.fetch(TOLD)]
    for row in await connection.fetch(HISTORY):
        record.history.append(
            Fact(
                id=row["id"],
                source=row["source"],
                position=row["position"],
                tenant=row["tenant_id"],
                category=row["category"],
                stream=row["stream_id"],
                version=row["version"],
                type=row["type"],
                command=row["command"],
                data=row["text"],
                seq=row["seq"],
            )
        )
    record.history_head = await connection.fetchval("SELECT seq FROM history_head")
    for projection in projections:
        state = await connection.fetchrow(
            "SELECT table_name, position FROM projections WHERE name = $1", projection.name
        )
        record.models[projection.name] = Model(
            live=await _rows(connection, projection, state["table_name"]),
            folded=await _folded(connection, projection, state["table_name"], told),
            position=state["position"],
        )


async def _folded(connection: Any, projection: AnyProjection, live: str, told: list[Told]) -> Rows:
    """Return what history folds to, written into a fresh table beside the live one and read."""
    await connection.execute(f"CREATE TEMP TABLE folded (LIKE {live} INCLUDING ALL)")
    try:
        rows: dict[tuple[str, str], Any] = dict(projection.fold(told))
        await Table(projection, "folded").write(connection, rows)
        return await _rows(connection, projection, "folded")
    finally:
        await connection.execute("DROP TABLE folded")


async def _rows(connection: Any, projection: AnyProjection, name: str) -> Rows:
    """Return the hash of each row's canonical JSON; Postgres writes its keys in one order."""
    key = Table(projection, name).key
    rows = await connection.fetch(
        f"SELECT tenant_id, {key}::text AS key, to_jsonb(t)::text AS row FROM {name} t"
    )
    return {(row["tenant_id"], row["key"]): sha256(row["row"].encode()).hexdigest() for row in rows}


async def _read_bus(nats_url: str) -> list[Fact]:
    client = await nats.connect(nats_url.split(","), name="checker")
    try:
        jetstream = client.jetstream()
        config = ConsumerConfig(ack_policy=AckPolicy.NONE, deliver_policy=DeliverPolicy.ALL)
        subscription = await jetstream.pull_subscribe(SUBJECTS, stream=STREAM, config=config)
        found: list[Fact] = []
        left = (await jetstream.stream_info(STREAM)).state.messages
        while left > 0:
            messages = await _fetched(subscription, min(PAGE, left))
            found += [
                fact
                for message in messages
                if (fact := _from_bus(message.headers or {}, message.data))
            ]
            left -= len(messages)
        return found
    finally:
        await client.close()


async def _fetched(subscription: Any, many: int) -> list[Any]:
    """Fetch; a server that was just cut off may not know yet who has what was just made."""
    async with asyncio.timeout(KNOWN_SECONDS_MAX):
        while True:
            with suppress(ServiceUnavailableError):
                return list(await subscription.fetch(many, timeout=FETCH_SECONDS))
            await asyncio.sleep(LOOK_SECONDS)


def _from_bus(headers: Mapping[str, str], body: bytes) -> Fact | None:
    """Read a message; what is none of ours is parked by everybody, and shown as such."""
    if "ce-id" not in headers:
        return None
    category, _, stream = headers["ce-subject"].partition("/")
    return Fact(
        id=UUID(headers["ce-id"]),
        source=headers["ce-source"].rpartition("/")[2],
        position=int(headers["ce-position"]),
        tenant=headers["ce-tenant"],
        category=category,
        stream=UUID(stream),
        version=int(headers["ce-streamversion"]),
        type=headers["ce-type"],
        command=UUID(headers["ce-commandid"]),
        data=body.decode(),
    )
