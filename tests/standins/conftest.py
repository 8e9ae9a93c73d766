"""The stand-in bureau, as a process of its own, and a client that is logged in."""

from collections.abc import Iterator

import httpx2
import pytest

from onebox.probe import PLAIN
from standins.testing import StandIn

DEMO = {"username": "demo", "password": "demo"}


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
def api(bureau: StandIn) -> Iterator[httpx2.Client]:
    """Return a client of the bureau's own API, logged in."""
    with httpx2.Client(base_url=f"{bureau.url}/v1", timeout=10, verify=PLAIN) as client:
        token = client.post("/authenticate", json=DEMO).json()["token"]
        client.headers["Authorization"] = f"Bearer {token}"
        yield client
