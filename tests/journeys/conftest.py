"""Everything runs once for all journeys; each has a tenant and companies of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.box import RunningBox, limited_companies, running_box
from support.faults.arms import Arms


@pytest.fixture(scope="session")
def arms(home: Path) -> Arms:
    """Return what arms the failpoints of the box's processes while they run."""
    return Arms(home / "box-arms")


@pytest.fixture(scope="session")
def box(home: Path, arms: Arms) -> Iterator[RunningBox]:
    """Run all of Kundvakt as processes."""
    with running_box(home / "box", **arms.environment) as running:
        yield running


@pytest.fixture(scope="session")
def numbers(box: RunningBox) -> Iterator[str]:
    """Yield Swedish limited companies of the sample registry, another one each time."""
    return limited_companies(box)
