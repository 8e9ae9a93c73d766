"""The registries' stand-in, and our adapters to it, over real HTTP."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest
import stamina

from chassis.failpoints import arm
from chassis.pace import Pace
from enrichment.app import service
from enrichment.load import load
from enrichment.sample.company import AS_OF, Sampled, companies
from enrichment.sources.bolagsverket import Bolagsverket
from enrichment.sources.brreg import Brreg
from enrichment.sources.calls import Calls, client
from enrichment.sources.cvr import Cvr
from enrichment.sources.gleif import Gleif
from enrichment.sources.prh import Prh
from enrichment.sources.scb import Scb
from enrichment.sources.tokens import ClientCredentials
from onebox.testing import Installation, Servers
from standins.testing import StandIn

# A folder named as the service's package is not found as one.
sys.path.append(str(Path(__file__).parent))
from cases import NORWEGIAN, SEED, quick
from following import Office


@pytest.fixture(scope="session")
def registries_process(
    tmp_path_factory: pytest.TempPathFactory, sample: list[Path]
) -> Iterator[StandIn]:
    """Run one stand-in on the sample for all tests that do not kill it."""
    folder = tmp_path_factory.mktemp("registries")
    with StandIn(folder, "--sample", str(sample[0].parent), provider="registries") as running:
        yield running


@pytest.fixture
def registries(registries_process: StandIn) -> Iterator[StandIn]:
    """Return the stand-in, on its best behaviour."""
    registries_process.control("DELETE", "faults")
    registries_process.control("DELETE", "calls")
    yield registries_process
    registries_process.control("DELETE", "faults")


@pytest.fixture
async def opened() -> AsyncIterator[AsyncExitStack]:
    """Close what a test opens."""
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Try again at once: how long a wait is, is not what is tested."""
    monkeypatch.setattr("enrichment.sources.calls.HOLD_SECONDS", 0.05)
    with stamina.set_testing(testing=True, attempts=4, cap=True):
        yield


@pytest.fixture
async def brreg(registries: StandIn, opened: AsyncExitStack) -> Brreg:
    """Return our adapter to Brønnøysundregistrene."""
    calls = quick("brreg", f"{registries.url}/enhetsregisteret/api")
    return Brreg(await opened.enter_async_context(calls))


@pytest.fixture
async def bolagsverket(registries: StandIn, opened: AsyncExitStack) -> Bolagsverket:
    """Return our adapter to Bolagsverket."""
    door = Calls("bolagsverket", client(registries.url, auth=("demo", "demo")), Pace(100, 100))
    tokens = ClientCredentials(door, "oauth2/token", "read")
    calls = replace(
        quick("bolagsverket", f"{registries.url}/vardefulla-datamangder/v1"), credentials=tokens
    )
    files = quick("bolagsverket", registries.url)
    for each in (door, calls, files):
        await opened.enter_async_context(each)
    return Bolagsverket(calls, files)


@pytest.fixture
async def scb(registries: StandIn, opened: AsyncExitStack) -> Scb:
    """Return our adapter to Statistics Sweden."""
    calls = quick("scb", f"{registries.url}/nv0101/v1/sokpavar")
    return Scb(await opened.enter_async_context(calls))


@pytest.fixture
async def prh(registries: StandIn, opened: AsyncExitStack) -> Prh:
    """Return our adapter to the Finnish register."""
    calls = quick("prh", f"{registries.url}/opendata-ytj-api/v3")
    return Prh(await opened.enter_async_context(calls))


@pytest.fixture
async def cvr(registries: StandIn, opened: AsyncExitStack) -> Cvr:
    """Return our adapter to the Danish register."""
    url = f"{registries.url}/cvr-permanent"
    calls = Calls("cvr", client(url, auth=("demo", "demo")), Pace(100, 100))
    return Cvr(await opened.enter_async_context(calls))


@pytest.fixture
async def gleif(registries: StandIn, opened: AsyncExitStack) -> Gleif:
    """Return our adapter to GLEIF."""
    calls = quick("gleif", f"{registries.url}/api/v1")
    return Gleif(await opened.enter_async_context(calls))


@pytest.fixture
def norwegian() -> list[Sampled]:
    """Return the Norwegian companies of the sample."""
    return list(companies(SEED, "NO", NORWEGIAN))


@pytest.fixture(scope="session")
def fed(servers: Servers, sample: list[Path]) -> Installation:
    """Load the sample into databases that feeds change."""

    async def install() -> Installation:
        installation = await servers.install("fed", service)
        url = servers.database_url("fed_enrichment", "fed_enrichment")
        await load(url, sample, "sample", AS_OF)
        return installation

    return asyncio.run(install())


@pytest.fixture
async def office(
    fed: Installation, brreg: Brreg, registries: StandIn, tenant: str
) -> AsyncIterator[Office]:
    """Return a tenant's office, with both feeds read to their ends."""
    async with fed.site(service) as site:
        office = Office(site, brreg, registries, tenant)
        await office.read()
        registries.control("DELETE", "calls")
        yield office
        arm("")
