"""Connections to Postgres, with the time-outs that keep a frozen server from freezing us."""

import asyncio
from typing import TYPE_CHECKING, Any

import asyncpg
import structlog

if TYPE_CHECKING:
    from chassis.tenancy import Pool

log = structlog.get_logger()

CONNECT_SECONDS_MAX = 3.0
COMMAND_SECONDS_MAX = 10.0
"""Above the longest read of a screen; what takes longer is work for a batch of its own."""
IDLE_SECONDS_MAX = 300.0
START_ATTEMPTS = 40
START_WAIT_SECONDS = 0.25
"""Ten seconds in all: services and their database may start at the same moment."""

TRANSIENT: tuple[type[Exception], ...] = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.LockNotAvailableError,
    asyncpg.InsufficientResourcesError,
    asyncpg.CannotConnectNowError,
    asyncpg.InterfaceError,
    # What asyncpg says of a connection whose server died in the middle of an answer.
    asyncpg.InternalClientError,
    asyncpg.InvalidCachedStatementError,
    ConnectionError,
    OSError,
    TimeoutError,
)
"""What goes away by itself: asking again is right, giving up is not."""
STALE_POOL = ("25006", "57P01", "57P02", "57P03")
"""The server was demoted or is going away: every connection of the pool leads to it."""


def passes(error: BaseException) -> bool:
    """Say whether an error goes away by itself."""
    return isinstance(error, TRANSIENT)


async def open_pool(url: str, size: int, name: str) -> "Pool":
    """Open a pool; waits a while for a server that is still starting."""
    for attempt in range(1, START_ATTEMPTS + 1):
        try:
            return await asyncpg.create_pool(
                url,
                min_size=min(2, size),
                max_size=size,
                timeout=CONNECT_SECONDS_MAX,
                command_timeout=COMMAND_SECONDS_MAX,
                max_inactive_connection_lifetime=IDLE_SECONDS_MAX,
                server_settings={"application_name": name, "jit": "off"},
                reset=_leave_as_it_is,
            )
        except TRANSIENT:
            if attempt == START_ATTEMPTS:
                raise
            await asyncio.sleep(START_WAIT_SECONDS)
    raise AssertionError


async def _leave_as_it_is(_connection: Any) -> None:
    """Spare each use of a pool a second query: what is set there, is set for a transaction.

    asyncpg itself ends a transaction that was left open, and forgets its listeners.
    """


async def connect(url: str, name: str, **settings: str) -> Any:
    """Open one connection of its own, for what must not share: appends, locks, listening."""
    return await asyncpg.connect(
        url,
        timeout=CONNECT_SECONDS_MAX,
        command_timeout=None if settings.get("statement_timeout") == "0" else COMMAND_SECONDS_MAX,
        server_settings={"application_name": name, "jit": "off", **settings},
    )


async def heal(pool: "Pool", error: BaseException) -> None:
    """Drop a pool's connections when they lead to a server that no longer takes writes."""
    if getattr(error, "sqlstate", None) in STALE_POOL:
        log.warning("database went away, connections renewed", error=str(error))
        await pool.expire_connections()
