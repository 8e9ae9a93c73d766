"""One worked example of every message: its documentation, its guard, and test data."""

import re
from importlib.resources import files
from typing import TypeVar

from contracts.message import Message

M = TypeVar("M", bound=Message)


def example(message: type[M]) -> M:
    """Return the worked example of a message."""
    text = (files(__name__) / f"{name_of(message)}.json").read_text(encoding="utf-8")
    return message.model_validate_json(text)


def name_of(message: type[Message]) -> str:
    """Return the name a message bears on the wire, or would if answers bore one."""
    kind = message.model_fields.get("type")
    return str(kind.default) if kind else re.sub(r"(?<!^)(?=[A-Z])", "-", message.__name__).lower()
