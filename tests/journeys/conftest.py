"""Everything runs once for all journeys; each has a tenant and companies of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.box import RunningBox, limited_companies, running_box


@pytest.fixture(scope="session")
def box(home: Path) -> Iterator[RunningBox]:
    """Run all of Kundvakt as processes."""
    with running_box(home / "box") as running:
        yield running


@pytest.fixture(scope="session")
def numbers(box: RunningBox) -> Iterator[str]:
    """Yield Swedish limited companies of the sample registry, another one each time."""
    return limited_companies(box)
