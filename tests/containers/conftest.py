"""One deployment for all tests of the containers."""

from collections.abc import Iterator

import pytest

from support.box import limited_companies
from support.stack import Stack, running_stack


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """Run all of Kundvakt in containers."""
    with running_stack() as running:
        yield running


@pytest.fixture(scope="session")
def numbers(stack: Stack) -> Iterator[str]:
    """Yield Swedish limited companies of the sample registry, another one each time."""
    return limited_companies(stack)  # type: ignore[arg-type]
