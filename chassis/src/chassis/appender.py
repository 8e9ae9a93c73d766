"""Group commit: appends asked for at the same time share one call, one lock and one commit."""

import asyncio
from collections.abc import Sequence
from typing import Any, Protocol

import structlog

from chassis import metrics
from chassis.failpoints import reach
from chassis.kept import Outcome, Ready, Refusal
from chassis.postgres import connect, passes

log = structlog.get_logger()

BATCH_APPENDS_MAX = 256
"""Enough that a commit costs each little, few enough that none waits long."""
RETRY_SECONDS = (0.05, 0.1, 0.2, 0.4, 0.8)
"""A restarted Postgres is back within these; the asker's deadline is 2.5 s."""
ANSWER_SECONDS_MAX = 1.5
"""For one call; a connection that is silent for longer is given up while its asker still waits."""
CLOSE_SECONDS_MAX = 0.5
"""What is not committed by then was not answered either, and may be asked again."""
PLANS = {"plan_cache_mode": "force_generic_plan", "enable_seqscan": "off"}
"""Planning for every call costs more than the call. What is looked up by key stays looked up by
key, even by a plan made when the tables were empty."""
TOGETHER = (
    "SELECT outcome, answer::text, digest, holder FROM append_batch("
    "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)"
)
ALONE = (
    "SELECT outcome, answer::text, digest, holder FROM append_one("
    "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
)
REFUSED = "SELECT outcome, answer::text, digest, holder FROM refuse_batch($1, $2, $3, $4)"
BOTH = (
    f"{TOGETHER} UNION ALL"
    " SELECT outcome, answer::text, digest, holder FROM refuse_batch($21, $22, $23, $24)"
)
"""In one commit; the appends come first."""


class Fetches(Protocol):
    """A pool, or one connection."""

    async def fetch(self, query: str, *args: Any) -> list[Any]:
        """Return rows."""
        ...


def is_plain(ready: Ready) -> bool:
    """Say whether an append writes to its own stream alone, and claims one thing at most."""
    own = (ready.category, ready.stream, ready.version)
    return (
        len(ready.writes) <= 1
        and len(ready.claims) <= 1
        and all((one.category, one.stream, one.expected) == own for one in ready.writes)
        and all(stream == ready.stream for stream, _, _ in ready.claims)
    )


async def append_all(connection: Fetches, batch: Sequence[Ready | Refusal]) -> list[Outcome]:
    """Append for one or several callers in one call of the database, or note refusals."""
    ready = [one for one in batch if isinstance(one, Ready)]
    if len(ready) < len(batch):
        return await _with_refusals(connection, batch, ready)
    if len(ready) == 1 and is_plain(ready[0]):
        return await _append_one(connection, ready[0])
    rows = await connection.fetch(TOGETHER, *_columns(ready))
    return [Outcome(*row) for row in rows]


async def _with_refusals(
    connection: Fetches, batch: Sequence[Ready | Refusal], ready: Sequence[Ready]
) -> list[Outcome]:
    refused = [one for one in batch if isinstance(one, Refusal)]
    columns = (
        [one.tenant for one in refused],
        [one.command for one in refused],
        [one.digest for one in refused],
        [one.problem for one in refused],
    )
    rows = (
        await connection.fetch(BOTH, *_columns(ready), *columns)
        if ready
        else await connection.fetch(REFUSED, *columns)
    )
    appended, noted = iter(rows[: len(ready)]), iter(rows[len(ready) :])
    return [Outcome(*next(appended if isinstance(one, Ready) else noted)) for one in batch]


async def _append_one(connection: Fetches, ready: Ready) -> list[Outcome]:
    events = [event for write in ready.writes for event in write.events]
    _, kind, key = ready.claims[0] if ready.claims else (None, None, None)
    rows = await connection.fetch(
        ALONE,
        ready.tenant,
        ready.command,
        ready.digest,
        ready.category,
        ready.stream,
        ready.version,
        ready.created,
        ready.meta,
        [event[0] for event in events],
        [event[1] for event in events],
        [event[2] for event in events],
        kind,
        key,
    )
    return [Outcome(*row) for row in rows]


