"""Bodies of requests: read as strictly as JSON can be, with nothing coerced and nothing ignored."""

import json
import re
from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, TypeAdapter, WrapValidator
from pydantic_core import PydanticCustomError


class Body(BaseModel):
    """A body, or a part of one."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def strictly(form: Any) -> WrapValidator:
    """Read a body as the JSON it was: a text is no number, a number no truth, no timestamp."""
    adapter: TypeAdapter[Any] = TypeAdapter(form)

    def read(value: Any, _handler: Any) -> Any:
        try:
            text = json.dumps(value, allow_nan=False)
        except (TypeError, ValueError):
            raise PydanticCustomError("malformed", "This is not JSON.") from None
        return adapter.validate_json(text, strict=True)

    return WrapValidator(read)


def _written_out(value: Any) -> Any:
    """Let a number of seconds be no date."""
    if isinstance(value, str) and not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise PydanticCustomError("date", "Write a date as 2026-12-31.")
    return value


WrittenDate = Annotated[date, BeforeValidator(_written_out)]
"""A date in an address."""
