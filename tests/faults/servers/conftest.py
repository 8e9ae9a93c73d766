"""A box whose message server stands beside it, so that it can be killed, emptied and kept away."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

import pytest

from chassis import stream
from onebox.box import SERVICES, Options
from support.box import RunningBox, running_box
from support.faults.nats_nodes import NatsNodes, nats_nodes


@dataclass(frozen=True, slots=True)
class Bus:
    """A box and the message servers beside it."""

    box: RunningBox
    nodes: NatsNodes


SPINE = ("companies", "gateway")
"""Who takes commands, and who shows what came of them."""


def with_nodes(
    home: Path, many: int, services: tuple[str, ...] = SERVICES, **environment: str
) -> Iterator[Bus]:
    """Run a box and message servers in a folder of their own: several modules ask for such."""
    folder = Path(mkdtemp(dir=home))
    with pytest.MonkeyPatch.context() as patch, nats_nodes(folder / "nats", many) as nodes:
        for name, word in nodes.environment().items():
            patch.setenv(name, word)
        patch.setattr(stream, "REPLICAS", many)
        options = Options(nats_url=nodes.url("admin"), services=services)
        with running_box(folder / "box", options, **environment) as box:
            yield Bus(box, nodes)


@pytest.fixture(scope="module")
def bus(home: Path) -> Iterator[Bus]:
    """Run everything with one message server."""
    yield from with_nodes(home, 1)


@pytest.fixture(scope="module")
def cluster(home: Path) -> Iterator[Bus]:
    """Run everything with three message servers and three copies of the stream."""
    yield from with_nodes(home, 3, KUNDVAKT_CREDIT_POLL_SECONDS="60")


@pytest.fixture(scope="module")
def spine(home: Path) -> Iterator[Bus]:
    """Run what every command passes, and no more, with three message servers."""
    yield from with_nodes(home, 3, SPINE)


@pytest.fixture
def patient_cluster(home: Path) -> Iterator[Bus]:
    """Run everything so, but with clients that trust a silent server for long."""
    told = {
        "PYTHONPATH": str(Path(__file__).parents[2] / "support" / "sabotage"),
        "KUNDVAKT_TEST_SABOTAGE": "trust-silent-servers",
    }
    yield from with_nodes(home, 3, **told)
