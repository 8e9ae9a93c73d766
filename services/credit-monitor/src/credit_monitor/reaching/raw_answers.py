"""The table `raw_answers`: what bureaus answered, as it came, sealed and kept for a while.

A report is sealed under its company's own key: whoever erases the company erases its reports.
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from chassis.decider import Rejected
from chassis.edge import derived_id, new_id, now
from chassis.keys import KeyRing
from chassis.sealing import open_bytes, seal_bytes
from chassis.tenancy import Connection, Pool
from credit_monitor.bureaus.account import parts_of
from credit_monitor.bureaus.port import Batch, Unread

NOBODY = "shared-accounts"
"""Under whose keys answers are kept that are about several tenants' companies."""
UNREAD_MAX = 100
"""What a process left behind that died between reading and keeping: one reading's."""
EXPIRE_AT_ONCE = 1_000


class RawAnswers:
    """Keeps the answers of one account."""

    def __init__(self, pool: Pool, keys: KeyRing, account: str, kept_days: int) -> None:
        self._pool = pool
        self._keys = keys
        self._account = account
        self._kept = timedelta(days=kept_days)
        self._owner = parts_of(account)[1] or NOBODY

    async def keep_report(self, ours: tuple[str, UUID], body: bytes) -> UUID:
        """Keep a report."""
        tenant, company_id = ours
        answer = new_id()
        try:
            sealed = await seal_bytes(self._keys, tenant, company_id, _bound(answer), body)
        except Rejected:
            # The company was erased while the bureau was asked about it.
            return answer
        await self._pool.execute(
            "INSERT INTO raw_answers"
            " (id, tenant_id, account, kind, company_id, expires_at, read_at, sealed)"
            " VALUES ($1, $2, $3, 'report', $4, $5, now(), $6)",
            answer,
            tenant,
            self._account,
            company_id,
            now() + self._kept,
            sealed,
        )
        return answer

    async def keep_notifications(self, portfolio: str | None, body: bytes) -> UUID:
        """Keep notifications; of one portfolio, or of all that the account has."""
        answer = new_id()
        sealed = await seal_bytes(self._keys, self._owner, self._subject, _bound(answer), body)
        await self._pool.execute(
            "INSERT INTO raw_answers"
            " (id, tenant_id, account, kind, portfolio, expires_at, sealed)"
            " VALUES ($1, $2, $3, 'notifications', $4, $5, $6)",
            answer,
            self._owner,
            self._account,
            portfolio,
            now() + self._kept,
            sealed,
        )
        return answer

    async def unread(self) -> Sequence[Unread]:
        """Return the notifications that were kept and not made sense of, oldest first."""
        rows = await self._pool.fetch(
            "SELECT id, portfolio, sealed FROM raw_answers"
            " WHERE account = $1 AND read_at IS NULL ORDER BY received_at, id LIMIT $2",
            self._account,
            UNREAD_MAX,
        )
        opened = [
            (row, await self.opened(self._owner, self._subject, row["id"], row["sealed"]))
            for row in rows
        ]
        return [Unread(row["id"], row["portfolio"], body) for row, body in opened if body]

    async def opened(self, tenant: str, subject: UUID, answer: UUID, sealed: bytes) -> bytes | None:
        """Return an answer as it came, or nothing once its company has been erased."""
        return await open_bytes(self._keys, tenant, subject, _bound(answer), sealed)

    @property
    def _subject(self) -> UUID:
        return derived_id("raw-answers", self._account)


def _bound(answer: UUID) -> str:
    return f"raw-answer|{answer}"


async def settle(connection: Connection, read: Batch, *, is_news: bool) -> None:
    """Note that answers were made sense of; those that told nothing new are not kept."""
    kept = [*read.unreadable, *(read.raw if is_news else ())]
    if kept:
        await connection.execute("UPDATE raw_answers SET read_at = now() WHERE id = ANY($1)", kept)
    if read.raw and not is_news:
        await connection.execute("DELETE FROM raw_answers WHERE id = ANY($1)", list(read.raw))


async def expire(pool: Pool) -> int:
    """Forget what was kept long enough; returns how many answers that were."""
    gone = await pool.execute(
        "DELETE FROM raw_answers WHERE id IN"
        " (SELECT id FROM raw_answers WHERE expires_at <= $1 LIMIT $2)",
        now(),
        EXPIRE_AT_ONCE,
    )
    return int(gone.rpartition(" ")[2])
