"""Real servers for the tests: one Postgres and one NATS a session."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings

from chassis.edge import new_id
from onebox import addresses
from onebox.testing import Servers, running
from support.sharing import pytest_xdist_make_scheduler
from support.stack import engine_answers

__all__ = ["pytest_xdist_make_scheduler"]
# How long an example takes says something about the machine, not about what is tested.
settings.register_profile("kundvakt", deadline=None)
settings.load_profile("kundvakt")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let tests run on containers."""
    parser.addoption(
        "--containers",
        action="store_true",
        help="run Postgres and NATS in containers, and the tests of the deployment in containers",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Let each worker choose from ports of its own: a port is taken long after it was chosen."""
    worker = getattr(config, "workerinput", None)
    if worker is not None:
        own = int(worker["workerid"].removeprefix("gw"))
        addresses.PORTS = addresses.PORTS[own :: worker["workercount"]]


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out what needs a container engine, unless it was asked for."""
    asked = config.getoption("--containers")
    return True if collection_path.name == "containers" and not asked else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what cannot run here, and say why."""
    need = {"containers", "servers"} if config.getoption("--containers") else {"containers"}
    items = [item for item in items if need & {mark.name for mark in item.iter_markers()}]
    if items and not engine_answers():
        for item in items:
            item.add_marker(pytest.mark.skip(reason="no Docker engine with Compose answers here"))
    out_of_reach = pytest.mark.skip(reason="the servers' processes and sockets are in containers")
    for item in items if config.getoption("--containers") else ():
        if item.get_closest_marker("processes"):
            item.add_marker(out_of_reach)


@pytest.fixture(scope="session")
def home() -> Iterator[Path]:
    """Return a folder of the session's own: other sessions shut and sweep what pytest shares."""
    with TemporaryDirectory(prefix="kundvakt-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def servers(home: Path, pytestconfig: pytest.Config) -> Iterator[Servers]:
    """Run Postgres and NATS for the session, in a thread that outlives every test's loop."""
    if pytestconfig.getoption("--containers"):
        from support.contained import contained  # noqa: PLC0415 - nobody else needs its library

        with contained(home / "contained") as servers:
            yield servers
        return
    with ThreadPoolExecutor(1) as thread, asyncio.Runner() as runner:
        started = running(home / "servers")
        yield thread.submit(runner.run, started.__aenter__()).result()
        thread.submit(runner.run, started.__aexit__(None, None, None)).result()


@pytest.fixture
def tenant() -> str:
    """Return a tenant that no other test has."""
    return f"t-{new_id().hex[-12:]}"
