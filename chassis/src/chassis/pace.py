"""How fast somebody may be asked: so many calls a second, and none while they want us to wait."""

import asyncio
import time

PATIENCE_SECONDS_MAX = 30.0
"""Whoever would have to wait longer is told so instead."""


class TooFast(Exception):
    """It would be so many seconds until the next call may be made."""

    def __init__(self, seconds: float) -> None:
        super().__init__("too many calls")
        self.seconds = seconds


class Pace:
    """A bucket that fills with one token every `1 / a_second` seconds, up to `at_once`."""

    def __init__(self, a_second: float, at_once: int) -> None:
        self._gap = 1 / a_second
        self._slack = self._gap * (at_once - 1)
        self._free_at = 0.0
        self._held_until = 0.0

    async def wait(self, patience_seconds: float = PATIENCE_SECONDS_MAX) -> None:
        """Take a token, waiting for it; raises `TooFast` where that would take too long."""
        now = time.monotonic()
        free_at = max(self._free_at, self._held_until, now - self._slack)
        seconds = free_at - now
        if seconds > patience_seconds:
            raise TooFast(seconds)
        self._free_at = free_at + self._gap
        if seconds > 0:
            await asyncio.sleep(seconds)

    def hold(self, seconds: float) -> None:
        """Send nothing for a while: they said so."""
        self._held_until = max(self._held_until, time.monotonic() + seconds)
