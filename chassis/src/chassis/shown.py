"""What this process's own projector has folded: readers here wait without asking the database."""

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress


class Shown:
    """How far each read model goes: up to which position of each source."""

    def __init__(self) -> None:
        self.leads = False
        """Whether the projector is in this process; elsewhere only the database knows."""
        self._upto: dict[str, Mapping[str, int]] = {}
        self._moved = asyncio.Event()

    def moved(self, read_models: Iterable[str], heard: Mapping[str, int]) -> None:
        """Note that all that was heard shows in these read models; ring for whoever waits."""
        self._upto.update(dict.fromkeys(read_models, heard))
        self._moved.set()

    def upto(self, read_model: str, source: str) -> int:
        """Return up to which position of a source all shows, as far as is known here."""
        return self._upto.get(read_model, {}).get(source, 0)

    async def wait(self, seconds: float) -> None:
        """Wait until a read model moves, or for a while."""
        self._moved.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._moved.wait()
