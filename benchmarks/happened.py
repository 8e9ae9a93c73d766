"""Much that happened: events of many companies, made in the database itself."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from chassis.codec import to_json
from chassis.edge import derived_id, new_id
from contracts.catalogue import SOURCES
from contracts.companies.company import (
    CompanyCreated,
    CompanyDetailsChanged,
    OwnerAdded,
    RelationStarted,
)
from contracts.credit_monitor import CompanyRated, CreditRatingChanged, MonitoringStarted
from contracts.enrichment import CompanyEnriched
from contracts.envelope import Envelope
from contracts.examples import example
from contracts.message import Event

BY_PEOPLE: Sequence[type[Event]] = (
    CompanyCreated,
    CompanyDetailsChanged,
    RelationStarted,
    OwnerAdded,
)
BY_ALL: Sequence[type[Event]] = (
    *BY_PEOPLE,
    CompanyEnriched,
    CompanyRated,
    MonitoringStarted,
    *(CreditRatingChanged,) * 3,
)
"""A company's first weeks, event by event."""
TENANT = "bench"
TENANTS = 10
SIDE_BY_SIDE = 250
"""Companies to which the same thing happens one after the other: as in a busy register."""
META = {
    "by": "key:bench",
    "at": "2026-11-26T12:00:00.123456+00:00",
    "command": "0199a3c0-5f01-7101-8a00-6b756e640101",
    "correlation": "0199a3c0-5e90-7090-8a00-6b756e640090",
    "causation": None,
    "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
}
MADE = f"""
SELECT n, company, kind + 1 AS version, types[kind + 1] AS type, categories[kind + 1] AS category,
  datas[kind + 1] || jsonb_build_object('company_id', stream)
    || CASE WHEN kind = 0 THEN jsonb_build_object('name', 'Företag ' || company || ' AB')
       ELSE '{{}}' END AS data,
  stream
FROM (
  SELECT n, kind, company, md5('company ' || company)::uuid AS stream
  FROM (
    SELECT n, kinds, (n - 1) % ({SIDE_BY_SIDE} * kinds) / {SIDE_BY_SIDE} AS kind,
      (n - 1) / ({SIDE_BY_SIDE} * kinds) * {SIDE_BY_SIDE} + (n - 1) % {SIDE_BY_SIDE} AS company
    FROM generate_series(1, $1::bigint) n, cardinality($2::text[]) kinds
  ) counted
) made, (SELECT $2::text[] AS types, $3::text[] AS categories, $4::jsonb[] AS datas) said
"""
EVENTS = f"""
INSERT INTO events (position, tenant_id, category, stream_id, version, event_id, type, data, meta)
SELECT n, '{TENANT}', category, stream, version, uuidv7(), type, data, $5::jsonb
FROM ({MADE}) m ORDER BY n
"""
HISTORY = f"""
INSERT INTO history (tenant_id, seq, source, position, id, category, stream_id, version, type, at,
                     by, command, correlation, causation, traceparent, data)
SELECT '{TENANT}-' || company % {TENANTS}, begin + n, 'bench', begin + n, uuidv7(), category,
  stream, version, type, now(), 'key:bench', '{META["command"]}', '{META["correlation"]}', NULL,
  '{META["traceparent"]}', data
FROM ({MADE}) m, (SELECT seq AS begin FROM history_head) h ORDER BY n
"""


def _said(forms: Sequence[type[Event]]) -> tuple[list[str], list[str], list[str]]:
    """Return what the events are like: their types, categories and texts."""
    examples = [to_json(example(form)) for form in forms]
    return (
        [one["type"] for one in examples],
        [form.category for form in forms],
        [orjson.dumps(one).decode() for one in examples],
    )


async def fill_events(connection: Any, count: int) -> None:
    """Fill the record of `companies`."""
    await connection.execute(EVENTS, count, *_said(BY_PEOPLE), orjson.dumps(META).decode())


async def fill_history(connection: Any, count: int) -> None:
    """Fill the gateway's history; its read models are told that they know of it."""
    async with connection.transaction():
        await connection.execute(HISTORY, count, *_said(BY_ALL))
        await connection.execute("UPDATE history_head SET seq = seq + $1", count)
        await connection.execute("UPDATE projections SET position = (SELECT seq FROM history_head)")
    await connection.execute("ANALYZE history")


def envelopes(count: int) -> Iterator[Envelope]:
    """Yield what all services say, in the order of the bus, as it travels."""
    examples = [to_json(example(form)) for form in BY_ALL]
    positions: Counter[str] = Counter()
    for n in range(count):
        block, place = divmod(n, SIDE_BY_SIDE * len(BY_ALL))
        kind = place // SIDE_BY_SIDE
        company = derived_id("company", str(block * SIDE_BY_SIDE + place % SIDE_BY_SIDE))
        category = BY_ALL[kind].category
        source = SOURCES[category]
        positions[source] += 1
        yield Envelope(
            id=new_id(),
            type=examples[kind]["type"],
            tenant=f"{TENANT}-{company.int % TENANTS}",
            category=category,
            stream_id=company,
            version=kind + 1,
            source=source,
            position=positions[source],
            at=datetime.fromisoformat(str(META["at"])),
            by=str(META["by"]),
            command=UUID(META["command"]),
            correlation=UUID(META["correlation"]),
            causation=None,
            traceparent=META["traceparent"],
            data=orjson.dumps({**examples[kind], "company_id": str(company)}).decode(),
        )
