"""Real servers for the tests: one Postgres and one NATS a session."""

import asyncio
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shutil import disk_usage
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings

from chassis.edge import new_id
from onebox.testing import Servers, running
from support.sharing import pytest_xdist_make_scheduler
from support.stack import engine_answers

__all__ = ["pytest_xdist_make_scheduler"]
MEMORY = Path("/dev/shm")  # noqa: S108 - for files that need not outlive the session
MEMORY_BYTES = 8 * 2**30
"""For the servers of several workers, with room to spare; otherwise they are on the disk."""
# How long an example takes says something about the machine, not about what is tested.
settings.register_profile("thorough", deadline=None)
settings.register_profile("brisk", deadline=None, max_examples=30)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let tests run on containers."""
    parser.addoption(
        "--containers",
        action="store_true",
        help="run Postgres and NATS in containers, and the tests of the deployment in containers",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Try as many examples as there is time for: `make check`, without servers, has more."""
    thorough = "not servers" in config.getoption("markexpr")
    settings.load_profile("thorough" if thorough else "brisk")


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
def home(pytestconfig: pytest.Config) -> Iterator[Path]:
    """Return a folder of the session's own: other sessions shut and sweep what pytest shares."""
    place = in_memory() if "not faults" in pytestconfig.getoption("markexpr") else None
    with TemporaryDirectory(prefix="kundvakt-", dir=place, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def in_memory() -> Path | None:
    """Return where files are in memory, if there is room: all that tests write is thrown away.

    Under faults they are on a disk, as everywhere else.
    """
    roomy = MEMORY.is_dir() and disk_usage(MEMORY).free > MEMORY_BYTES
    return MEMORY if roomy and os.access(MEMORY, os.W_OK) else None


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
