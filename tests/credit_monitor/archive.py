"""Answers kept in memory: what `RawAnswers` promises, without a database."""

from collections.abc import Sequence
from uuid import UUID

from chassis.edge import new_id
from credit_monitor.bureaus.port import Batch, Unread


class MemoryArchive:
    """Keeps answers for as long as the process lives."""

    def __init__(self) -> None:
        self.reports: list[tuple[tuple[str, UUID], bytes]] = []
        self.answers: dict[UUID, Unread] = {}
        self.read: set[UUID] = set()

    async def keep_report(self, ours: tuple[str, UUID], body: bytes) -> UUID:
        """Keep a report."""
        self.reports.append((ours, body))
        return new_id()

    async def keep_notifications(self, portfolio: str | None, body: bytes) -> UUID:
        """Keep notifications."""
        answer = new_id()
        self.answers[answer] = Unread(answer, portfolio, body)
        return answer

    async def unread(self) -> Sequence[Unread]:
        """Return what was kept and not made sense of."""
        return [one for key, one in self.answers.items() if key not in self.read]

    def settle(self, batch: Batch) -> None:
        """Note what was made sense of."""
        self.read |= {*batch.raw, *batch.unreadable}
