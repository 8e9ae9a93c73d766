"""What the stand-in must not forget, in one SQLite file."""

from pathlib import Path

from standins.store import Store

SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS companies (
  id INTEGER PRIMARY KEY AUTOINCREMENT, number TEXT NOT NULL UNIQUE, score INTEGER, changed_at TEXT
);
CREATE TABLE IF NOT EXISTS watchlists (id TEXT PRIMARY KEY, name TEXT NOT NULL, destination TEXT);
CREATE TABLE IF NOT EXISTS subscriptions (
  watchlist TEXT NOT NULL, kind TEXT NOT NULL, PRIMARY KEY (watchlist, kind)
);
CREATE TABLE IF NOT EXISTS members (
  id INTEGER PRIMARY KEY AUTOINCREMENT, watchlist TEXT NOT NULL, company INTEGER NOT NULL,
  external TEXT NOT NULL, UNIQUE (watchlist, company)
);
CREATE TABLE IF NOT EXISTS events (
  id INTEGER PRIMARY KEY AUTOINCREMENT, watchlist TEXT NOT NULL, member INTEGER NOT NULL,
  company INTEGER NOT NULL, external TEXT NOT NULL, kind TEXT NOT NULL, at TEXT NOT NULL,
  updated TEXT NOT NULL, visible_from REAL NOT NULL, pushes INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS changes (
  id INTEGER PRIMARY KEY AUTOINCREMENT, country TEXT NOT NULL, number TEXT NOT NULL,
  at TEXT NOT NULL, old_score INTEGER, score INTEGER
);
CREATE TABLE IF NOT EXISTS reports (
  id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, country TEXT NOT NULL,
  number TEXT NOT NULL, call_ref TEXT NOT NULL
);
"""


def opened(path: Path) -> Store:
    """Open the file."""
    return Store(path, SCHEMA)
