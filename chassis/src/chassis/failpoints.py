"""Steps that can be interrupted: a test names them, and the process dies, fails or freezes there.

`KUNDVAKT_FAILPOINT` arms points, separated by commas: `name:nth:action`. At the nth passing the
process kills itself (`kill`), an error is raised (`raise`) or the process freezes until somebody
continues it (`pause`). A name may end in `*`. With `seed/rate` in the place of `nth`, each passing
is struck with that chance, by dice that the seed begins, and by one of several actions when they
are joined by `+`: `*:17/0.02:raise+pause`. With `service=` before it a point is that service's
alone.

`KUNDVAKT_FAILPOINT=@<file>` reads the points from a file, and again whenever it changes: processes
are armed and disarmed while they run. A counted point of a file strikes once, in whichever life of
whichever process comes first. Every strike is first written to `KUNDVAKT_FAILPOINT_NOTES`.

Nothing is armed by default, and a passing then costs one comparison.
"""

import os
import re
import signal
from dataclasses import dataclass
from pathlib import Path
from random import Random

ENVIRONMENT = "KUNDVAKT_FAILPOINT"
NOTES = "KUNDVAKT_FAILPOINT_NOTES"
ACTIONS = {"kill": signal.SIGKILL, "pause": signal.SIGSTOP}
FORM = re.compile(
    r"(?:(?P<service>[a-z-]+)=)?(?P<name>[^:=]+)(?::(?P<when>[0-9./]*))?(?::(?P<actions>[a-z+]*))?"
)


class Failure(ConnectionError):
    """The error that an armed point raises; it counts as transient, like a lost connection."""


@dataclass(slots=True)
class _Point:
    """One armed point; `rate` is the chance of each passing, where passings are not counted."""

    text: str
    name: str
    actions: list[str]
    passings_left: int
    rate: float
    dice: Random

    def strikes(self, name: str) -> bool:
        """Count a passing of a step, and say whether it is struck."""
        if name != self.name and not (self.name[-1] == "*" and name.startswith(self.name[:-1])):
            return False
        if self.rate:
            return self.dice.random() < self.rate
        self.passings_left -= 1
        return self.passings_left == 0


class _Armed:
    """The armed points of this process."""

    def __init__(self, setting: str) -> None:
        self._file = Path(setting[1:]) if setting.startswith("@") else None
        self._read_at: tuple[int, int] | None = None
        self._points = [] if self._file else _points(setting, noted=[])

    def passed(self, name: str) -> None:
        """Note a passing, and strike where it is to be struck."""
        if self._file is not None:
            self._look(self._file)
        for point in self._points:
            if point.strikes(name):
                _strike(name, point)

    def _look(self, file: Path) -> None:
        """Read the file where it was changed."""
        try:
            now = file.stat()
        except FileNotFoundError:
            self._points = []
            return
        written = (now.st_mtime_ns, now.st_ino)
        if written != self._read_at:
            self._read_at = written
            self._points = _points(file.read_text(), _noted())


def _points(setting: str, noted: list[str]) -> list[_Point]:
    """Return the points that are this process's; what has struck in another life is over."""
    found: list[_Point] = []
    for text in setting.replace("\n", ",").split(","):
        if not text.strip():
            continue
        form = FORM.fullmatch(text.strip())
        if form is None:
            raise ValueError(f"no failpoint: {text!r}")
        if form["service"] not in {None, _service}:
            continue
        seed, slash, rate = (form["when"] or "1").rpartition("/")
        if not slash and any(line.endswith(f" {form[0]}") for line in noted):
            continue
        found.append(
            _Point(
                text=form[0],
                name=form["name"],
                actions=(form["actions"] or "kill").split("+"),
                passings_left=0 if slash else int(rate or 1),
                rate=float(rate) if slash else 0.0,
                # Otherwise every life of a process would end at the same passing.
                dice=Random(f"{seed}:{_service}:{len(noted)}"),  # noqa: S311 - no secret
            )
        )
    return found


def _noted() -> list[str]:
    """Return the strikes written down so far."""
    notes = os.environ.get(NOTES)
    return Path(notes).read_text().splitlines() if notes and Path(notes).exists() else []


def _strike(name: str, point: _Point) -> None:
    """Write a strike down, so that it is known whatever follows, and act."""
    action = point.dice.choice(point.actions)
    if notes := os.environ.get(NOTES):
        file = os.open(notes, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(file, f"{action} {_service or '-'} {name} {point.text}\n".encode())
            os.fsync(file)
        finally:
            os.close(file)
    if action == "raise":
        raise Failure(name)
    os.kill(os.getpid(), ACTIONS[action])


_service: str | None = None
_armed: _Armed | None = None


def arm(setting: str) -> None:
    """Arm points of this process; an empty setting disarms."""
    global _armed  # noqa: PLW0603 - one process, one set of armed points
    _armed = _Armed(setting) if setting else None


def begin(service: str) -> None:
    """Say which service this process is, and arm what its environment says."""
    global _service  # noqa: PLW0603 - one process, one service
    _service = service
    arm(os.environ.get(ENVIRONMENT, ""))


def reach(name: str) -> None:
    """Pass a step that a test may interrupt."""
    if _armed:
        _armed.passed(name)


arm(os.environ.get(ENVIRONMENT, ""))
