"""How a row is written."""

import json
from typing import Any


def json_row(row: dict[str, Any]) -> bytes:
    """Return a row as JSON, as compact as the registries write it."""
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode()
