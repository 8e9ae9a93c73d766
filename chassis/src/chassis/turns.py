"""Taking turns: so many do something at once, and where that takes long the latest goes first."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

FAIR_SECONDS_MAX = 0.5
"""As long as nobody has stood longer, everybody is served in good time in the order of coming."""


@dataclass(slots=True, eq=False)
class _Standing:
    """Somebody in line."""

    turn: "asyncio.Future[None]"
    since: float


class Turns:
    """Room for so many at once; the others stand in line.

    Where there are more than can be served in time, whoever has stood longest is about to give up,
    and those served in the order in which they came would all be served too late: then the latest
    goes first. While there is room for everybody, nobody stands in line.
    """

    def __init__(self, room: int) -> None:
        self._room = room
        self._line: deque[_Standing] = deque()

    @asynccontextmanager
    async def taken(self, seconds_max: float | None = None) -> AsyncIterator[None]:
        """Take a turn, waiting for it; whoever is cancelled in line leaves it.

        Raises `TimeoutError` where that takes too long.
        """
        if self._room:
            self._room -= 1
        else:
            async with asyncio.timeout(seconds_max):
                await self._stand()
        try:
            yield
        finally:
            self._pass_on()

    async def _stand(self) -> None:
        own = _Standing(asyncio.get_running_loop().create_future(), time.monotonic())
        self._line.append(own)
        try:
            await own.turn
        except asyncio.CancelledError:
            if own in self._line:
                self._line.remove(own)
            elif not own.turn.cancelled():  # given a turn in the very moment of giving up
                self._pass_on()
            raise

    def _pass_on(self) -> None:
        while self._line:
            turn = self._next().turn
            if not turn.done():  # else its owner has given up, and is about to notice
                turn.set_result(None)
                return
        self._room += 1

    def _next(self) -> _Standing:
        """Return who is to go: the first of a line that moves, the latest of one that does not."""
        if time.monotonic() - self._line[0].since <= FAIR_SECONDS_MAX:
            return self._line.popleft()
        return self._line.pop()
