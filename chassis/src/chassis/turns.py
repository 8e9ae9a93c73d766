"""Taking turns: so many do something at once, and of those in line the latest goes first."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turns:
    """Room for so many at once.

    The latest first: where there are more than can be served in time, whoever has stood longest
    is about to give up, and those served in the order in which they came would all be served too
    late. While there is room for everybody, nobody stands in line.
    """

    def __init__(self, room: int) -> None:
        self._room = room
        self._line: list[asyncio.Future[None]] = []

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[None]:
        """Take a turn, waiting for it; whoever is cancelled in line leaves it."""
        if self._room:
            self._room -= 1
        else:
            await self._stand()
        try:
            yield
        finally:
            self._pass_on()

    async def _stand(self) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._line.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn in self._line:
                self._line.remove(turn)
            elif not turn.cancelled():  # given a turn in the very moment of giving up
                self._pass_on()
            raise

    def _pass_on(self) -> None:
        while self._line:
            turn = self._line.pop()
            if not turn.done():  # else its owner has given up, and is about to notice
                turn.set_result(None)
                return
        self._room += 1
