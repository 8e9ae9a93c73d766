"""Real servers for the tests: one Postgres and one NATS a session."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from chassis.edge import new_id
from onebox.testing import Servers, running


@pytest.fixture(scope="session")
def home() -> Iterator[Path]:
    """Return a folder of the session's own: other sessions shut and sweep what pytest shares."""
    with TemporaryDirectory(prefix="kundvakt-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def servers(home: Path) -> Iterator[Servers]:
    """Run Postgres and NATS for the session, in a thread that outlives every test's loop."""
    with ThreadPoolExecutor(1) as thread, asyncio.Runner() as runner:
        started = running(home / "servers")
        yield thread.submit(runner.run, started.__aenter__()).result()
        thread.submit(runner.run, started.__aexit__(None, None, None)).result()


@pytest.fixture
def tenant() -> str:
    """Return a tenant that no other test has."""
    return f"t-{new_id().hex[-12:]}"
