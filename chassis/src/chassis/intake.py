"""How events come in: once and in order, whatever the bus repeats, reorders or loses.

Each source numbers its events without gaps, so a consumer knows which one is next. An earlier
one was taken in before; a later one waits until those between have come. The checkpoint moves
in the transaction of the effect, and only from the position it is known to stand at.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import orjson
import structlog
from pydantic import ValidationError

from chassis.failpoints import reach
from chassis.postgres import passes
from chassis.site import Site
from chassis.tenancy import Connection
from contracts.catalogue import SOURCES
from contracts.envelope import Envelope, EnvelopeBroken, envelope_from

log = structlog.get_logger()

REASON_CHARACTERS_MAX = 500
POSITION_MAX = 2**63 - 1
BEHIND = "waits behind an earlier event of its stream"


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message as it came off the bus; `sequence` is its place there.

    The subject is what its sender had the right to publish on; headers can say anything.
    """

    headers: dict[str, str]
    body: bytes
    sequence: int
    subject: str | None = None


class Intake:
    """Takes in events for one consumer.

    `apply` has the effect of a batch inside the given transaction. When it fails for good, the
    batch is taken one by one, and the event that cannot be taken in is parked with its reason;
    later events of its stream are parked behind it.
    """

    def __init__(
        self,
        site: Site,
        consumer: str,
        apply: Callable[[Connection, list[Envelope]], Awaitable[None]],
    ) -> None:
        self._site = site
        self._consumer = consumer
        self._apply = apply

    async def take(self, messages: Sequence[Incoming]) -> list[bool]:
        """Take in what can be; says of each message whether it is done with.

        What is not done with has come too early and is to be delivered again. Raises what is
        transient: then nothing of it happened.
        """
        read = [await self._read_or_park(message) for message in messages]
        reach("intake.received")
        on_the_bus = sorted(zip(messages, read, strict=True), key=lambda pair: pair[0].sequence)
        last = await self._take_known([envelope for _, envelope in on_the_bus if envelope])
        return [e is None or e.position <= last[e.source] for e in read]

    async def _read_or_park(self, message: Incoming) -> Envelope | None:
        try:
            return _read(message)
        except EnvelopeBroken as broken:
            await self._park_garbage(message, str(broken))
            return None

    async def _take_known(self, envelopes: list[Envelope]) -> dict[str, int]:
        """Take in what is next of each source, in the order of the bus: causes before effects.

        Returns how far the consumer then is with each source.
        """
        async with self._site.pool.acquire() as lent, lent.transaction():
            sources = sorted({envelope.source for envelope in envelopes})
            last = await self._lock(lent, sources)
            ready = in_order(envelopes, last)
            if ready:
                reach("intake.begun")
                await self._take_all(lent, ready)
                reach("intake.applied")
                await lent.execute(
                    "UPDATE checkpoints c SET position = a.position"
                    " FROM unnest($2::text[], $3::bigint[]) a (source, position)"
                    " WHERE c.consumer = $1 AND c.source = a.source",
                    self._consumer,
                    sources,
                    [last[source] for source in sources],
                )
                reach("intake.checkpointed")
        reach("intake.committed")
        for source, position in last.items():
            self._site.progress[f"{self._consumer}/{source}"] = position
        if ready:
            self._site.changed.set()
        return last

    async def _lock(self, connection: Connection, sources: list[str]) -> dict[str, int]:
        """Return how far we are with each source, held until the end of the transaction."""
        find = (
            "SELECT source, position FROM checkpoints WHERE consumer = $1 AND source = ANY ($2)"
            " ORDER BY source FOR UPDATE"
        )
        rows = await connection.fetch(find, self._consumer, sources)
        if len(rows) < len(sources):
            await connection.execute(
                "INSERT INTO checkpoints SELECT $1, unnest($2::text[]), 0 ON CONFLICT DO NOTHING",
                self._consumer,
                sources,
            )
            rows = await connection.fetch(find, self._consumer, sources)
        return {row["source"]: row["position"] for row in rows}

    async def _take_all(self, connection: Connection, envelopes: list[Envelope]) -> None:
        blocked = await self._blocked(connection)
        if not any((e.tenant, e.stream_id) in blocked for e in envelopes):
            try:
                async with connection.transaction():
                    await self._apply(connection, envelopes)
            except Exception as error:
                if passes(error):
                    raise
                if len(envelopes) == 1:
                    await self._park(connection, envelopes[0], reason_of(error))
                    return
            else:
                return
        for envelope in envelopes:
            await self._take_one(connection, envelope, blocked)

    async def _take_one(
        self, connection: Connection, envelope: Envelope, blocked: set[tuple[str, object]]
    ) -> None:
        if (envelope.tenant, envelope.stream_id) in blocked:
            await self._park(connection, envelope, BEHIND)
            return
        try:
            async with connection.transaction():
                await self._apply(connection, [envelope])
        except Exception as error:
            if passes(error):
                raise
            blocked.add((envelope.tenant, envelope.stream_id))
            await self._park(connection, envelope, reason_of(error))

    async def _blocked(self, connection: Connection) -> set[tuple[str, object]]:
        """Return the streams that have something parked."""
        rows = await connection.fetch(
            "SELECT DISTINCT tenant_id, stream_id FROM parked"
            " WHERE consumer = $1 AND stream_id IS NOT NULL",
            self._consumer,
        )
        return {(row["tenant_id"], row["stream_id"]) for row in rows}

    async def _park(self, connection: Connection, envelope: Envelope, reason: str) -> None:
        log.error(
            "parked", consumer=self._consumer, type=envelope.type, id=str(envelope.id), why=reason
        )
        await connection.execute(
            "INSERT INTO parked (consumer, tenant_id, stream_id, source, position, type, reason,"
            " headers, body) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
            self._consumer,
            envelope.tenant,
            envelope.stream_id,
            envelope.source,
            envelope.position,
            envelope.type,
            reason,
            orjson.dumps(envelope.headers()).decode(),
            envelope.data.encode(),
        )

    async def _park_garbage(self, message: Incoming, reason: str) -> None:
        log.error("parked", consumer=self._consumer, why=reason)
        await self._site.pool.execute(
            "INSERT INTO parked (consumer, tenant_id, source, position, type, reason, headers,"
            " body) VALUES ($1, '', 'unknown', $2, 'unknown', $3, $4, $5) ON CONFLICT DO NOTHING",
            self._consumer,
            message.sequence,
            _shown(reason)[:REASON_CHARACTERS_MAX],
            orjson.dumps({k: _shown(v) for k, v in message.headers.items()}).decode(),
            message.body,
        )


