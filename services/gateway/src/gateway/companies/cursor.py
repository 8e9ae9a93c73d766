"""Where a page ended: opaque to whoever carries it, checked when it comes back."""

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from gateway.problems import invalid

CURSOR_CHARACTERS_MAX = 2_000
"""The longest name a row is sorted by, and what stands around it."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last row of a page: what it was sorted by, and its id."""

    asked: str
    """What the list was asked for: a cursor goes on with the same question only."""
    value: str
    id: str

    def text(self) -> str:
        """Return it as it is given out."""
        return base64.urlsafe_b64encode(orjson.dumps([self.asked, self.value, self.id])).decode()


def read_cursor(text: str, asked: str) -> Cursor:
    """Read what was given out for this very question."""
    try:
        parts: Any = orjson.loads(base64.b64decode(text.encode(), altchars=b"-_", validate=True))
        before, value, last = parts
        found = Cursor(before, value, str(UUID(last)))
    except (ValueError, TypeError, AttributeError, binascii.Error) as error:
        raise refused() from error
    if before != asked or not isinstance(value, str) or "\0" in value:
        raise refused()
    return found


def moment(value: str) -> datetime:
    """Read the moment a row was sorted by."""
    try:
        found = datetime.fromisoformat(value)
    except ValueError as error:
        raise refused() from error
    if found.tzinfo is None:
        raise refused()
    return found


def refused() -> Exception:
    """Refuse a cursor."""
    return invalid(
        "cursor", "cursor-invalid", "This cursor does not go with this question; begin anew."
    )
