"""The registries' stand-in, and our adapters to it, over real HTTP."""

import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import stamina

from enrichment.sample.company import Sampled, companies
from enrichment.sources.brreg import Brreg
from standins.testing import StandIn

# A folder named as the service's package is not found as one.
sys.path.append(str(Path(__file__).parent))
from cases import ROWS, SEED, quick


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
def short_waits() -> Iterator[None]:
    """Try again at once: how long a wait is, is not what is tested."""
    with stamina.set_testing(testing=True, attempts=4, cap=True):
        yield


@pytest.fixture
async def brreg(registries: StandIn, opened: AsyncExitStack) -> Brreg:
    """Return our adapter to Brønnøysundregistrene."""
    calls = quick("brreg", f"{registries.url}/enhetsregisteret/api")
    return Brreg(await opened.enter_async_context(calls))


@pytest.fixture
def norwegian() -> list[Sampled]:
    """Return the Norwegian companies of the sample."""
    return list(companies(SEED, "NO", ROWS // 3))
