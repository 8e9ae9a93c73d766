"""What a stand-in must not forget, in one SQLite file."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

BUSY_SECONDS = 5.0


class Store:
    """The file, opened by the one process that uses it; every call is short and synchronous."""

    def __init__(self, path: Path, schema: str) -> None:
        self._connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.executescript(schema)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @contextmanager
    def whole(self) -> Iterator[None]:
        """Do several things or none of them."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def rows(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        """Return rows."""
        return [dict(row) for row in self._connection.execute(sql, values)]

    def row(self, sql: str, *values: Any) -> dict[str, Any] | None:
        """Return one row, if there is one."""
        found = self.rows(sql, *values)
        return found[0] if found else None

    def run(self, sql: str, *values: Any) -> sqlite3.Cursor:
        """Change something."""
        return self._connection.execute(sql, values)

    def insert(self, sql: str, *values: Any) -> int:
        """Add a row; return its number."""
        return int(self.run(sql, *values).lastrowid or 0)

    def get(self, key: str) -> str | None:
        """Return a value kept under a key."""
        found = self.row("SELECT value FROM meta WHERE key = ?", key)
        return found["value"] if found else None

    def put(self, key: str, value: str) -> None:
        """Keep a value under a key."""
        self.run("INSERT OR REPLACE INTO meta VALUES (?, ?)", key, value)
