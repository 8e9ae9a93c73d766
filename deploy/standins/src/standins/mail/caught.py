"""The mails that were caught, and what is shown of them."""

import email
import email.policy
from email.message import EmailMessage
from typing import Any

from standins.creditsafe.clock import now
from standins.store import Store

LISTED_MAX = 200
"""As many as anybody scrolls through."""
KEPT_MAX = 5_000
"""The oldest go first."""
SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS mails (
  id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, sender TEXT NOT NULL,
  recipient TEXT NOT NULL, message_id TEXT NOT NULL, subject TEXT NOT NULL, raw TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS greylist (recipient TEXT PRIMARY KEY, tries INTEGER NOT NULL);
"""


def keep(store: Store, sender: str, recipient: str, raw: bytes) -> str:
    """Keep a mail; return its Message-ID."""
    message = read(raw.decode("latin-1"))
    known_by = str(message["Message-ID"] or "")
    store.run(
        "INSERT INTO mails (at, sender, recipient, message_id, subject, raw)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        now().isoformat(),
        sender,
        recipient,
        known_by,
        str(message["Subject"] or ""),
        raw.decode("latin-1"),
    )
    store.run(
        "DELETE FROM mails WHERE id <= (SELECT max(id) FROM mails) - ?",
        KEPT_MAX,
    )
    return known_by


def read(raw: str) -> EmailMessage:
    """Read a mail from its text, which is kept byte for byte as Latin-1."""
    found: Any = email.message_from_bytes(raw.encode("latin-1"), policy=email.policy.default)
    assert isinstance(found, EmailMessage)  # noqa: S101 - the policy makes such
    return found


def listed(store: Store) -> list[dict[str, Any]]:
    """Return the latest mails, the latest first."""
    return store.rows(
        "SELECT id, at, sender, recipient, message_id, subject FROM mails ORDER BY id DESC LIMIT ?",
        LISTED_MAX,
    )


def shown(store: Store, number: int) -> dict[str, Any] | None:
    """Return all of one mail."""
    rows = store.rows("SELECT * FROM mails WHERE id = ?", number)
    return opened(rows[0]) if rows else None


def opened(row: dict[str, Any]) -> dict[str, Any]:
    """Return a mail taken apart."""
    message = read(row["raw"])
    return {
        **{name: row[name] for name in ("id", "at", "sender", "recipient")},
        "message_id": row["message_id"],
        "subject": row["subject"],
        "headers": [[name, str(value)] for name, value in message.items()],
        "text": _part(message, "plain"),
        "html": _part(message, "html"),
    }


def _part(message: EmailMessage, kind: str) -> str | None:
    part: Any = message.get_body((kind,))
    return part.get_content().replace("\r\n", "\n") if part is not None else None
