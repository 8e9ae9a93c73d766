"""Everything the stand-in must not forget, in one SQLite file."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

BUSY_SECONDS = 5.0
SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS companies (
  country TEXT NOT NULL, number TEXT NOT NULL,
  score INTEGER, credit_limit INTEGER, old_score INTEGER, old_limit INTEGER, changed_at TEXT,
  PRIMARY KEY (country, number)
);
CREATE TABLE IF NOT EXISTS portfolios (
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, is_default INTEGER NOT NULL,
  emails TEXT NOT NULL, language TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS rules (
  portfolio_id INTEGER NOT NULL, country TEXT NOT NULL, code INTEGER NOT NULL,
  is_active INTEGER NOT NULL, param0 TEXT NOT NULL, param1 TEXT NOT NULL, param2 TEXT NOT NULL,
  PRIMARY KEY (portfolio_id, country, code)
);
CREATE TABLE IF NOT EXISTS members (
  portfolio_id INTEGER NOT NULL, company_id TEXT NOT NULL, country TEXT NOT NULL,
  number TEXT NOT NULL, reference TEXT NOT NULL, free_text TEXT NOT NULL,
  personal_limit TEXT NOT NULL, added_at TEXT NOT NULL,
  PRIMARY KEY (portfolio_id, company_id)
);
CREATE TABLE IF NOT EXISTS changes (
  id INTEGER PRIMARY KEY AUTOINCREMENT, country TEXT NOT NULL, number TEXT NOT NULL,
  at TEXT NOT NULL, old_score INTEGER, old_limit INTEGER, score INTEGER, credit_limit INTEGER
);
CREATE TABLE IF NOT EXISTS notifications (
  id INTEGER PRIMARY KEY AUTOINCREMENT, change_id INTEGER NOT NULL, portfolio_id INTEGER NOT NULL,
  company_id TEXT NOT NULL, rule_code INTEGER NOT NULL, rule_country TEXT NOT NULL,
  event_at TEXT NOT NULL, processed_at TEXT NOT NULL, visible_from REAL NOT NULL,
  old TEXT NOT NULL, new TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS reports (
  id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, country TEXT NOT NULL,
  number TEXT NOT NULL, call_ref TEXT NOT NULL
);
"""


class Store:
    """The file, opened by the one process that uses it; every call is short and synchronous."""

    def __init__(self, path: Path, schema: str = SCHEMA) -> None:
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
