"""What is kept of a command: as it goes to the database, and what then became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Kept:
    """One write as it goes to the database: a stream, what it expects, its events as JSON."""

    category: str
    stream: UUID
    expected: int
    events: Sequence[tuple[UUID, str, str]]


@dataclass(frozen=True, slots=True)
class Ready:
    """An append with everything sealed, hashed and turned to JSON."""

    tenant: str
    command: UUID
    digest: bytes
    category: str
    stream: UUID
    version: int
    created: str
    meta: str
    writes: Sequence[Kept]
    claims: Sequence[tuple[UUID, str, bytes]]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A command that was refused, as it goes to the database: the problem as JSON."""

    tenant: str
    command: UUID
    digest: bytes
    problem: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one append: `added`, `refused`, `again`, `claimed` or `conflict`."""

    outcome: str
    answer: str | None
    digest: bytes | None
    holder: UUID | None
