"""Remembers that a login was refused, so that nobody, not even after a restart, tries it again.

Bureaus lock an account after three wrong passwords. A refused password is therefore tried
again only after a long pause, or when another one has been set.
"""

import hashlib
import time
from typing import Protocol

from chassis.tenancy import Pool

PAUSE_SECONDS = 3600.0
"""At one try an hour somebody reads the alarm long before the third."""
FINGERPRINT_BYTES = 4
"""Enough to see that a password was changed, too little to guess it from."""


class Logins(Protocol):
    """What is remembered of refused logins; both kinds obey one contract suite."""

    async def wait(self, fingerprint: str) -> float:
        """Return for how many seconds these credentials must not be tried."""
        ...

    async def refused(self, fingerprint: str) -> None:
        """Remember that these credentials were refused just now."""
        ...


def fingerprint(username: str, password: str) -> str:
    """Return what tells one set of credentials from another."""
    salted = hashlib.blake2b(
        password.encode(), key=username.encode()[:64], digest_size=FINGERPRINT_BYTES
    )
    return salted.hexdigest()


class MemoryLogins:
    """Remembers for as long as the process lives."""

    def __init__(self, pause_seconds: float = PAUSE_SECONDS) -> None:
        self._pause = pause_seconds
        self._refused: dict[str, float] = {}

    async def wait(self, fingerprint: str) -> float:
        """Return for how many seconds these credentials must not be tried."""
        return max(0.0, self._refused.get(fingerprint, 0.0) - time.monotonic())

    async def refused(self, fingerprint: str) -> None:
        """Remember that these credentials were refused just now."""
        self._refused[fingerprint] = time.monotonic() + self._pause


class PostgresLogins:
    """Remembers across restarts and replicas."""

    def __init__(self, pool: Pool, account: str, pause_seconds: float = PAUSE_SECONDS) -> None:
        self._pool = pool
        self._account = account
        self._pause = pause_seconds

    async def wait(self, fingerprint: str) -> float:
        """Return for how many seconds these credentials must not be tried."""
        left = await self._pool.fetchval(
            "SELECT extract(epoch FROM login_refused_at - now())::float + $3 FROM accounts"
            " WHERE account = $1 AND login_refused_as = $2",
            self._account,
            fingerprint,
            self._pause,
        )
        return max(0.0, left or 0.0)

    async def refused(self, fingerprint: str) -> None:
        """Remember that these credentials were refused just now."""
        await self._pool.execute(
            "UPDATE accounts SET login_refused_at = now(), login_refused_as = $2"
            " WHERE account = $1",
            self._account,
            fingerprint,
        )
