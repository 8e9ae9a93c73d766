"""What travels around an event: CloudEvents 1.0, in NATS binary mode and as one JSON document.

Sources: CloudEvents 1.0.2 core, its JSON event format, and its NATS protocol binding (attributes
as `ce-` headers, the data alone as the body).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

PREFIX = "ce-"
CONTENT_TYPE = "application/json"
SOURCE_ROOT = "/kundvakt/"


class EnvelopeBroken(ValueError):
    """Headers that do not make an envelope."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """One event as it is kept and sent; `data` is its JSON text.

    `position` is its place among all events of its `source`, without gaps; `version` its place
    in its own stream. `causation` is the event that led to it, absent when a request did;
    `command` is the wish it answered, `correlation` the request that began it all.
    """

    id: UUID
    type: str
    tenant: str
    category: str
    stream_id: UUID
    version: int
    source: str
    position: int
    at: datetime
    by: str
    command: UUID
    correlation: UUID
    causation: UUID | None
    traceparent: str | None
    data: str

    @property
    def subject(self) -> str:
        """Return the NATS subject it is published on."""
        name = self.type.partition(".")[0]
        return f"evt.{self.tenant}.{self.category}.{self.stream_id}.{name}"

    def attributes(self) -> dict[str, str]:
        """Return the CloudEvents attributes, extensions included."""
        attributes = {
            "specversion": "1.0",
            "id": str(self.id),
            "source": SOURCE_ROOT + self.source,
            "type": self.type,
            "subject": f"{self.category}/{self.stream_id}",
            "time": self.at.isoformat().replace("+00:00", "Z"),
            "tenant": self.tenant,
            "streamversion": str(self.version),
            "position": str(self.position),
            "actor": self.by,
            "commandid": str(self.command),
            "correlationid": str(self.correlation),
        }
        if self.causation:
            attributes["causationid"] = str(self.causation)
        if self.traceparent:
            attributes["traceparent"] = self.traceparent
        return attributes

    def headers(self) -> dict[str, str]:
        """Return the headers of the NATS message."""
        headers = {PREFIX + name: value for name, value in self.attributes().items()}
        headers["content-type"] = CONTENT_TYPE
        return headers

    def document(self) -> dict[str, Any]:
        """Return the event as one JSON document (structured mode)."""
        return {
            **self.attributes(),
            "datacontenttype": CONTENT_TYPE,
            "data": json.loads(self.data),
        }


def envelope_from(headers: Mapping[str, str], body: bytes) -> Envelope:
    """Read an envelope off a NATS message; raises `EnvelopeBroken`."""
    try:
        category, _, stream_id = headers["ce-subject"].partition("/")
        causation = headers.get("ce-causationid")
        if headers["ce-specversion"] != "1.0":
            raise EnvelopeBroken("not CloudEvents 1.0")
        return Envelope(
            id=UUID(headers["ce-id"]),
            type=headers["ce-type"],
            tenant=headers["ce-tenant"],
            category=category,
            stream_id=UUID(stream_id),
            version=int(headers["ce-streamversion"]),
            source=headers["ce-source"].removeprefix(SOURCE_ROOT),
            position=int(headers["ce-position"]),
            at=datetime.fromisoformat(headers["ce-time"]),
            by=headers["ce-actor"],
            command=UUID(headers["ce-commandid"]),
            correlation=UUID(headers["ce-correlationid"]),
            causation=UUID(causation) if causation else None,
            traceparent=headers.get("ce-traceparent"),
            data=body.decode(),
        )
    except (KeyError, ValueError) as error:
        raise EnvelopeBroken(f"no envelope: {error}") from error
