"""How a row is written."""

from typing import Any

import orjson


def json_row(row: dict[str, Any]) -> bytes:
    """Return a row as JSON, as compact as the registries write it."""
    return orjson.dumps(row)
