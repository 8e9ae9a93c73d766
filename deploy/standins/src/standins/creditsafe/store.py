"""What the stand-in must not forget, in one SQLite file."""

from pathlib import Path

from standins.store import Store

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


def opened(path: Path) -> Store:
    """Open the file."""
    return Store(path, SCHEMA)
