"""Everything runs once for all journeys; each has a tenant and companies of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from onebox.addresses import LOOPBACK, free_port
from onebox.box import Options
from standins.testing import StandIn
from support.box import RunningBox, limited_companies, running_box
from support.faults.arms import Arms


@pytest.fixture(scope="session")
def arms(home: Path) -> Arms:
    """Return what arms the failpoints of the box's processes while they run."""
    return Arms(home / "box-arms")


@pytest.fixture(scope="session")
def dnb(home: Path) -> Iterator[StandIn]:
    """Run a second bureau beside the box's own."""
    folder = home / "dnb"
    folder.mkdir()
    with StandIn(folder, provider="dnb") as running:
        yield running


@pytest.fixture(scope="session")
def tic(home: Path) -> Iterator[StandIn]:
    """Run a third one, which pushes."""
    folder = home / "tic"
    folder.mkdir()
    with StandIn(folder, provider="tic") as running:
        yield running


@pytest.fixture(scope="session")
def box(home: Path, arms: Arms, dnb: StandIn, tic: StandIn) -> Iterator[RunningBox]:
    """Run all of Kundvakt as processes, reached by bureaus that push where everybody reaches it."""
    port = free_port()
    told = {
        "KUNDVAKT_DNB_URL": dnb.url,
        "KUNDVAKT_TIC_URL": tic.url,
        "KUNDVAKT_SMTP_SECONDS": "2",
        "KUNDVAKT_ALERT_QUIET_SECONDS": "3",
        "KUNDVAKT_BUREAU_PUSH_URL": f"http://{LOOPBACK}:{port}",
        **arms.environment,
    }
    with running_box(home / "box", Options(http_port=port), **told) as running:
        yield running


@pytest.fixture(scope="session")
def numbers(box: RunningBox) -> Iterator[str]:
    """Yield Swedish limited companies of the sample registry, another one each time."""
    return limited_companies(box)
