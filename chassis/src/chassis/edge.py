"""Where the outside world comes in: the one place that reads the clock and mints ids."""

import hashlib
import os
import time
from datetime import UTC, datetime
from uuid import UUID, uuid5

HOUSE = UUID("6f0e8d2c-3f2b-5a53-9d0e-6b756e647661")
"""The namespace of every id that is derived from another."""


def now() -> datetime:
    """Return the present moment, in UTC."""
    return datetime.now(UTC)  # noqa: TID251 - the one place that may


def new_id() -> UUID:
    """Mint a UUIDv7 (RFC 9562 §5.7): time-ordered, so that indexes grow at their end."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    high = random >> 62 & 0xFFF
    low = random & (1 << 62) - 1
    return UUID(int=milliseconds << 80 | 7 << 76 | high << 64 | 2 << 62 | low)


def derived_id(*parts: str | UUID) -> UUID:
    """Return the one id that goes with these parts: asking again gives it again."""
    return uuid5(HOUSE, "\x1f".join(str(part) for part in parts))


def fingerprint(*parts: bytes) -> str:
    """Return what stands for a wish: equal for equal wishes (SHA-256, hexadecimal)."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()
