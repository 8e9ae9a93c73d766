"""Log lines: one JSON object each, on standard output."""

import json
import logging
import sys
from typing import Any

from standins.creditsafe.clock import now


class Lines(logging.Formatter):
    """Writes the standard library's records, uvicorn's among them, the same way."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line."""
        return line(record.getMessage(), record.levelname.lower())


def line(event: str, level: str = "info", **fields: Any) -> str:
    """Return one line."""
    stamp = {"timestamp": now().isoformat(), "level": level, "logger": "creditsafe-standin"}
    return json.dumps({"event": event, **fields, **stamp}, default=str)


def log(event: str, **fields: Any) -> None:
    """Say what happened."""
    sys.stdout.write(line(event, **fields) + "\n")
    sys.stdout.flush()


def configure() -> None:
    """Send every logger of the process to standard output."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(Lines())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
