"""Arming running processes by a file, counting their strikes, waking those that froze."""

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from chassis.failpoints import ENVIRONMENT, NOTES
from support.faults.tally import tally

LOOK_SECONDS = 0.05


class Arms:
    """The file that a box's processes read their failpoints from, and the one they note in."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self._file = folder / "failpoints"
        self._notes = folder / "failpoints.struck"
        self.disarm()

    @property
    def environment(self) -> dict[str, str]:
        """Return what the processes are told."""
        return {ENVIRONMENT: f"@{self._file}", NOTES: str(self._notes)}

    def arm(self, *points: str) -> None:
        """Arm these points and no others, in processes that run and in those to come."""
        fresh = self._file.with_suffix(".new")
        fresh.write_text("\n".join(points))
        fresh.replace(self._file)

    def disarm(self) -> Counter[str]:
        """Arm nothing; count what was struck since the last time, also for the session."""
        self.arm()
        lines = self.struck()
        kinds = Counter(f"failpoint {line.split()[0]}" for line in lines)
        for kind, many in kinds.items():
            tally.injected(kind, many)
        # Kept short: every process that starts reads it.
        self._notes.write_text("")
        return kinds

    def struck(self) -> list[str]:
        """Return the strikes since the last disarming: action, service, step, point."""
        return self._notes.read_text().splitlines() if self._notes.exists() else []


class Nurse:
    """Continues processes that froze, a set time after they did."""

    def __init__(self, processes: Callable[[], Mapping[str, int]], seconds: float) -> None:
        self._processes = processes
        self.seconds = seconds
        self.woken = 0
        self._stop = threading.Event()

    @contextmanager
    def on_duty(self) -> Iterator[None]:
        """Look after the processes meanwhile."""
        thread = threading.Thread(target=self._look, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join(5)
            self._wake(list(self._processes().values()))

    def _look(self) -> None:
        frozen: dict[int, float] = {}
        while not self._stop.wait(LOOK_SECONDS):
            pids = [pid for pid in self._processes().values() if is_frozen(pid)]
            frozen = {pid: frozen.get(pid, time.monotonic()) for pid in pids}
            due = [pid for pid, since in frozen.items() if time.monotonic() - since > self.seconds]
            self._wake(due)
            self.woken += len(due)

    def _wake(self, pids: list[int]) -> None:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def is_frozen(pid: int) -> bool:
    """Say whether a process is stopped."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].startswith("T")
    except OSError:
        return False
