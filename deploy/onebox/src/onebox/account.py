"""The system account that Postgres runs as where we are root: it refuses to run as root itself."""

import os
import pwd
import shutil
import subprocess
from pathlib import Path

from onebox.problems import CannotRunError

NAME = "kundvakt"
TRAVERSE = 0o001
READ_AND_RUN = 0o005


class AccountError(CannotRunError):
    """Postgres cannot be run as anybody but root here."""


def account() -> pwd.struct_passwd | None:
    """Return the account, made now if there was none; nothing where we are not root."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(NAME)
    except KeyError:
        return _make()


def open_way(path: Path) -> list[Path]:
    """Let others pass through, not list, the directories above a path; say which were shut."""
    shut = [above for above in path.resolve().parents if not above.stat().st_mode & TRAVERSE]
    for directory in shut:
        directory.chmod(directory.stat().st_mode | TRAVERSE)
    return shut


def check_open(program: Path) -> None:
    """Refuse a program that the account could not read and run."""
    if program.stat().st_mode & READ_AND_RUN != READ_AND_RUN:
        raise AccountError(
            f"{program} can be run by root alone, and Postgres refuses to run as root. Install"
            " again with 'umask 022', or run as an ordinary user."
        )


def _make() -> pwd.struct_passwd:
    useradd = shutil.which("useradd", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if useradd is None:
        raise AccountError(
            f"Postgres refuses to run as root, and there is no 'useradd' to make the account"
            f" {NAME!r} with. Make it by hand, or run as an ordinary user."
        )
    options = ("--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin")
    made = subprocess.run(  # noqa: S603 - our own words
        [useradd, *options, NAME], check=False, capture_output=True, text=True
    )
    try:
        return pwd.getpwnam(NAME)  # made by us, or by another run at the same time
    except KeyError:
        raise AccountError(f"The account {NAME!r} was not made: {made.stderr.strip()}") from None
