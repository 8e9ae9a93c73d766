"""A machine of its own: `make run` as a process, which can be frozen and cut off from power."""

import json
import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.request import urlopen

from onebox.addresses import LOOPBACK, free_port
from onebox.program import Child, Program
from support.faults.frozen import family, send
from support.faults.place import Place

SABOTAGE = Path(__file__).parents[1] / "sabotage"
READY_SECONDS_MAX = 180.0
LOOK_SECONDS = 0.05


@dataclass(slots=True)
class Machine:
    """One home and what runs in it; the gateway keeps its port from one life to the next."""

    home: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    _process: Child | None = None

    def start(self) -> float:
        """Start everything; return how long it took until the gateway was ready."""
        began = time.monotonic()
        told = {
            "KUNDVAKT_HOME": str(self.home),
            "KUNDVAKT_HTTP_PORT": str(self.port),
            "KUNDVAKT_DEMO": "false",
            "KUNDVAKT_CREDIT_POLL_SECONDS": "0.25",
            "PYTHONPATH": str(SABOTAGE),
        }
        # On a leash: it does not outlive the tests, however those end.
        program = Program("machine", (sys.executable, "-m", "onebox"), {**told, **self.environment})
        self._process = Child(program, self.home.with_suffix(".log"))
        self._process.start({})
        while not self._ready():
            assert self._process.running, f"{self.home} ended: {self._process.last_words()}"
            assert time.monotonic() < began + READY_SECONDS_MAX, f"{self.home} is not ready"
            time.sleep(LOOK_SECONDS)
        return time.monotonic() - began

    @property
    def place(self) -> Place:
        """Return where it is reached."""
        urls = json.loads((self.home / "run.json").read_text())["urls"]
        return Place(urls["database"], urls["nats"], (urls["gateway"],), urls["creditsafe"])

    def crash(self, name: str) -> None:
        """Let a process end at once, without tidying up; it is started again by itself."""
        processes = json.loads((self.home / "run.json").read_text())["processes"]
        os.kill(processes[name], signal.SIGQUIT)

    def freeze(self) -> None:
        """Let nobody do anything any more; whoever answers clients first."""
        assert self._process
        processes = json.loads((self.home / "run.json").read_text())["processes"]
        send([self._process.pid, processes["gateway"]], signal.SIGSTOP)
        for _ in range(2):  # a server may have had another child meanwhile
            send(family([self._process.pid]), signal.SIGSTOP)

    def kill(self) -> None:
        """End everything at once, frozen or not."""
        if self._process is None:
            return
        everybody = family([self._process.pid])
        send(everybody, signal.SIGKILL)
        deadline = time.monotonic() + READY_SECONDS_MAX
        while self._process.running or any(Path(f"/proc/{pid}").exists() for pid in everybody):
            assert time.monotonic() < deadline, "somebody outlives being killed"
            time.sleep(LOOK_SECONDS)
        self._process = None

    def _ready(self) -> bool:
        if not (self.home / "run.json").exists():
            return False
        with (
            suppress(OSError),
            urlopen(f"http://{LOOPBACK}:{self.port}/readyz", timeout=2) as answer,
        ):
            return json.load(answer)["status"] == "ready"
        return False


@contextmanager
def machine(home: Path, **environment: str) -> Iterator[Machine]:
    """Run a machine for as long as the context lasts."""
    running = Machine(home, environment)
    try:
        running.start()
        yield running
    finally:
        running.kill()
