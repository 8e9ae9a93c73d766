"""Something under way that others may come in between, and that can end at any step."""

from collections.abc import Coroutine, Generator
from dataclasses import dataclass
from typing import Any


class _Pause:
    def __await__(self) -> Generator[None]:
        yield


PAUSE = _Pause()
"""Awaited wherever a process may be overtaken or die; the product's own coroutines run between."""


class Away(ConnectionError):
    """A server that does not answer: whoever asked begins anew."""


@dataclass(slots=True)
class Process:
    """A coroutine that is stepped by hand, without an event loop."""

    name: str
    service: str
    doing: Coroutine[Any, Any, Any]

    def step(self) -> bool:
        """Go on to the next pause; say whether there is more to do."""
        try:
            self.doing.send(None)
        except (StopIteration, Away):
            return False
        return True

    def end(self) -> None:
        """Go on to the end, with nobody in between."""
        step = self.doing.send
        try:
            while True:
                step(None)
        except (StopIteration, Away):
            return

    def die(self) -> None:
        """End where it is."""
        self.doing.close()


def at_once(doing: Coroutine[Any, Any, Any]) -> Any:
    """Run to the end what nobody can come in between: one transaction."""
    try:
        doing.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("a transaction let others in")
