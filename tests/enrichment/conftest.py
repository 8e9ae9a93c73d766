"""A small sample registry, loaded once for all tests that only read it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import pytest

from chassis.site import Site
from chassis.tenancy import Connection
from enrichment.app import service
from enrichment.load import load
from enrichment.sample.company import AS_OF
from enrichment.sample.files import write_sample
from onebox.testing import Installation, Servers

SEED = 7
ROWS = 1_500


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Write a small sample; return its files."""
    return write_sample(tmp_path_factory.mktemp("sample"), SEED, ROWS)


@pytest.fixture(scope="session")
def loaded(servers: Servers, sample: list[Path]) -> Installation:
    """Load the sample into databases of their own."""

    async def install() -> Installation:
        installation = await servers.install("reading", service)
        url = servers.database_url("reading_enrichment", "reading_enrichment")
        await load(url, sample, "sample", AS_OF)
        return installation

    return asyncio.run(install())


@pytest.fixture
async def site(loaded: Installation) -> AsyncIterator[Site]:
    """Open the service on the loaded sample."""
    async with loaded.site(service) as opened:
        yield opened


@pytest.fixture
async def connection(site: Site) -> AsyncIterator[Connection]:
    """Lend a connection of the service's own role."""
    async with site.pool.acquire() as lent:
        yield cast("Connection", lent)
