"""How events come in: once and in order, whatever the bus repeats, reorders or loses.

Each source numbers its events without gaps, so a consumer knows which one is next. An earlier
one was taken in before; a later one waits until those between have come. The checkpoint moves
in the transaction of the effect, and only from the position it is known to stand at.
"""

from collections.abc import Awaitable, Callable, Sequence

import orjson
import structlog

from chassis.failpoints import reach
from chassis.incoming import REASON_CHARACTERS_MAX, Incoming, read, reason_of, shown
from chassis.postgres import passes
from chassis.site import Site
from chassis.tenancy import Connection
from contracts.envelope import Envelope, EnvelopeBroken

log = structlog.get_logger()

BEHIND = "waits behind an earlier event of its stream"


class Untakable(Exception):
    """A batch that cannot be taken in as a whole."""


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
        found = [await self._read_or_park(message) for message in messages]
        reach("intake.received")
        on_the_bus = sorted(zip(messages, found, strict=True), key=lambda pair: pair[0].sequence)
        last = await self._take_known([envelope for _, envelope in on_the_bus if envelope])
        return [e is None or e.position <= last[e.source] for e in found]

    async def _read_or_park(self, message: Incoming) -> Envelope | None:
        try:
            return read(message)
        except EnvelopeBroken as broken:
            await self._park_garbage(message, str(broken))
            return None

    async def _take_known(self, envelopes: list[Envelope]) -> dict[str, int]:
        """Take in what is next of each source, in the order of the bus: causes before effects.

        Returns how far the consumer then is with each source.
        """
        try:
            return await self._commit(envelopes, careful=False)
        except Untakable as broken:
            log.warning("batch failed, one by one", consumer=self._consumer, error=str(broken))
            return await self._commit(envelopes, careful=True)

    async def _commit(self, envelopes: list[Envelope], *, careful: bool) -> dict[str, int]:
        async with self._site.pool.acquire() as lent, lent.transaction():
            sources = sorted({envelope.source for envelope in envelopes})
            last, parks = await self._lock(lent, sources)
            ready = in_order(envelopes, last)
            if ready:
                reach("intake.begun")
                blocked = await self._blocked(lent) if parks else set()
                if careful or any((e.tenant, e.stream_id) in blocked for e in ready):
                    for envelope in ready:
                        await self._take_one(lent, envelope, blocked)
                else:
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

    async def _lock(
        self, connection: Connection, sources: list[str]
    ) -> tuple[dict[str, int], bool]:
        """Return how far we are with each source, held until the end of the transaction.

        Says too whether anything is parked.
        """
        find = (
            "SELECT source, position, EXISTS (SELECT FROM parked WHERE consumer = $1"
            " AND stream_id IS NOT NULL) AS parks"
            " FROM checkpoints WHERE consumer = $1 AND source = ANY ($2)"
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
        places = {row["source"]: row["position"] for row in rows}
        return places, any(row["parks"] for row in rows)

    async def _take_all(self, connection: Connection, envelopes: list[Envelope]) -> None:
        """Take a batch that nothing is expected to be wrong with."""
        try:
            await self._apply(connection, envelopes)
        except Exception as error:
            if passes(error):
                raise
            raise Untakable(reason_of(error)) from error

    async def _take_one(
        self, connection: Connection, envelope: Envelope, blocked: set[tuple[str, object]]
    ) -> None:
        """Take an event in, or park it: behind another of its stream, or for its own sake."""
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
            shown(reason)[:REASON_CHARACTERS_MAX],
            orjson.dumps({k: shown(v) for k, v in message.headers.items()}).decode(),
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
