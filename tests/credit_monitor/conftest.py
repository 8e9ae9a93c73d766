"""The stand-in bureau, our adapter to it, and the service on real servers."""

import asyncio
import itertools
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from chassis.failpoints import arm
from chassis.site import Site
from credit_monitor.app import service
from credit_monitor.bureaus.connect import Connect
from credit_monitor.bureaus.creditsafe import Creditsafe
from credit_monitor.bureaus.dnb import Dnb
from credit_monitor.bureaus.dnb_login import direct
from credit_monitor.bureaus.logins import MemoryLogins
from credit_monitor.bureaus.tic import Tic, lens
from onebox.testing import Installation, Servers
from standins.creditsafe.ratings import is_known, rating_of
from standins.testing import StandIn

# A folder named as the service's package is not found as one.
sys.path.append(str(Path(__file__).parent))
from archive import MemoryArchive
from office import Office

PACE = 10_000.0
"""Calls a second that tests may make of a stand-in, which has no limit of its own."""
NUMBERS = (str(n) for n in itertools.count(5_580_100_000))


@pytest.fixture(scope="session")
def bureau_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    """Run one stand-in for all tests that do not kill it."""
    with StandIn(tmp_path_factory.mktemp("creditsafe")) as running:
        yield running


@pytest.fixture
def bureau(bureau_process: StandIn) -> Iterator[StandIn]:
    """Return the stand-in, on its best behaviour."""
    bureau_process.control("DELETE", "faults")
    yield bureau_process
    bureau_process.control("DELETE", "faults")


@pytest.fixture
def numbers() -> Iterator[str]:
    """Return numbers the bureau knows and no other test uses, in the middle of its scale.

    Tests change ratings to the ends of it, and a change to what is there already is none.
    """
    return (
        number
        for number in NUMBERS
        if is_known("SE", number) and rating_of("SE", number).band in {"B", "C"}
    )


@pytest.fixture
def number(numbers: Iterator[str]) -> str:
    """Return one of them."""
    return next(numbers)


@pytest.fixture
async def connect(bureau: StandIn) -> AsyncIterator[Connect]:
    """Return a client of the stand-in."""
    async with Connect(bureau.url, "demo", "demo", MemoryLogins(), left_alone_seconds=0) as opened:
        yield opened


@pytest.fixture(scope="session")
def dnb_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    """Run one stand-in for D&B for all tests."""
    with StandIn(tmp_path_factory.mktemp("dnb"), provider="dnb") as running:
        yield running


@pytest.fixture
def dnb_bureau(dnb_process: StandIn) -> Iterator[StandIn]:
    """Return the stand-in for D&B, on its best behaviour."""
    dnb_process.control("DELETE", "faults")
    yield dnb_process
    dnb_process.control("DELETE", "faults")


@pytest.fixture(scope="session")
def tic_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    """Run one stand-in for TIC for all tests."""
    with StandIn(tmp_path_factory.mktemp("tic"), provider="tic") as running:
        yield running


@pytest.fixture
def tic_bureau(tic_process: StandIn) -> Iterator[StandIn]:
    """Return the stand-in for TIC, on its best behaviour."""
    tic_process.control("DELETE", "faults")
    yield tic_process
    tic_process.control("DELETE", "faults")


@pytest.fixture
async def tic(tic_bureau: StandIn, archive: MemoryArchive) -> AsyncIterator[Tic]:
    """Return our adapter to TIC, over real HTTP, which is told to push nowhere."""

    async def nowhere(_portfolio: str) -> None:
        """Say that we cannot be reached."""

    async with lens(
        tic_bureau.url, "demo", MemoryLogins(), left_alone_seconds=0, a_second=PACE
    ) as line:
        yield Tic(line, archive, nowhere)


@pytest.fixture
def archive() -> MemoryArchive:
    """Return what keeps answers for as long as a test lasts."""
    return MemoryArchive()


@pytest.fixture
async def dnb(dnb_bureau: StandIn, archive: MemoryArchive) -> AsyncIterator[Dnb]:
    """Return our adapter to D&B, over real HTTP."""
    line = direct(
        dnb_bureau.url, "demo", "demo", MemoryLogins(), left_alone_seconds=0, a_second=PACE
    )
    async with line:
        yield Dnb(line, archive)


@pytest.fixture
def creditsafe(connect: Connect) -> Creditsafe:
    """Return our adapter, over real HTTP."""
    return Creditsafe(connect)


@pytest.fixture(scope="session")
def installation(servers: Servers) -> Installation:
    """Install the service in databases of its own."""
    return asyncio.run(servers.install("credit", service))


@pytest.fixture
async def site(installation: Installation) -> AsyncIterator[Site]:
    """Open the service, with nothing left to do from other tests."""
    async with installation.site(service) as opened:
        await opened.pool.execute("DELETE FROM work")
        await opened.pool.execute(
            "UPDATE reconciliations SET slot = '2038-01-19', asked_at = NULL, leased_until = NULL"
        )
        await opened.pool.execute(
            "UPDATE accounts SET leased_until = NULL, login_refused_at = NULL, failures = 0"
        )
        yield opened


@pytest.fixture
async def office(
    site: Site, creditsafe: Creditsafe, bureau: StandIn, tenant: str
) -> AsyncIterator[Office]:
    """Return a tenant's dealings with the bureau."""
    last = await site.pool.fetchval("SELECT coalesce(max(position), 0) FROM events")
    yield Office(site, creditsafe, bureau, tenant, heard=last)
    arm("")
