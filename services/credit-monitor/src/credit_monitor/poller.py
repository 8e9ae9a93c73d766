"""Reads what the bureau tells of all our companies, again and again, one reader at a time.

How far it is stands in Postgres. Each reading begins some time before that, since notifications
are published late; what comes twice is known by its id. What is new, how far we are, and that
the companies concerned are to be looked at is kept in one transaction, or not at all.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from chassis.edge import new_id, now
from chassis.failpoints import reach
from chassis.postgres import TRANSIENT, heal
from chassis.site import Site
from chassis.tenancy import Connection, Pool
from credit_monitor import metrics, notices, work
from credit_monitor.bureaus.port import Bureau, Notice, Unavailable
from credit_monitor.leases import LEASE_SECONDS, LeaseLost, kept_up
from credit_monitor.settings import CreditSettings

log = structlog.get_logger()

LOOK_SECONDS_MAX = 0.25
DEEP_EVERY = timedelta(hours=1)
DEEP_OVERLAP = timedelta(days=1)
"""Once an hour a whole day is read again, for what is published very late."""
BACKOFF_SECONDS_MAX = 15.0
"""A bureau that is back is noticed soon; one reading is a small thing to ask."""
LEASE = """
UPDATE accounts SET fence = fence + 1, leased_until = now() + make_interval(secs => $2)
WHERE bureau = $1 AND next_poll_at <= now() AND (leased_until IS NULL OR leased_until < now())
RETURNING fence, cursor, deep_at, failures, now() AS begun
"""
MINE = "bureau = $1 AND fence = $2"


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading of notifications; whoever has raised the fence since has taken over."""

    fence: int
    cursor: datetime | None
    failures: int
    begun: datetime
    is_deep: bool


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

    def __init__(self, pool: Pool, bureau: Bureau, settings: CreditSettings) -> None:
        self._pool = pool
        self._bureau = bureau
        self._interval = timedelta(seconds=settings.credit_poll_seconds)
        self._overlap = timedelta(seconds=settings.credit_overlap_seconds)

    async def poll(self) -> bool:
        """Read what is new, if it is time and nobody else does; says whether it was read."""
        reading = await self._lease()
        if reading is None:
            return False
        try:
            async with kept_up(lambda: self._extend(reading)):
                since = read_from(reading.cursor, now(), self._overlap, deep=reading.is_deep)
                told = await self._bureau.notices(since)
                reach("credit-monitor.polled")
                await self._keep(reading, told)
        except Unavailable as error:
            log.warning("notifications not read", why=str(error))
            await self._put_off(reading, error.retry_after)
            return False
        except LeaseLost:
            return False
        reach("credit-monitor.notifications-stored")
        return True

    async def _lease(self) -> Reading | None:
        row = await self._pool.fetchrow(LEASE, self._bureau.name, LEASE_SECONDS)
        if row is None:
            return None
        begun = row["begun"]
        deep = is_deep(row["deep_at"], begun)
        return Reading(row["fence"], row["cursor"], row["failures"], begun, deep)

    async def _extend(self, reading: Reading) -> None:
        await self._pool.execute(
            "UPDATE accounts SET leased_until = now() + make_interval(secs => $3)"
            f" WHERE {MINE} AND leased_until IS NOT NULL",
            self._bureau.name,
            reading.fence,
            LEASE_SECONDS,
        )

    async def _keep(self, reading: Reading, told: Sequence[Notice]) -> None:
        """Keep what is new, and how far we are; rings for the companies concerned."""
        name = self._bureau.name
        async with self._pool.acquire() as connection, connection.transaction():
            await self._hold(connection, reading)
            fresh = await notices.store(connection, name, told)
            for tenant, company_id in sorted(set(fresh)):
                await work.touch(connection, tenant, company_id, new_id())
            await work.look_after_poll(connection, reading.begun)
            await connection.execute(
                "UPDATE accounts SET leased_until = NULL, failures = 0, polled_at = now(),"
                " cursor = greatest(cursor, $3), next_poll_at = $4,"
                " deep_at = CASE WHEN $5 THEN now() ELSE deep_at END"
                f" WHERE {MINE}",
                name,
                reading.fence,
                max((notice.published for notice in told), default=None),
                reading.begun + self._interval,
                reading.is_deep,
            )
            if reading.is_deep:
                await notices.prune(connection, name)
        metrics.NOTICES.inc(len(fresh))
        if fresh:
            log.info("the bureau tells", notifications=len(fresh), companies=len(set(fresh)))

    async def _hold(self, connection: Connection, reading: Reading) -> None:
        mine = await connection.fetchval(
            f"SELECT true FROM accounts WHERE {MINE} FOR UPDATE", self._bureau.name, reading.fence
        )
        if not mine:
            raise LeaseLost

    async def _put_off(self, reading: Reading, seconds: float | None) -> None:
        again = max(seconds or 0.0, min(BACKOFF_SECONDS_MAX, 2.0**reading.failures))
        await self._pool.execute(
            "UPDATE accounts SET leased_until = NULL, failures = least(failures + 1, 10),"
            f" next_poll_at = now() + $3 WHERE {MINE}",
            self._bureau.name,
            reading.fence,
            max(self._interval, timedelta(seconds=again)),
        )


async def poll_for_ever(site: Site, bureau: Bureau, settings: CreditSettings) -> None:
    """Read again and again; several replicas take turns as it happens."""
    poller = Poller(site.pool, bureau, settings)
    pause = min(LOOK_SECONDS_MAX, settings.credit_poll_seconds / 4)
    while True:
        try:
            if await poller.poll():
                site.changed.set()
        except TRANSIENT as error:
            log.warning("poll interrupted", error=repr(error))
            await heal(site.pool, error)
        await asyncio.sleep(pause)
