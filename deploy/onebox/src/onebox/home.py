"""A home: the directory where one machine's Kundvakt keeps its data, its secret and its state."""

import fcntl
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from chassis import operator
from onebox.problems import CannotRunError

SECRET_BYTES = 32
PRIVATE = 0o600
ROOT_HOME = 0o711
"""Postgres, which does not run as root, has to get through to its own directory."""
OWN_HOME = 0o700


class HomeTakenError(CannotRunError):
    """Another run holds this home."""


class Home:
    """The layout of a home, and what is written straight into it."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self.postgres = self.path / "postgres"
        self.nats = self.path / "nats"
        self.logs = self.path / "logs"
        self.mail = self.path / "mail.sqlite"
        self.api_key = self.path / "api-key"
        self._secret = b""

    def bureau(self, name: str) -> Path:
        """Return where a stand-in bureau keeps what it knows."""
        return self.path / f"{name}.sqlite"

    @contextmanager
    def claimed(self) -> Iterator[None]:
        """Hold the home for this run alone; the lock goes with the process, however it ends."""
        if not self.path.exists():
            self.path.mkdir(parents=True, mode=OWN_HOME)
            if os.geteuid() == 0:
                self.path.chmod(ROOT_HOME)
        self.logs.mkdir(mode=OWN_HOME, exist_ok=True)
        lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, PRIVATE)
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise HomeTakenError(
                    f"Kundvakt already runs in {self.path} (process {_holder(lock)}). Stop it"
                    " first, or set KUNDVAKT_HOME to another directory."
                ) from None
            os.ftruncate(lock, 0)
            os.pwrite(lock, str(os.getpid()).encode(), 0)
            self.forget_run()
            yield
        finally:
            os.close(lock)

    def derive(self, label: str) -> str:
        """Return 64 hexadecimal digits that belong to a label and to this home alone."""
        return operator.derive(self.secret, label)

    def password(self, label: str) -> str:
        """Return the password of a database role or a NATS user."""
        return operator.password(self.secret, label)

    def note_run(self, processes: Mapping[str, int], urls: Mapping[str, str]) -> None:
        """Write what runs where; private, for the URLs hold the administrators' passwords."""
        state = {"supervisor": os.getpid(), "processes": processes, "urls": urls}
        write_private(self.path / "run.json", json.dumps(state, indent=2) + "\n")

    def forget_run(self) -> None:
        """Say that nothing runs."""
        (self.path / "run.json").unlink(missing_ok=True)

    @property
    def secret(self) -> bytes:
        """Return the secret, made at the first question."""
        path = self.path / "secret"
        if not self._secret:
            if not path.exists():
                write_private(path, secrets.token_hex(SECRET_BYTES))
            self._secret = path.read_text().encode()
        return self._secret


def write_private(path: Path, text: str) -> None:
    """Replace a file in one step, readable by nobody else; a reader never meets half of it."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    file = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
    with os.fdopen(file, "w") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(file)
    fresh.replace(path)


def _holder(lock: int) -> str:
    return os.pread(lock, 20, 0).decode() or "unknown"
