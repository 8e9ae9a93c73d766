"""Every message has a worked example, and every form it ever had can still be read."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from chassis import codec
from contracts import examples
from contracts.catalogue import COMMANDS, EVENTS, QUERIES
from contracts.companies.company import CompanyIdentity
from contracts.describe import MESSAGES
from contracts.examples import example, name_of
from contracts.identifiers import identify, workplace
from contracts.message import Message

FOLDER = Path(examples.__path__[0])
NONCE_AND_TAG_BYTES = 28

every_message = pytest.mark.parametrize("message", MESSAGES, ids=name_of)
every_event = pytest.mark.parametrize("message", EVENTS.values(), ids=name_of)


def parts(value: Any) -> Iterator[dict[str, Any]]:
    """Find every object in a JSON text, wherever it stands."""
    if isinstance(value, dict):
        yield value
        for part in value.values():
            yield from parts(part)
    elif isinstance(value, list):
        for part in value:
            yield from parts(part)


def sealed_in(message: Message) -> list[dict[str, Any]]:
    return [part for part in parts(codec.to_json(message)) if part.get("kind") == "sealed"]


@every_message
def test_a_worked_example_reads_and_writes_back_unchanged(message: type[Message]) -> None:
    kept = json.loads((FOLDER / f"{name_of(message)}.json").read_text(encoding="utf-8"))
    assert codec.to_json(message.model_validate(kept)) == kept
    assert codec.parse(codec.to_bytes(message.model_validate(kept))) == kept


def test_every_example_is_of_a_message_there_is() -> None:
    assert {file.stem for file in FOLDER.glob("*.json")} == {name_of(m) for m in MESSAGES}


def test_every_message_of_the_catalogue_is_described() -> None:
    assert {*COMMANDS, *EVENTS, *QUERIES} <= {name_of(message) for message in MESSAGES}


def test_past_forms_can_still_be_read() -> None:
    for file in (FOLDER / "past").glob("*.json"):
        kept = json.loads(file.read_text(encoding="utf-8"))
        if kept["type"] in COMMANDS:
            COMMANDS[kept["type"]].model_validate(kept)
        else:
            codec.event_from(kept)


@every_event
def test_an_event_is_read_tolerantly(message: type[Message]) -> None:
    kept = codec.to_json(example(message))
    later = {**kept, "added_by_a_later_version": True}
    assert codec.event_from(later) == example(message)


@pytest.mark.parametrize("message", [*COMMANDS.values(), *QUERIES.values()], ids=name_of)
def test_a_command_or_a_query_is_read_strictly(message: type[Message]) -> None:
    kept = codec.to_json(example(message))
    with pytest.raises(ValidationError):
        message.model_validate({**kept, "unknown": True})


@every_message
def test_what_may_be_absent_may_be_left_out(message: type[Message]) -> None:
    for model in models_of(message):
        for name, field in model.model_fields.items():
            if type(None) in getattr(field.annotation, "__args__", ()):
                assert not field.is_required(), f"{model.__name__}.{name} is left out on the wire"


@every_event
def test_an_event_holds_personal_texts_sealed_only(message: type[Message]) -> None:
    for part in sealed_in(example(message)):
        assert "text" not in part
        assert len(base64.b64decode(part["sealed"])) > NONCE_AND_TAG_BYTES


@pytest.mark.parametrize("message", COMMANDS.values(), ids=name_of)
def test_a_command_holds_personal_texts_readable(message: type[Message]) -> None:
    for part in sealed_in(example(message)):
        assert part["text"]
        assert "sealed" not in part


@every_message
def test_the_numbers_in_examples_are_valid(message: type[Message]) -> None:
    today = datetime(2026, 11, 23, tzinfo=UTC).date()
    for part in parts(codec.to_json(example(message))):
        if identity := part.get("identity"):
            read = CompanyIdentity.model_validate(identity)
            typed = read.number or (read.personal_number and read.personal_number.text)
            assert not typed or identify(read.country, typed, today).number == typed
        for unit in part.get("sub_units", ()):
            assert workplace("SE", unit["number"]).number == unit["number"]


def models_of(model: type[BaseModel]) -> set[type[BaseModel]]:
    """Find every model that a message is made of."""
    found: set[type[BaseModel]] = set()
    waiting: list[Any] = [model]
    while waiting:
        form = waiting.pop()
        if isinstance(form, type) and issubclass(form, BaseModel) and form not in found:
            found.add(form)
            waiting += [field.annotation for field in form.model_fields.values()]
        waiting += [part for part in getattr(form, "__args__", ()) if part is not form]
    return found