def _columns(batch: Sequence[Ready]) -> tuple[list[Any], ...]:
    """Return a batch as `append_batch` takes it."""
    writes = [(n, write) for n, ready in enumerate(batch, 1) for write in ready.writes]
    events = [event for _, write in writes for event in write.events]
    claims = [(n, claim) for n, ready in enumerate(batch, 1) for claim in ready.claims]
    return (
        [ready.tenant for ready in batch],
        [ready.command for ready in batch],
        [ready.digest for ready in batch],
        [ready.category for ready in batch],
        [ready.stream for ready in batch],
        [ready.version for ready in batch],
        [ready.created for ready in batch],
        [ready.meta for ready in batch],
        [n for n, _ in writes],
        [write.category for _, write in writes],
        [write.stream for _, write in writes],
        [write.expected for _, write in writes],
        [len(write.events) for _, write in writes],
        [event[0] for event in events],
        [event[1] for event in events],
        [event[2] for event in events],
        [n for n, _ in claims],
        [claim[0] for _, claim in claims],
        [claim[1] for _, claim in claims],
        [claim[2] for _, claim in claims],
    )


class Appender:
    """One connection that takes all that waits whenever it is free: no timer, no added delay."""

    def __init__(self, url: str, name: str) -> None:
        self._url = url
        self._name = name
        self._waiting: list[tuple[Ready | Refusal, asyncio.Future[Outcome]]] = []
        self._turn: asyncio.Task[None] | None = None
        self._connection: Any = None

    async def append(self, ready: Ready | Refusal) -> Outcome:
        """Append with whoever else is waiting; return what became of this one."""
        outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting.append((ready, outcome))
        if self._turn is None or self._turn.done():
            self._turn = asyncio.create_task(self._run())
        return await outcome

    async def close(self) -> None:
        """Finish what waits, but not for ever, then disconnect."""
        if self._turn is not None:
            await asyncio.wait([self._turn], timeout=CLOSE_SECONDS_MAX)
            self._turn.cancel()
        self._disconnect()

    async def _run(self) -> None:
        while self._waiting:
            batch = self._waiting[:BATCH_APPENDS_MAX]
            del self._waiting[:BATCH_APPENDS_MAX]
            if not await self._settle(batch):
                # One of them cannot be kept: the others shall not share its fate.
                for one in batch:
                    await self._settle([one])

    async def _settle(
        self, batch: Sequence[tuple[Ready | Refusal, "asyncio.Future[Outcome]"]]
    ) -> bool:
        """Tell each caller what became of its append; say whether that is known."""
        try:
            outcomes = await self._commit([ready for ready, _ in batch])
        except Exception as error:  # noqa: BLE001 - each caller gets it
            if len(batch) > 1 and not passes(error):
                return False
            for _, outcome in batch:
                if not outcome.done():
                    outcome.set_exception(error)
        else:
            for (_, outcome), result in zip(batch, outcomes, strict=True):
                if not outcome.done():
                    outcome.set_result(result)
        return True

    async def _commit(self, batch: Sequence[Ready | Refusal]) -> list[Outcome]:
        """Commit a batch; after a lost answer ask again, as commands are remembered."""
        for wait in (*RETRY_SECONDS, None):
            try:
                connection = await self._connected()
                reach("append.before-commit")
                async with asyncio.timeout(ANSWER_SECONDS_MAX):
                    outcomes = await append_all(connection, batch)
                reach("append.committed")
            except Exception as error:
                self._disconnect()
                if wait is None or not passes(error):
                    raise
                metrics.RETRIED.labels("append").inc()
                log.warning("append interrupted, asked again", error=repr(error))
                await asyncio.sleep(wait)
            else:
                metrics.BATCH.observe(len(batch))
                return outcomes
        raise AssertionError

    def _disconnect(self) -> None:
        """Let the connection go at once; what it was doing is undone or remembered."""
        if self._connection is not None:
            self._connection.terminate()
        self._connection = None

    async def _connected(self) -> Any:
        if self._connection is None or self._connection.is_closed():
            self._connection = await connect(self._url, f"{self._name}:append", **PLANS)
        return self._connection
