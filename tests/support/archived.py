"""A Postgres whose changes are archived, and what operators do with its backups."""

import asyncio
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg

from onebox.account import account
from onebox.home import Home
from onebox.postgres import SUPERUSER, Postgres, binaries
from onebox.program import Child
from onebox.testing import start
from support.box import eventually

ARCHIVED = """
SELECT coalesce((SELECT last_archived_wal >= $1 FROM pg_stat_archiver), false)
"""
ARCHIVE_SECONDS_MAX = 60.0


class ArchivedPostgres:
    """A server, its archive and its base backup, side by side."""

    def __init__(self, path: Path, home: Home) -> None:
        self.data = path / "data"
        self.archive = path / "archive"
        self.base = path / "base"
        self._log = path / "postgres.log"
        self._server = Postgres(self.data, home.password(SUPERUSER), self.archive)
        self._child = Child(self._server.program(), self._log)
        self.archive.mkdir(parents=True)
        _hand_over(self.archive)

    @property
    def url(self) -> str:
        """Return the administrator's URL."""
        return self._server.url()

    def start(self) -> None:
        """Start the server, on what there is or on a new cluster."""

        async def begin() -> None:
            await self._server.prepare()
            self._child = Child(self._server.program(), self._log)
            await start(self._child, self._child.program)

        asyncio.run(begin())

    def stop(self) -> None:
        """Stop the server."""
        asyncio.run(self._child.stop())
        self._server.close()

    def back_up(self) -> None:
        """Take a base backup and see that it is whole."""
        _run("pg_basebackup", "--dbname", self.url, "--checkpoint=fast", "--pgdata", self.base)
        _run("pg_verifybackup", "--quiet", self.base)

    def ask(self, sql: str, *values: Any) -> Any:
        """Ask the server something as its administrator."""

        async def ask() -> Any:
            connection = await asyncpg.connect(self.url)
            try:
                return await connection.fetchval(sql, *values)
            finally:
                await connection.close()

        return asyncio.run(ask())

    def archive_all(self) -> None:
        """Wait until everything written so far is in the archive."""
        segment = self.ask("SELECT pg_walfile_name(pg_switch_wal())")
        there = f"{segment} in the archive"
        eventually(lambda: self.ask(ARCHIVED, segment) or None, there, ARCHIVE_SECONDS_MAX)

    def destroy(self) -> None:
        """Lose the server and its disk."""
        self._child.signal(signal.SIGKILL)
        asyncio.run(self._child.ended())
        shutil.rmtree(self.data)

    def restore(self, target: Mapping[str, str]) -> None:
        """Put the base backup in place, let the archive be replayed up to a target, and start."""
        shutil.copytree(self.base, self.data)
        settings = {"restore_command": f"cp {self.archive}/%f %p", **target}
        with (self.data / "postgresql.auto.conf").open("a") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
        (self.data / "recovery.signal").touch()
        _hand_over(self.data)
        self.start()
        eventually(
            lambda: not self.ask("SELECT pg_is_in_recovery()") or None, "the end of recovery"
        )


@contextmanager
def archived_postgres(path: Path, home: Home) -> Iterator[ArchivedPostgres]:
    """Run a server with an archive."""
    server = ArchivedPostgres(path, home)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def _hand_over(path: Path) -> None:
    """Give a directory to the account that Postgres runs as where we are root."""
    path.chmod(0o700)
    owner = account()
    if owner:
        for one in (path, *path.rglob("*")):
            os.chown(one, owner.pw_uid, owner.pw_gid)


def _run(program: str, *words: str | Path) -> None:
    done = subprocess.run(  # noqa: S603 - our own programs
        [binaries() / program, *words], check=False, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
