"""A tenant's share of a process: so many requests in hand at once that others find room."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from gateway.problems import Refused

REQUESTS_MAX = 100
"""Of one tenant in one process: far more than its people ask for at a moment, and what waits
before anybody else's request is never more than this."""
RETRY_AFTER_SECONDS = 1


class Shares:
    """Counts each tenant's requests in hand."""

    def __init__(self) -> None:
        self._in_hand: Counter[str] = Counter()

    @contextmanager
    def taken(self, tenant: str) -> Iterator[None]:
        """Take one more request in hand meanwhile; refuses one too many."""
        if self._in_hand[tenant] >= REQUESTS_MAX:
            raise Refused(
                "too-many-requests",
                f"At most {REQUESTS_MAX} requests are served at once; repeat this one a little"
                " later, with the same Idempotency-Key.",
                headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
            )
        self._in_hand[tenant] += 1
        try:
            yield
        finally:
            self._in_hand[tenant] -= 1
            if not self._in_hand[tenant]:
                del self._in_hand[tenant]