def in_order(envelopes: list[Envelope], last: dict[str, int]) -> list[Envelope]:
    """Return what is next of each source, in the given order, and note in `last` how far it goes.

    What came before its predecessor is looked at again once that has been found.
    """
    ready: list[Envelope] = []
    waiting = envelopes
    while True:
        rest: list[Envelope] = []
        for envelope in waiting:
            if envelope.position == last[envelope.source] + 1:
                ready.append(envelope)
                last[envelope.source] += 1
            elif envelope.position > last[envelope.source]:
                rest.append(envelope)
        if len(rest) == len(waiting):
            return ready
        waiting = rest


def _read(message: Incoming) -> Envelope:
    """Read an envelope; one that Postgres could not even park is none."""
    envelope = envelope_from(message.headers, message.body)
    if not all(_is_shown(value) for value in message.headers.values()):
        raise EnvelopeBroken("unprintable headers")
    if message.subject not in {None, envelope.subject}:
        raise EnvelopeBroken("headers that do not go with the subject")
    if SOURCES.get(envelope.category, envelope.source) != envelope.source:
        raise EnvelopeBroken("not the service that says such things")
    if envelope.at.tzinfo is None or not 0 < envelope.position <= POSITION_MAX:
        raise EnvelopeBroken("no place in time or in its source")
    return envelope


def _is_shown(text: str) -> bool:
    """Say whether a text can be kept as it is."""
    return (text.isascii() and "\0" not in text) or text == _shown(text)


def _shown(text: str) -> str:
    """Return a text as it can be kept: headers may hold any byte."""
    return text.replace("\0", "").encode(errors="backslashreplace").decode()


def reason_of(error: Exception) -> str:
    """Word why an event could not be taken in, without its values: they may be personal."""
    words = str(error)
    if isinstance(error, ValidationError):
        wrong = error.errors(include_url=False, include_input=False, include_context=False)[0]
        words = f"{'.'.join(str(part) for part in wrong['loc'])}: {wrong['msg']}"
    return _shown(f"{type(error).__name__}: {words}")[:REASON_CHARACTERS_MAX]
