"""An event in the envelope that it comes in from the bus."""

from typing import Any

from chassis import codec
from chassis.edge import new_id, now
from contracts.envelope import Envelope
from contracts.message import Event


def enveloped(event: Event, tenant: str, source: str, **more: Any) -> Envelope:
    """Return the first that a service said, and of its stream; `more` says otherwise."""
    told: dict[str, Any] = {
        "id": new_id(),
        "type": codec.to_json(event)["type"],
        "tenant": tenant,
        "category": event.category,
        "stream_id": event.stream_id,
        "version": 1,
        "source": source,
        "position": 1,
        "at": now(),
        "by": "key:test",
        "command": new_id(),
        "correlation": new_id(),
        "causation": None,
        "traceparent": None,
    }
    return Envelope(**{"data": codec.to_bytes(event).decode(), **told, **more})
