"""A tenant's share of a process: so many requests in hand at once that others find room."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from gateway.problems import Refused

REQUESTS_MAX = 100
"""Of one tenant in one process: far more than its people ask for at a moment, and what waits
before anybody else's request is never more than this."""
IN_LINE_MAX = 500
"""Hundreds of typists have asked twice before their first letter is answered; these cost nothing
but a little memory until it is their turn."""
IN_LINE_SECONDS_MAX = 1.0
"""Whoever has not had a turn by then is better told so."""
RETRY_AFTER_SECONDS = 1


@dataclass(slots=True)
class _Share:
    """What a tenant has: room, and requests in hand or in line for it."""

    room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(REQUESTS_MAX))
    requests: int = 0


class Shares:
    """Counts each tenant's requests."""

    def __init__(self) -> None:
        self._of: dict[str, _Share] = {}

    @asynccontextmanager
    async def taken(self, tenant: str) -> AsyncIterator[None]:
        """Take one more request in hand meanwhile, in its turn; refuses one too many."""
        share = self._of.setdefault(tenant, _Share())
        if share.requests >= REQUESTS_MAX + IN_LINE_MAX:
            raise _refused()
        share.requests += 1
        try:
            await _turn(share.room)
            try:
                yield
            finally:
                share.room.release()
        finally:
            share.requests -= 1
            if not share.requests:
                del self._of[tenant]


async def _turn(room: asyncio.Semaphore) -> None:
    if not room.locked():
        await room.acquire()
        return
    try:
        async with asyncio.timeout(IN_LINE_SECONDS_MAX):
            await room.acquire()
    except TimeoutError:
        raise _refused() from None


def _refused() -> Refused:
    return Refused(
        "too-many-requests",
        f"At most {REQUESTS_MAX} requests are served at once; repeat this one a little"
        " later, with the same Idempotency-Key.",
        headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
    )
