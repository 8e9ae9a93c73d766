"""The described wire is the wire: schemas and AsyncAPI follow from the code."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from jsonschema_rs import validator_for

from chassis import codec
from contracts.catalogue import COMMANDS, EVENTS, QUERIES
from contracts.describe import ASYNCAPI, FOLDER, HEADERS, MESSAGES, asyncapi, documents, schema
from contracts.envelope import Envelope
from contracts.examples import example, name_of
from contracts.message import Message

SOME_ID = UUID("0199a3c0-5e01-7001-8a00-6b756e640001")


def test_what_is_written_down_is_what_is_said() -> None:
    written = {file.name: file.read_text(encoding="utf-8") for file in FOLDER.glob("*.json")}
    assert written == documents(), "say `make wire` and look at what changed"


@pytest.mark.parametrize("message", MESSAGES, ids=name_of)
def test_an_example_obeys_its_schema(message: type[Message]) -> None:
    validator_for(schema(message)).validate(codec.to_json(example(message)))


def envelope() -> Envelope:
    return Envelope(
        id=SOME_ID,
        type="company-archived.v1",
        tenant="demo",
        category="company",
        stream_id=SOME_ID,
        version=1,
        source="companies",
        position=1,
        at=datetime(2026, 11, 23, tzinfo=UTC),
        by="system:test",
        command=SOME_ID,
        correlation=SOME_ID,
        causation=SOME_ID,
        traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        data="{}",
    )


def test_every_header_is_described() -> None:
    assert set(envelope().headers()) == set(HEADERS)


def test_every_message_that_is_told_or_asked_has_its_channel() -> None:
    channels = asyncapi()["channels"].values()
    said = {name for channel in channels for name in channel["messages"]}
    assert {*COMMANDS, *EVENTS, *QUERIES, "reply"} <= said


def test_an_events_subject_is_one_of_its_channels() -> None:
    channel = asyncapi()["channels"]["company-events"]
    address, names = channel["address"], channel["parameters"]["event"]["enum"]
    name = envelope().subject.rpartition(".")[2]
    assert name in names
    filled = address.format(tenant="demo", stream=SOME_ID, event=name)
    assert filled == envelope().subject


def test_every_reference_leads_somewhere() -> None:
    written = documents()
    document = json.loads(written[ASYNCAPI])
    for reference in references(document):
        if reference.startswith("./"):
            assert reference.removeprefix("./") in written
        else:
            found = document
            for step in reference.removeprefix("#/").split("/"):
                found = found[step]


def references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if "$ref" in value else []
        return own + [r for part in value.values() for r in references(part)]
    return [r for part in value for r in references(part)] if isinstance(value, list) else []
