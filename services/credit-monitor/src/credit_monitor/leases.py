"""Leases kept up while something takes its time."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import structlog

from chassis.postgres import TRANSIENT

log = structlog.get_logger()

LEASE_SECONDS = 4.0
"""How long nobody takes over what a dead process had in hand."""
EXTEND_SECONDS = 1.0
"""A lease outlives three missed extensions: a pause of the process, a slow database."""


class LeaseLost(Exception):
    """Somebody else has taken over; what was found out here is not to be written."""


@contextlib.asynccontextmanager
async def kept_up(extend: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Extend a lease again and again, for as long as the body runs."""

    async def again_and_again() -> None:
        while True:
            await asyncio.sleep(EXTEND_SECONDS)
            try:
                await extend()
            except TRANSIENT as error:
                log.warning("lease not extended", error=repr(error))

    keeper = asyncio.create_task(again_and_again())
    try:
        yield
    finally:
        keeper.cancel()
        # Awaiting it directly would mistake our own cancellation for its.
        await asyncio.wait([keeper])
