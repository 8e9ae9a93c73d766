"""What the service hears: events of others, and what it has said itself."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.envelope import Envelope
from contracts.message import Event
from support.enveloped import enveloped

SINCE = (
    "SELECT *, data::text AS text, meta::text AS about FROM events"
    " WHERE tenant_id = $1 AND position > $2 ORDER BY position"
)


def told_by_others(tenant: str, event: Event, data: str, at: datetime) -> Envelope:
    """Return an event of another service, as it comes from the bus."""
    return enveloped(event, tenant, "elsewhere", data=data, at=at)


async def said_since(pool: Any, tenant: str, position: int) -> list[Envelope]:
    """Return what the service itself has said of a tenant's since a position."""
    return [_of_our_own(row) for row in await pool.fetch(SINCE, tenant, position)]


def _of_our_own(row: Any) -> Envelope:
    about = json.loads(row["about"])
    return Envelope(
        id=row["event_id"],
        type=row["type"],
        tenant=row["tenant_id"],
        category=row["category"],
        stream_id=row["stream_id"],
        version=row["version"],
        source="credit-monitor",
        position=row["position"],
        at=datetime.fromisoformat(about["at"]),
        by=about["by"],
        command=UUID(about["command"]),
        correlation=UUID(about["correlation"]),
        causation=UUID(about["causation"]) if about.get("causation") else None,
        traceparent=None,
        data=row["text"],
    )
