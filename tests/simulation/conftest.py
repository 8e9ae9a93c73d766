"""The credit monitor's tables in memory for as long as worlds are played."""

from collections.abc import Iterator

import pytest

from support.simulation.in_memory import in_memory


@pytest.fixture(autouse=True, scope="module")
def tables_in_memory() -> Iterator[None]:
    with in_memory():
        yield
