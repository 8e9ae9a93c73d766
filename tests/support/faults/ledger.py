"""What was asked and what came of it, kept outside the system and on disk before anything else."""

import asyncio
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import orjson

from chassis.edge import derived_id

GATHER_SECONDS = 0.005
"""Those who write something down within this time wait for one and the same turn of the disk."""
Said = Literal["ok", "refused", "unknown"]
"""Jepsen's three values: what is unknown may have happened or not, and nobody may guess."""


@dataclass(slots=True)
class Intent:
    """One command as a client meant it.

    `mark` stands in what it writes and nowhere else; `changes` says that it cannot be answered
    well without leaving an event.
    """

    key: str
    tenant: str
    method: str
    path: str
    body: Any = None
    match: str | None = None
    mark: str = ""
    changes: bool = False

    @property
    def command_id(self) -> UUID:
        """Return the id of the command that the gateway makes of it."""
        return derived_id(self.tenant, "key", self.key)


@dataclass(slots=True)
class Entry:
    """An intent, what was said of it the first time, and what in the end."""

    intent: Intent
    first: Said | None = None
    first_status: int = 0
    last: Said = "unknown"
    status: int = 0
    position: int | None = None
    code: str = ""
    answers: int = 0
    asked_at: float = field(default_factory=time.monotonic)
    seconds: float = 0.0
    """From the first time it was asked to the last answer."""
    body: dict[str, Any] = field(default_factory=dict)


class Ledger:
    """Intents and answers, on disk each: the intent before it is sent, the answer before it counts.

    Those who wait for the disk at the same time share a turn of it.
    """

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._entries: dict[str, Entry] = {}
        self._lines: list[bytes] = []
        self._round: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(list(self._entries.values()))

    async def intend(self, intent: Intent) -> Entry:
        """Write down what is about to be asked."""
        entry = self._entries[intent.key] = Entry(intent)
        await self._write({"intent": intent})
        return entry

    async def answered(self, entry: Entry, said: Said, status: int, body: dict[str, Any]) -> None:
        """Write down an answer, or that there was none; a settled entry stays settled."""
        entry.answers += 1
        entry.seconds = time.monotonic() - entry.asked_at
        if entry.first is None:
            entry.first, entry.first_status = said, status
        entry.last, entry.status = said, status
        entry.position = body.get("position")
        entry.code = str(body.get("code") or "")
        entry.body = body
        await self._write({"key": entry.intent.key, "said": said, "status": status, "body": body})

    def count(self, said: Said) -> int:
        """Return how many commands ended so."""
        return sum(entry.last == said for entry in self)

    @property
    def failed_first(self) -> list[Entry]:
        """Return the commands whose first answer was neither done nor refused."""
        return [entry for entry in self if entry.first == "unknown"]

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    async def _write(self, line: dict[str, Any]) -> None:
        self._lines.append(orjson.dumps(line))
        if self._round is None:
            self._round = asyncio.create_task(self._sync())
        await asyncio.shield(self._round)

    async def _sync(self) -> None:
        """Put on disk what was written down meanwhile, after whatever was before it."""
        await asyncio.sleep(GATHER_SECONDS)
        async with self._turn:
            lines, self._lines, self._round = self._lines, [], None
            await asyncio.to_thread(self._put, b"\n".join([*lines, b""]))

    def _put(self, lines: bytes) -> None:
        os.write(self._file, lines)
        os.fdatasync(self._file)
