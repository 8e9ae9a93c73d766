"""How older events read today: pure functions from the old JSON to the next form's.

An event whose meaning changes gets a new version, and here a line from the old name to the
function that rewrites it; the old worked example moves to `examples/past/` and is read for ever.
"""

from collections.abc import Callable
from typing import Any

UPCASTS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {}
