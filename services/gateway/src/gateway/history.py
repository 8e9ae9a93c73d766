"""History: every event the gateway has heard of, kept in one gapless order of its own."""

from chassis.tenancy import Connection
from contracts.envelope import Envelope

KEEP = (
    "SELECT keep_history($1::text[], $2::text[], $3::bigint[], $4::uuid[], $5::text[], $6::uuid[],"
    " $7::int[], $8::text[], $9::timestamptz[], $10::text[], $11::uuid[], $12::uuid[],"
    " $13::uuid[], $14::text[], $15::text[])"
)


async def keep(connection: Connection, envelopes: list[Envelope]) -> None:
    """Keep a batch in one statement; what was kept before is passed over."""
    if not envelopes:
        return
    await connection.execute(
        KEEP,
        [envelope.tenant for envelope in envelopes],
        [envelope.source for envelope in envelopes],
        [envelope.position for envelope in envelopes],
        [envelope.id for envelope in envelopes],
        [envelope.category for envelope in envelopes],
        [envelope.stream_id for envelope in envelopes],
        [envelope.version for envelope in envelopes],
        [envelope.type for envelope in envelopes],
        [envelope.at for envelope in envelopes],
        [envelope.by for envelope in envelopes],
        [envelope.command for envelope in envelopes],
        [envelope.correlation for envelope in envelopes],
        [envelope.causation for envelope in envelopes],
        [envelope.traceparent for envelope in envelopes],
        [envelope.data for envelope in envelopes],
    )
