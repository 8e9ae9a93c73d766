"""Which tests go to one worker: those that share a box, or are steps of one text.

A box takes long to start, and even at rest takes from those that work.
"""

from functools import cache
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

HOUSE = Path(__file__).parents[2]
JOURNEYS = "tests/journeys"


@cache
def shared_by(file: str) -> str | None:
    """Return what a file's tests share: a box of the file's or its folder's, or their text."""
    if file.endswith(".md"):
        return file
    if '(scope="module"' in (text := (HOUSE / file).read_text()) and "def box(" in text:
        return file
    return JOURNEYS if file.startswith(JOURNEYS) else None


class SharersTogether(LoadScopeScheduling):  # type: ignore[misc]
    """Every test goes to whoever is free, those that share to one worker.

    The groups that pytest-xdist knows are lost on pytest 9.2:
    https://github.com/pytest-dev/pytest-xdist/issues/1386.
    """

    def _split_scope(self, nodeid: str) -> str:
        return shared_by(nodeid.partition("::")[0]) or nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> SharersTogether:
    """Distribute tests so."""
    return SharersTogether(config, log)
