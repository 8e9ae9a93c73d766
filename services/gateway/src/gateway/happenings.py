"""Events as they are shown: by the names of their classes, and without ciphertexts."""

from typing import Any

import orjson

from chassis.sealing import MARK
from contracts.catalogue import EVENTS
from contracts.envelope import Envelope

COLUMNS = (
    "seq, id, type, tenant_id, category, stream_id, version, source, position, at, by, command,"
    " correlation, causation, traceparent, data::text AS data"
)
"""All of history's, as `envelope` reads them."""


def event_name(kind: str) -> str:
    """Return an event's name for people and programs: `credit-rating-changed.v1` has one."""
    form = EVENTS.get(kind)
    if form is not None:
        return form.__name__
    return "".join(word.capitalize() for word in kind.partition(".")[0].split("-"))


NAMES = frozenset(form.__name__ for form in EVENTS.values())


def envelope(row: Any) -> Envelope:
    """Return a row of history as the envelope it was."""
    return Envelope(
        id=row["id"],
        type=row["type"],
        tenant=row["tenant_id"],
        category=row["category"],
        stream_id=row["stream_id"],
        version=row["version"],
        source=row["source"],
        position=row["position"],
        at=row["at"],
        by=row["by"],
        command=row["command"],
        correlation=row["correlation"],
        causation=row["causation"],
        traceparent=row["traceparent"],
        data=row["data"],
    )


def cloud_event(row: Any) -> str:
    """Return a row of history as one CloudEvents document; personal texts stay out of it."""
    document = envelope(row).document()
    if '"sealed"' in row["data"]:
        document["data"] = without_ciphertexts(document["data"])
    return orjson.dumps(document).decode()


def without_ciphertexts(value: Any) -> Any:
    """Return JSON in which a sealed text says whose it is, and nothing else."""
    if isinstance(value, dict):
        if value.get("kind") == MARK and "subject" in value:
            return {"kind": MARK, "subject": value["subject"]}
        return {name: without_ciphertexts(part) for name, part in value.items()}
    if isinstance(value, list):
        return [without_ciphertexts(part) for part in value]
    return value
