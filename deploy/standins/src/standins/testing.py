"""A stand-in as a process of its own, for tests: started, killed, started again."""

import json
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Self

START_SECONDS_MAX = 20.0
LOOK_SECONDS = 0.05


class StandIn:
    """A provider, the bureau Creditsafe or another, standing in on a port of its own."""

    def __init__(self, folder: Path, *options: str, provider: str = "creditsafe") -> None:
        self._module = f"standins.{provider}"
        self._state = folder / f"{provider}.sqlite"
        self._log = folder / f"{provider}.log"
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    def __enter__(self) -> Self:
        """Start it."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Kill it."""
        self.kill()

    @property
    def url(self) -> str:
        """Return where it is."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def lines(self) -> list[str]:
        """Return all it has printed."""
        return self._log.read_text().splitlines()

    def start(self) -> None:
        """Start it, on the port it had before, if it had one."""
        before = len(self.lines) if self._log.exists() else 0
        command = [sys.executable, "-m", self._module, "--port", str(self.port)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                [*command, "--state", str(self._state), *self._options],
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + START_SECONDS_MAX
        while not self.port or not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("\n".join(self.lines))
            for line in self.lines[before:]:
                self.port = self.port or int(json.loads(line).get("url", ":0").rpartition(":")[2])
            time.sleep(LOOK_SECONDS)

    def kill(self) -> None:
        """Kill it with no warning."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """Ask it to stop; return what it says when it has."""
        return self._end(signal.SIGTERM)

    def control(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Use one of its own endpoints."""
        request = urllib.request.Request(  # noqa: S310 - our own process
            f"{self.url}/_control/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=START_SECONDS_MAX) as answer:  # noqa: S310
            return json.load(answer)

    def _end(self, sign: signal.Signals) -> int:
        if self._process is None:
            return 0
        self._process.send_signal(sign)
        return self._process.wait(START_SECONDS_MAX)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=1):  # noqa: S310
                return True
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            return False
