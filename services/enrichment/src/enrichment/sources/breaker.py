"""A source that fails again and again is left alone for a while, longer each time."""

import time
from collections.abc import Callable

from enrichment.sources.port import Unavailable

FAILURES_MAX = 5
"""In a row: transport, 5xx and garbage. What a source means to say, 429 too, is none."""
OPEN_SECONDS_FIRST, OPEN_SECONDS_MAX = 30.0, 600.0


class Breaker:
    """Closed until there are too many failures; open; then one call tries whether it is over."""

    def __init__(self, name: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._name = name
        self._clock = clock
        self._failures = 0
        self._open_seconds = OPEN_SECONDS_FIRST
        self._open_until = 0.0

    @property
    def is_open(self) -> bool:
        """Say whether calls are refused at this moment."""
        return self._clock() < self._open_until

    def pass_through(self) -> None:
        """Let a call through, or raise `Unavailable`; of those that wait, one tries."""
        if self._failures < FAILURES_MAX:
            return
        left = self._open_until - self._clock()
        if left > 0:
            raise Unavailable(f"{self._name}: left alone after {self._failures} failures", left)
        self._open_until = self._clock() + self._open_seconds

    def worked(self) -> None:
        """Note that there was an answer."""
        self._failures = 0
        self._open_seconds = OPEN_SECONDS_FIRST
        self._open_until = 0.0

    def failed(self) -> None:
        """Note that there was none."""
        self._failures += 1
        if self._failures == FAILURES_MAX:
            self._open_until = self._clock() + self._open_seconds
        elif self._failures > FAILURES_MAX:
            self._open_seconds = min(OPEN_SECONDS_MAX, 2 * self._open_seconds)
            self._open_until = self._clock() + self._open_seconds
