"""The sources that this installation asks: those it has credentials for, and open ones it named."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from enrichment.settings import RegistrySettings
from enrichment.sources import brreg
from enrichment.sources.brreg import Brreg
from enrichment.sources.calls import Calls, client
from enrichment.sources.pace import Pace
from enrichment.sources.port import Source

_opened: list[Source] = []
"""What this process asks: one process, one set."""


def opened() -> Sequence[Source]:
    """Return the sources that are open in this process."""
    return tuple(_opened)


@asynccontextmanager
async def configured(settings: RegistrySettings) -> AsyncIterator[Sequence[Source]]:
    """Open the sources that are configured; none is by default."""
    async with AsyncExitStack() as stack:
        sources: list[Source] = []
        if Brreg.name in settings.registries_open:
            pace = Pace(brreg.A_SECOND, brreg.AT_ONCE)
            calls = Calls(Brreg.name, client(settings.brreg_url), pace)
            sources.append(Brreg(await stack.enter_async_context(calls)))
        _opened[:] = sources
        stack.callback(_opened.clear)
        yield sources
