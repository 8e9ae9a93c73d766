"""A program and the child process it runs as: started on a leash, stopped with patience."""

import asyncio
import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

PASSED_ON = (
    *("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ"),
    *("LD_LIBRARY_PATH", "SSL_CERT_FILE", "SSL_CERT_DIR"),
)
"""What a child keeps of our own environment; everything else it is told by name."""
POLL_SECONDS = 0.05
LOG_BYTES_MAX = 10_000_000
"""A log and the one before it: at most twice this for each program."""
PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


async def nothing() -> None:
    """Do nothing before a start."""


async def at_once() -> bool:
    """Be ready as soon as it runs."""
    return True


@dataclass(frozen=True, slots=True)
class Program:
    """What to run, as whom, how to tell that it is ready, and how to stop it.

    `orphan_signal` is what it gets when the supervisor dies without having stopped it.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    ready: Callable[[], Awaitable[bool]] = at_once
    before: Callable[[], Awaitable[None]] = nothing
    account: pwd.struct_passwd | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    orphan_signal: signal.Signals = signal.SIGKILL
    stop_seconds_max: float = 3.0


class Child:
    """One program's process, and those it had before."""

    def __init__(self, program: Program, log: Path) -> None:
        self.program = program
        self.log = log
        self.once: Mapping[str, str] = {}
        """What only its next process is told."""
        self.deaths = 0
        """How often in a row it died young."""
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Return the process id; 0 before the first start."""
        return self._process.pid if self._process else 0

    @property
    def running(self) -> bool:
        """Say whether the process is alive."""
        return self._process is not None and self._process.poll() is None

    @property
    def failed(self) -> bool:
        """Say whether the process ended otherwise than well."""
        return self._process is not None and bool(self._process.returncode)

    @property
    def ending(self) -> str:
        """Say how the process ended, for people."""
        code = self._process.returncode if self._process else None
        if code is None:
            return "did not start"
        return f"killed by {signal.Signals(-code).name}" if code < 0 else f"ended with {code}"

    def start(self, extra: Mapping[str, str]) -> None:
        """Start it, in a process group of its own: Ctrl-C is for the supervisor to act on."""
        program = self.program
        own = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        as_whom = program.account
        with open(self.log, "ab", opener=_private) as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own programs
                program.command,
                env={**own, **program.environment, **extra},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=as_whom.pw_uid if as_whom else None,
                group=as_whom.pw_gid if as_whom else None,
                extra_groups=[] if as_whom else None,
                cwd="/",
                preexec_fn=_leash(program.orphan_signal),  # noqa: PLW1509 - one call, no locks
            )

    async def ended(self) -> None:
        """Wait until it has ended; looking is portable, and works in whatever loop."""
        while self.running:  # noqa: ASYNC110 - a process sets no asyncio.Event
            await asyncio.sleep(POLL_SECONDS)

    async def stop(self) -> None:
        """Ask it to end, and end it when it takes too long."""
        if not self.running:
            return
        self.signal(self.program.stop_signal)
        self.signal(signal.SIGCONT)
        try:
            async with asyncio.timeout(self.program.stop_seconds_max):
                await self.ended()
        except TimeoutError:
            self.signal(signal.SIGKILL)
            await self.ended()

    def signal(self, which: signal.Signals) -> None:
        """Send it a signal, if it is there to get one."""
        if self._process is not None:
            self._process.send_signal(which)

    def trim_log(self) -> None:
        """Begin the log anew when it has grown too large, keeping the one before."""
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES_MAX:
            shutil.copyfile(self.log, self.log.with_suffix(".log.1"))
            os.truncate(self.log, 0)

    def last_words(self, lines: int = 12) -> str:
        """Return the end of its log."""
        if not self.log.exists():
            return ""
        with self.log.open("rb") as log:
            log.seek(max(0, self.log.stat().st_size - 100 * lines))
            return "\n".join(log.read().decode(errors="replace").splitlines()[-lines:])


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _leash(orphan_signal: signal.Signals) -> Callable[[], None]:
    """Return what lets the kernel end a child whose supervisor is gone (Linux)."""
    parent = os.getpid()

    def tie() -> None:
        if _libc is not None:
            _libc.prctl(PR_SET_PDEATHSIG, int(orphan_signal))
            if os.getppid() != parent:
                os._exit(1)

    return tie
