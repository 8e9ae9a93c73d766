"""Reads what each bureau tells of our companies, again and again, one reader an account at a time.

How far it is stands in Postgres. Each reading begins some time before that, since notifications
are published late; what comes twice is known by its id. What is new, how far we are, and that
the companies concerned are to be looked at is kept in one transaction, or not at all.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from chassis.edge import new_id, now
from chassis.failpoints import reach
from chassis.site import Site
from chassis.tenancy import Connection, Pool
from credit_monitor import metrics, work
from credit_monitor.bureaus.account import SHARED_DEFAULT, Account
from credit_monitor.bureaus.port import Batch, Reading, Unavailable
from credit_monitor.leases import LEASE_SECONDS, LeaseLost, kept_up
from credit_monitor.reaching import raw_answers
from credit_monitor.reaching.accounts import Accounts
from credit_monitor.reaching.rounds import Rounds
from credit_monitor.settings import CreditSettings
from credit_monitor.watching import listings, notices

log = structlog.get_logger()

LOOK_SECONDS_MAX = 0.25
DEEP_EVERY = timedelta(hours=1)
DEEP_OVERLAP = timedelta(days=1)
"""Once an hour a whole day is read again, for what is published very late."""
BACKOFF_SECONDS_MAX = 15.0
"""A bureau that is back is noticed soon; one reading is a small thing to ask."""
LEASE = """
WITH due AS (
  SELECT account, reading_since FROM accounts
  WHERE account = $1 AND next_poll_at <= now() AND (leased_until IS NULL OR leased_until < now())
  FOR UPDATE SKIP LOCKED
)
UPDATE accounts a SET fence = fence + 1, leased_until = now() + make_interval(secs => $2),
  reading_since = coalesce(a.reading_since, now())
FROM due WHERE a.account = due.account
RETURNING fence, cursor, deep_at, failures, now() AS begun, due.reading_since
"""
MINE = "account = $1 AND fence = $2"
DUE = """
SELECT account FROM accounts a
WHERE next_poll_at <= now() AND (leased_until IS NULL OR leased_until < now())
  AND NOT paused(account, '')
  AND (account = $1 OR EXISTS (SELECT FROM choices c WHERE c.account = a.account))
ORDER BY next_poll_at
"""
"""An account that no tenant uses any more is not read."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One reading of notifications; whoever has raised the fence since has taken over."""

    fence: int
    cursor: datetime | None
    failures: int
    begun: datetime
    is_deep: bool
    lost_since: datetime | None
    """When a reading began that never came to an end."""


def is_deep(deep_at: datetime | None, begun: datetime) -> bool:
    """Say whether it is time to read a whole day again."""
    return deep_at is None or begun - deep_at >= DEEP_EVERY


def read_from(
    cursor: datetime | None, begun: datetime, overlap: timedelta, *, deep: bool
) -> datetime:
    """Return from when to read, by the bureau's clock; the first time, a day back by ours."""
    if cursor is None:
        return begun.astimezone(UTC).replace(tzinfo=None) - DEEP_OVERLAP
    return cursor - (DEEP_OVERLAP if deep else overlap)


