"""Real servers for the tests: one Postgres and one NATS a session."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from chassis.edge import new_id
from onebox.testing import Servers, running


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Run Postgres and NATS for the session, in a thread that outlives every test's loop."""
    with ThreadPoolExecutor(1) as thread, asyncio.Runner() as runner:
        started = running(tmp_path_factory.mktemp("servers") / "home")
        yield thread.submit(runner.run, started.__aenter__()).result()
        thread.submit(runner.run, started.__aexit__(None, None, None)).result()


@pytest.fixture
def tenant() -> str:
    """Return a tenant that no other test has."""
    return f"t-{new_id().hex[-12:]}"
