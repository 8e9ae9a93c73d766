"""One deployment for all tests of the containers."""

from collections.abc import Iterator

import pytest

from support import box
from support.box import limited_companies
from support.stack import Stack, running_stack

SETTLE_SECONDS_MAX = 120.0
"""A container that is started again, and all that stands on it, takes longer than a process."""


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """Run all of Kundvakt in containers."""
    with pytest.MonkeyPatch.context() as patch, running_stack() as running:
        patch.setattr(box, "SETTLE_SECONDS_MAX", SETTLE_SECONDS_MAX)
        yield running


@pytest.fixture(scope="session")
def numbers(stack: Stack) -> Iterator[str]:
    """Yield Swedish limited companies of the sample registry, another one each time."""
    return limited_companies(stack)  # type: ignore[arg-type]
