"""Steps that can be interrupted: a test names one, and the process dies, fails or freezes there.

`KUNDVAKT_FAILPOINT=name:nth:action` arms one point: at its nth passing the process kills itself
(`kill`), an error is raised (`raise`) or the process freezes until somebody continues it
(`pause`). Nothing is armed by default, and a passing then costs one comparison.
"""

import os
import signal

ENVIRONMENT = "KUNDVAKT_FAILPOINT"


class Failure(ConnectionError):
    """The error that an armed point raises; it counts as transient, like a lost connection."""


class _Armed:
    """The one armed point of this process, if any."""

    def __init__(self, setting: str) -> None:
        self.name, _, rest = setting.partition(":")
        nth, _, action = rest.partition(":")
        self.passings_left = int(nth or 1)
        self.action = action or "kill"

    def strike(self) -> None:
        """Count a passing, and act at the last one."""
        self.passings_left -= 1
        if self.passings_left:
            return
        if self.action == "raise":
            raise Failure(self.name)
        os.kill(os.getpid(), signal.SIGKILL if self.action == "kill" else signal.SIGSTOP)


_armed = _Armed(os.environ.get(ENVIRONMENT, ""))


def arm(setting: str) -> None:
    """Arm a point of this process; an empty setting disarms."""
    global _armed  # noqa: PLW0603 - one process, one armed point
    _armed = _Armed(setting)


def reach(name: str) -> None:
    """Pass a step that a test may interrupt."""
    if name == _armed.name:
        _armed.strike()
