"""Whoever fails again and again is left alone for a while, longer each time."""

import time
from collections import deque
from collections.abc import Callable

FAILURES_MAX = 5
"""In a row: transport, 5xx and garbage. What somebody means to say, 429 too, is none."""
LATEST, SHARE_MAX = 20, 0.5
"""Or half of the latest twenty: one that fails every other time is no better."""
PROBES = 2
"""Calls that must succeed before all are let through again."""
OPEN_SECONDS_FIRST, OPEN_SECONDS_MAX = 30.0, 600.0


class LeftAlone(Exception):
    """Nothing is asked for so many seconds."""

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds


class Breaker:
    """Closed; open after too many failures; then a few calls try whether it is over."""

    def __init__(
        self,
        name: str,
        clock: Callable[[], float] = time.monotonic,
        open_seconds: float = OPEN_SECONDS_FIRST,
    ) -> None:
        self._name = name
        self._clock = clock
        self._first = open_seconds
        self._begin()

    def _begin(self) -> None:
        self._in_a_row = 0
        self._latest: deque[bool] = deque(maxlen=LATEST)
        self._is_closed = True
        self._open_seconds = self._first
        self._open_until = 0.0
        self._trying = 0
        self._succeeded = 0

    @property
    def is_open(self) -> bool:
        """Say whether calls are refused at this moment."""
        return self._clock() < self._open_until

    @property
    def state(self) -> str:
        """Return `closed`, `open`, or `half-open` while a few calls try."""
        if self._is_closed:
            return "closed"
        return "open" if self.is_open else "half-open"

    def pass_through(self) -> None:
        """Let a call through, or raise `LeftAlone`; of those that wait, a few try."""
        if self._is_closed:
            return
        left = self._open_until - self._clock()
        if left > 0:
            raise LeftAlone(f"{self._name}: left alone for a while", left)
        self._trying += 1
        if self._trying >= PROBES:
            # Should one of them never come back, the next few try after as long again.
            self._trying = 0
            self._open_until = self._clock() + self._open_seconds

    def worked(self) -> None:
        """Note that there was an answer."""
        self._in_a_row = 0
        self._latest.append(True)
        if not self._is_closed:
            self._succeeded += 1
            if self._succeeded >= PROBES:
                self._begin()

    def failed(self) -> None:
        """Note that there was none."""
        self._in_a_row += 1
        self._latest.append(False)
        if not self._is_closed:
            self._open_seconds = min(OPEN_SECONDS_MAX, 2 * self._open_seconds)
            self._open()
        elif self._in_a_row >= FAILURES_MAX or self._fails_often():
            self._is_closed = False
            self._open()

    def _fails_often(self) -> bool:
        failures = len(self._latest) - sum(self._latest)
        return len(self._latest) == LATEST and failures >= SHARE_MAX * LATEST

    def _open(self) -> None:
        self._open_until = self._clock() + self._open_seconds
        self._trying = self._succeeded = 0
