"""Between messages in memory and JSON at rest: old forms read as today's, unknown ones refused."""

from functools import lru_cache
from typing import Any, TypeVar

import orjson
from pydantic import BaseModel, TypeAdapter, ValidationError

from contracts.catalogue import COMMANDS, EVENTS
from contracts.message import Command, Event
from contracts.upcasts import UPCASTS

M = TypeVar("M", bound=BaseModel)


class Unreadable(ValueError):
    """A message that cannot be understood here: broken, or of a form not known yet."""


def to_json(message: BaseModel) -> dict[str, Any]:
    """Return a message as JSON, without what is absent."""
    return message.model_dump(mode="json", exclude_none=True)


def to_bytes(message: BaseModel) -> bytes:
    """Return a message as JSON text."""
    return message.model_dump_json(exclude_none=True).encode()


def event_from(data: dict[str, Any]) -> Event:
    """Read an event of any age."""
    kind = data.get("type")
    while kind in UPCASTS:
        data = UPCASTS[kind](data)
        kind = data.get("type")
    form = EVENTS.get(str(kind))
    if form is None:
        raise Unreadable(f"unknown event {kind!r}")
    try:
        return form.model_validate(data)
    except ValidationError as error:
        raise Unreadable(_first(error, str(kind))) from error


def event_in(text: str, kind: str) -> Event:
    """Read an event of any age from its JSON text; `kind` is the type it was kept under."""
    form = EVENTS.get(kind)
    if form is None:
        return event_from(parse(text.encode()))
    try:
        return form.model_validate_json(text)
    except ValidationError as error:
        raise Unreadable(_first(error, kind)) from error


def command_from(body: bytes, union: Any) -> Command:
    """Read a command; `union` says which are meant here."""
    try:
        command: Command = _adapter(union).validate_json(body)
    except ValidationError as error:
        raise Unreadable(_first(error, "command")) from error
    return command


def message_from(body: bytes, form: type[M]) -> M:
    """Read a message of one form."""
    try:
        return form.model_validate_json(body)
    except ValidationError as error:
        raise Unreadable(_first(error, form.__name__)) from error


def parse(body: bytes) -> dict[str, Any]:
    """Read a JSON object."""
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Unreadable(f"no JSON: {error}") from error
    if not isinstance(data, dict):
        raise Unreadable("no JSON object")
    return data


@lru_cache(maxsize=len(COMMANDS) + len(EVENTS))
def _adapter(union: Any) -> TypeAdapter[Any]:
    return TypeAdapter(union)


def _first(error: ValidationError, what: str) -> str:
    """Say what is wrong first, without the value, which may be personal."""
    wrong = error.errors(include_url=False, include_input=False, include_context=False)[0]
    return f"{what}: {'.'.join(str(part) for part in wrong['loc'])}: {wrong['msg']}"


def is_current(kind: str) -> bool:
    """Say whether an event's name is one of today's: neither an old form nor an unknown one."""
    return kind in EVENTS
