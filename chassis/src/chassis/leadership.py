"""One of several replicas does what must not be done twice at once: it holds a lock in Postgres.

The lock lives as long as its connection, so a leader that dies or is cut off loses it by itself.
A leader that was only frozen may wake up and go on for a moment: what it does is therefore also
guarded where it is done (positions compared and set, message ids).
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from hashlib import blake2b
from typing import Any

from chassis.postgres import TRANSIENT, connect

RETRY_SECONDS = 0.5
"""How long after a leader's death another one takes over, at most."""


async def still_leading(connection: Any) -> None:
    """Raise what a lost connection raises: its lock is another's by now."""
    await connection.fetchval("SELECT 1")


@asynccontextmanager
async def leading(url: str, name: str) -> AsyncIterator[Any]:
    """Wait to be the leader of `name`; yields the connection that holds the lock."""
    key = int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "big", signed=True)
    connection = await connect(url, name)
    try:
        # The lock is another process's: there is nothing to wait on but its end.
        while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", key):  # noqa: ASYNC110
            await asyncio.sleep(RETRY_SECONDS)
        yield connection
    finally:
        # Without a time limit a frozen server would keep us from stepping down; and what it then
        # raises must not take the place of the cancellation that ends us.
        with suppress(*TRANSIENT):
            await connection.close(timeout=1)
