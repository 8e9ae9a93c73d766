"""Streams kept in Postgres: the record of everything that happened."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson
from pydantic import TypeAdapter

from chassis import codec, sealing, tracing
from chassis.appender import Appender, Fetches, append_all
from chassis.decider import Rejected
from chassis.edge import new_id
from chassis.failpoints import reach
from chassis.kept import Kept, Outcome, Ready, Refusal
from chassis.keys import KeyRing
from chassis.streams import Answered, Append, Claimed, Past, Pasts, Stream, WrongVersion
from chassis.tenancy import Connection
from contracts.message import Answer, Command, Event, Problem

EVENT_BYTES_MAX = 165_000
"""Postgres writes JSON with spaces, half as long again at worst; the bus takes 262,144."""
GIVEN: TypeAdapter[Answer | Problem] = TypeAdapter(Answer | Problem)
"""What a command was answered with, as the record has it."""
SEALED = b'"sealed"'
"""Without it there is no personal text: no event has to be walked through to know."""
READ = """
SELECT 0 AS version, digest, answer::text AS text FROM commands
WHERE tenant_id = $1 AND command_id = $4
UNION ALL
SELECT version, NULL, data::text FROM events
WHERE tenant_id = $1 AND stream_id = $2 AND category = $3
ORDER BY version
"""
READ_MANY = """
SELECT stream_id, data::text AS text FROM events
WHERE tenant_id = $1 AND category = $2 AND stream_id = ANY ($3) ORDER BY stream_id, version
"""


class PostgresStreams:
    """Streams of one service's database; appends of all callers share commits."""

    def __init__(self, reader: Fetches, appender: Appender, keys: KeyRing) -> None:
        self._reader = reader
        self._appender = appender
        self._keys = keys

    async def read(self, stream: Stream, command: Command) -> Past:
        """Return a stream's past, and what the command was answered if it was asked before."""
        rows = await self._reader.fetch(
            READ, stream.tenant, stream.id, stream.category, command.command_id
        )
        answered = None
        if rows and rows[0]["version"] == 0:
            first = rows.pop(0)
            answered = Answered(
                first["digest"] == await self._digest(command),
                GIVEN.validate_json(first["text"]),
            )
        events = [await self._event(stream, row["text"]) for row in rows]
        return Past(events, len(events), answered)

    async def pasts(self, tenant: str, category: str, ids: Sequence[UUID]) -> Pasts:
        """Return what happened in those of the streams in which anything did.

        Sealed texts stay sealed.
        """
        found: dict[UUID, list[Event]] = {}
        rows = await self._reader.fetch(READ_MANY, tenant, category, ids) if ids else []
        for row in rows:
            event = codec.event_from(codec.parse(row["text"].encode()))
            found.setdefault(row["stream_id"], []).append(event)
        return found

    async def append(self, append: Append) -> Answer:
        """Keep what a command led to, in one commit with whatever else is waiting."""
        return judge(await self._appender.append(await self._ready(append)))

    async def refuse(self, command: Command, problem: Problem) -> None:
        """Remember a refusal, in one commit with whatever else is waiting."""
        digest = await self._digest(command)
        refusal = Refusal(command.tenant, command.command_id, digest, problem.model_dump_json())
        if (await self._appender.append(refusal)).outcome != "refused":
            raise WrongVersion
        reach("append.refused")

    def within(self, connection: Connection) -> "TransactionStreams":
        """Return the same streams, appended to inside a transaction that is already open."""
        return TransactionStreams(connection, self._appender, self._keys)

    async def sealed(self, stream: Stream, data: dict[str, Any]) -> dict[str, Any]:
        """Return JSON that goes with a stream, with every personal text sealed."""
        return await sealing.seal(self._keys, stream.tenant, stream.id, data)

    async def opened(self, stream: Stream, data: dict[str, Any]) -> dict[str, Any]:
        """Return it with every personal text readable, or absent once erased."""
        return await sealing.unseal(self._keys, stream.tenant, stream.id, data)

    async def _digest(self, command: Command) -> bytes:
        """Return what stands for the wish in the record: hashed under the tenant's own key."""
        return await self._keys.digest(command.tenant, command.fingerprint)

    async def _event(self, stream: Stream, text: str) -> Event:
        body = text.encode()
        data = codec.parse(body)
        if SEALED in body:
            data = await sealing.unseal(self._keys, stream.tenant, stream.id, data)
        return codec.event_from(data)

    async def _ready(self, append: Append) -> Ready:
        command = append.command
        tenant = command.tenant
        return Ready(
            tenant=tenant,
            command=command.command_id,
            digest=await self._digest(command),
            category=command.aggregate,
            stream=command.stream_id,
            version=append.version,
            created=orjson.dumps(append.created, default=str).decode(),
            meta=orjson.dumps(_meta(command), default=str).decode(),
            writes=[
                Kept(
                    write.stream.category,
                    write.stream.id,
                    write.expected,
                    [await self._row(tenant, event) for event in write.events],
                )
                for write in append.writes
            ],
            claims=[
                (stream_id, claim.kind, await self._keys.digest(tenant, claim.key))
                for stream_id, claim in append.claims
            ],
        )

    async def _row(self, tenant: str, event: Event) -> tuple[UUID, str, str]:
        data = codec.to_json(event)
        text = orjson.dumps(data)
        if SEALED in text:
            text = orjson.dumps(await sealing.seal(self._keys, tenant, event.stream_id, data))
        if len(text) > EVENT_BYTES_MAX:
            # The relay could never put it on the bus, nor anything after it.
            raise Rejected("too-large", "This is more than one event may hold.")
        return new_id(), str(data["type"]), text.decode()


class TransactionStreams(PostgresStreams):
    """Streams inside one open transaction: what is appended commits with the rest of it."""

    def __init__(self, connection: Connection, appender: Appender, keys: KeyRing) -> None:
        super().__init__(connection, appender, keys)
        self._connection = connection

    async def append(self, append: Append) -> Answer:
        """Append alone, before the transaction's own commit."""
        outcomes = await append_all(self._connection, [await self._ready(append)])
        return judge(outcomes[0])

    async def refuse(self, command: Command, problem: Problem) -> None:
        """Remember nothing: it would be undone with the rest, and nobody was told.

        What is parked is asked again, when what stood in its way is mended.
        """


def judge(outcome: Outcome) -> Answer:
    """Turn the database's outcome into an answer or its refusal."""
    match outcome:
        case Outcome("added", str(answer)):
            return Answer.model_validate_json(answer)
        case Outcome("claimed", _, _, UUID() as holder):
            raise Claimed(holder)
        case _:
            # `again` too: reading once more finds the answer and judges the fingerprint.
            raise WrongVersion


def _meta(command: Command) -> dict[str, Any]:
    return {
        "by": command.by,
        "at": command.at,
        "command": command.command_id,
        "correlation": command.correlation,
        "causation": command.causation,
        "traceparent": tracing.traceparent(),
    }
