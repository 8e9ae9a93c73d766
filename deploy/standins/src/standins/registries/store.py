"""What the registries have, in one SQLite file: documents as they are published, and feeds."""

import json
from pathlib import Path
from typing import Any

from standins.store import Store

SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS documents (
  kind TEXT NOT NULL, number TEXT NOT NULL, parent TEXT, name TEXT NOT NULL COLLATE NOCASE,
  state TEXT NOT NULL DEFAULT 'present', document TEXT NOT NULL,
  PRIMARY KEY (kind, number)
);
CREATE INDEX IF NOT EXISTS documents_names ON documents (kind, name);
CREATE INDEX IF NOT EXISTS documents_parents ON documents (kind, parent);
CREATE TABLE IF NOT EXISTS feed (
  id INTEGER PRIMARY KEY, kind TEXT NOT NULL, at TEXT NOT NULL, number TEXT NOT NULL,
  what TEXT NOT NULL, patch TEXT
);
CREATE TABLE IF NOT EXISTS calls (id INTEGER PRIMARY KEY AUTOINCREMENT, path TEXT NOT NULL);
"""
Document = dict[str, Any]


def opened(path: Path) -> Store:
    """Open the file."""
    return Store(path, SCHEMA)


def keep(
    store: Store,
    kind: str,
    number: str,
    document: Document,
    *,
    name: str,
    parent: str | None = None,
) -> None:
    """Keep a document in its present form."""
    store.run(
        "INSERT OR REPLACE INTO documents (kind, number, parent, name, document)"
        " VALUES (?, ?, ?, ?, ?)",
        kind,
        number,
        parent,
        name,
        json.dumps(document, ensure_ascii=False),
    )


def state_of(store: Store, kind: str, number: str) -> str | None:
    """Return whether a document is present, deleted or removed; nothing if it never was."""
    row = store.row("SELECT state FROM documents WHERE kind = ? AND number = ?", kind, number)
    return row["state"] if row else None


def document(store: Store, kind: str, number: str) -> Document | None:
    """Return a document, whatever its state."""
    row = store.row("SELECT document FROM documents WHERE kind = ? AND number = ?", kind, number)
    return json.loads(row["document"]) if row else None


def mark(store: Store, kind: str, number: str, state: str) -> None:
    """Say that a document is no longer present."""
    store.run("UPDATE documents SET state = ? WHERE kind = ? AND number = ?", state, kind, number)


def of_parent(store: Store, kind: str, parent: str) -> list[Document]:
    """Return the present documents below another."""
    rows = store.rows(
        "SELECT document FROM documents WHERE kind = ? AND parent = ? AND state = 'present'"
        " ORDER BY number",
        kind,
        parent,
    )
    return [json.loads(row["document"]) for row in rows]


def named(store: Store, kind: str, typed: str, *, anywhere: bool = False) -> list[Document]:
    """Return the present documents whose name begins as typed, or has it anywhere."""
    pattern = typed.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    rows = store.rows(
        "SELECT document FROM documents WHERE kind = ? AND state = 'present'"
        " AND name LIKE ? ESCAPE '\\' ORDER BY name, number",
        kind,
        f"%{pattern}" if anywhere else pattern,
    )
    return [json.loads(row["document"]) for row in rows]
