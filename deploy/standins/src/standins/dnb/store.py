"""What the stand-in must not forget, in one SQLite file."""

from pathlib import Path

from standins.store import Store

SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS companies (
  country TEXT NOT NULL, number TEXT NOT NULL, duns TEXT NOT NULL UNIQUE,
  grade TEXT, percentile INTEGER, credit_limit INTEGER, changed_at TEXT,
  PRIMARY KEY (country, number)
);
CREATE TABLE IF NOT EXISTS registrations (reference TEXT PRIMARY KEY, description TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS subjects (
  reference TEXT NOT NULL, duns TEXT NOT NULL, visible_from REAL NOT NULL,
  PRIMARY KEY (reference, duns)
);
CREATE TABLE IF NOT EXISTS changes (
  id INTEGER PRIMARY KEY AUTOINCREMENT, country TEXT NOT NULL, number TEXT NOT NULL,
  at TEXT NOT NULL, old_grade TEXT, old_percentile INTEGER, grade TEXT, percentile INTEGER
);
CREATE TABLE IF NOT EXISTS queue (
  id INTEGER PRIMARY KEY AUTOINCREMENT, reference TEXT NOT NULL, body TEXT NOT NULL,
  delivered REAL NOT NULL, visible_from REAL NOT NULL, read_at REAL
);
CREATE TABLE IF NOT EXISTS reports (
  id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, country TEXT NOT NULL,
  number TEXT NOT NULL, call_ref TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS reads (id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL);
"""


def opened(path: Path) -> Store:
    """Open the file."""
    return Store(path, SCHEMA)