class Poller:
    """Reads one account's notifications."""

    def __init__(self, pool: Pool, account: Account, settings: CreditSettings) -> None:
        self._pool = pool
        self._account = account
        self._interval = timedelta(seconds=settings.credit_poll_seconds)
        self._overlap = timedelta(seconds=settings.credit_overlap_seconds)

    async def poll(self) -> bool:
        """Read what is new, if it is time and nobody else does; says whether it was read."""
        reading = await self._lease()
        if reading is None:
            return False
        try:
            async with kept_up(lambda: self._extend(reading)):
                told = await self._account.bureau.notices(await self._asked(reading))
                reach("credit-monitor.polled")
                await self._keep(reading, told)
        except Unavailable as error:
            log.warning("notifications not read", account=self._account.key, why=str(error))
            await self._put_off(reading, error.retry_after)
            return False
        except LeaseLost:
            return False
        reach("credit-monitor.notifications-stored")
        return True

    async def _lease(self) -> Turn | None:
        row = await self._pool.fetchrow(LEASE, self._account.key, LEASE_SECONDS)
        if row is None:
            return None
        begun = row["begun"]
        deep = is_deep(row["deep_at"], begun)
        return Turn(
            fence=row["fence"],
            cursor=row["cursor"],
            failures=row["failures"],
            begun=begun,
            is_deep=deep,
            lost_since=row["reading_since"],
        )

    async def _asked(self, turn: Turn) -> Reading:
        """Say what is to be read."""
        rows = await self._pool.fetch(
            "SELECT portfolio FROM portfolios WHERE account = $1 AND portfolio IS NOT NULL"
            " ORDER BY portfolio",
            self._account.key,
        )
        since: datetime | None = read_from(turn.cursor, now(), self._overlap, deep=turn.is_deep)
        if turn.cursor is None and turn.lost_since and self._account.bureau.can.reading_consumes:
            # The very first reading was lost: nobody knows how old what it read was.
            since = None
        return Reading(
            since=since,
            portfolios=[row["portfolio"] for row in rows],
            again=turn.is_deep or turn.lost_since is not None,
        )

    async def _extend(self, reading: Turn) -> None:
        await self._pool.execute(
            "UPDATE accounts SET leased_until = now() + make_interval(secs => $3)"
            f" WHERE {MINE} AND leased_until IS NOT NULL",
            self._account.key,
            reading.fence,
            LEASE_SECONDS,
        )

    async def _keep(self, reading: Turn, told: Batch) -> None:
        """Keep what is new, and how far we are; rings for the companies concerned."""
        name = self._account.key
        async with self._pool.acquire() as connection, connection.transaction():
            await self._hold(connection, reading)
            fresh = await notices.store(connection, name, told.notices)
            for one in told.moved:
                fresh += await listings.move(connection, name, one)
            for tenant, company_id in sorted(set(fresh)):
                await work.touch(connection, tenant, company_id, new_id())
            await raw_answers.settle(connection, told, is_news=bool(fresh))
            await work.look_after_poll(connection, name, reading.begun)
            await connection.execute(
                "UPDATE accounts SET leased_until = NULL, failures = 0, polled_at = now(),"
                " reading_since = NULL,"
                " cursor = greatest(cursor, $3), next_poll_at = $4,"
                " deep_at = CASE WHEN $5 THEN now() ELSE deep_at END"
                f" WHERE {MINE}",
                name,
                reading.fence,
                max((notice.published for notice in told.notices), default=None),
                reading.begun + self._interval,
                reading.is_deep,
            )
            if reading.is_deep:
                await notices.prune(connection, name)
        metrics.NOTICES.inc(len(fresh))
        if fresh:
            log.info("the bureau tells", notifications=len(fresh), companies=len(set(fresh)))

    async def _hold(self, connection: Connection, reading: Turn) -> None:
        mine = await connection.fetchval(
            f"SELECT true FROM accounts WHERE {MINE} FOR UPDATE", self._account.key, reading.fence
        )
        if not mine:
            raise LeaseLost

    async def _put_off(self, reading: Turn, seconds: float | None) -> None:
        again = max(seconds or 0.0, min(BACKOFF_SECONDS_MAX, 2.0**reading.failures))
        await self._pool.execute(
            "UPDATE accounts SET leased_until = NULL, failures = least(failures + 1, 10),"
            f" next_poll_at = now() + $3 WHERE {MINE}",
            self._account.key,
            reading.fence,
            max(self._interval, timedelta(seconds=again)),
        )


async def poll_for_ever(site: Site, accounts: Accounts, settings: CreditSettings) -> None:
    """Read again and again; several replicas take turns as it happens."""

    async def due() -> list[str]:
        return [row["account"] for row in await site.pool.fetch(DUE, SHARED_DEFAULT)]

    async def visit(account: Account) -> None:
        if await Poller(site.pool, account, settings).poll():
            site.changed.set()

    async def locked_out(key: str) -> None:
        log.warning("notifications not read: no credentials", account=key)
        put_off = "UPDATE accounts SET next_poll_at = now() + interval '1 hour' WHERE account = $1"
        await site.pool.execute(put_off, key)

    pause = min(LOOK_SECONDS_MAX, settings.credit_poll_seconds / 4)
    await Rounds(site, accounts, due, visit, locked_out).run(pause)
