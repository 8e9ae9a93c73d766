"""Which tests go to one worker: those that share a box, which takes long to start and to rest."""

from functools import cache
from pathlib import Path

from xdist.scheduler import LoadScopeScheduling

HOUSE = Path(__file__).parents[2]
JOURNEYS = "tests/journeys"


@cache
def box_of(file: str) -> str | None:
    """Return where the box that a file's tests share is started: the file itself, or its folder."""
    if '(scope="module"' in (text := (HOUSE / file).read_text()) and "def box(" in text:
        return file
    return JOURNEYS if file.startswith(JOURNEYS) else None


class BoxesShared(LoadScopeScheduling):  # type: ignore[misc]
    """Every test goes to whoever is free, those of one box to one worker.

    The groups that pytest-xdist knows are lost on pytest 9.2:
    https://github.com/pytest-dev/pytest-xdist/issues/1386.
    """

    def _split_scope(self, nodeid: str) -> str:
        return box_of(nodeid.partition("::")[0]) or nodeid
