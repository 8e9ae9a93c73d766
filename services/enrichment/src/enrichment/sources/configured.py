"""The sources that this installation asks: those it has credentials for, and open ones it named."""

import ssl
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from types import ModuleType
from typing import Any
from urllib.parse import urljoin

from chassis.pace import Pace
from enrichment.settings import RegistrySettings
from enrichment.sources import bolagsverket, brreg, cvr, gleif, prh, scb
from enrichment.sources.bolagsverket import Bolagsverket
from enrichment.sources.brreg import Brreg
from enrichment.sources.calls import Calls, Credentials, Openly, client
from enrichment.sources.cvr import Cvr
from enrichment.sources.gleif import Gleif
from enrichment.sources.port import Source
from enrichment.sources.prh import Prh
from enrichment.sources.scb import Scb
from enrichment.sources.tokens import ClientCredentials

_opened: list[Source] = []
"""What this process asks: one process, one set."""


def opened() -> Sequence[Source]:
    """Return the sources that are open in this process."""
    return tuple(_opened)


@asynccontextmanager
async def configured(settings: RegistrySettings) -> AsyncIterator[Sequence[Source]]:
    """Open the sources that are configured; none is by default."""
    made: list[Calls] = []

    def calls(
        of: ModuleType, url: str, credentials: Credentials | None = None, **more: Any
    ) -> Calls:
        name, pace = of.__name__.rpartition(".")[2], Pace(of.A_SECOND, of.AT_ONCE)
        made.append(Calls(name, client(url, **more), pace, credentials or Openly()))
        return made[-1]

    sources = list(_sources(settings, calls))
    async with AsyncExitStack() as stack:
        for each in made:
            await stack.enter_async_context(each)
        _opened[:] = sources
        stack.callback(_opened.clear)
        yield sources


def _sources(settings: RegistrySettings, calls: Callable[..., Calls]) -> Iterator[Source]:
    """Make the sources that are to be asked, a country's own before the world's."""
    if settings.bolagsverket_client_id:
        login = (
            settings.bolagsverket_client_id,
            settings.bolagsverket_client_secret.get_secret_value(),
        )
        door = calls(bolagsverket, urljoin(settings.bolagsverket_token_url, "."), auth=login)
        path = settings.bolagsverket_token_url.rpartition("/")[2]
        tokens = ClientCredentials(door, path, bolagsverket.SCOPE)
        files = calls(bolagsverket, settings.bolagsverket_files_url)
        yield Bolagsverket(calls(bolagsverket, settings.bolagsverket_url, tokens), files)
    if settings.scb_certificate:
        yield Scb(calls(scb, settings.scb_url, verify=_presenting(settings)))
    if Brreg.name in settings.registries_open:
        yield Brreg(calls(brreg, settings.brreg_url))
    if Prh.name in settings.registries_open:
        yield Prh(calls(prh, settings.prh_url))
    if settings.cvr_username:
        login = (settings.cvr_username, settings.cvr_password.get_secret_value())
        yield Cvr(calls(cvr, settings.cvr_url, auth=login))
    if Gleif.name in settings.registries_open:
        yield Gleif(calls(gleif, settings.gleif_url))


def _presenting(settings: RegistrySettings) -> ssl.SSLContext:
    """Return what shows our client certificate."""
    context = ssl.create_default_context(cafile=settings.scb_authority)
    context.load_cert_chain(str(settings.scb_certificate))
    return context
