"""Schedules that were red once: each found by the simulation, shrunk, and kept under its name."""

import pytest

from support.simulation.run import is_red
from support.simulation.schedule import aloud, scheduled

pytestmark = pytest.mark.simulation

OVERTAKEN = "what a later attempt was refused, an earlier one does not do after all"
FOUND = {
    "a change that fits is told as it was told, whatever is forgotten after it": scheduled(
        "change 0 1", "mood forgets", "change 0 2", "drain", watched=True
    ),
    "what was forgotten is not told of with a limit there never was": scheduled(
        "change 0 2", "mood forgets", "change 0 3", "change 0 0", watched=True
    ),
    "a change there and back of which only the back came in time is two changes": scheduled(
        "mood is very late", "change 0 2", "change 0 0", "pass 60", "poll True", watched=True
    ),
    "a number that was one company's by mistake stays watched for the other": scheduled(
        "change 0 2", "ask 7 True", "ask 32 True", "unreadable credit-monitor", "drain",
        watched=True,
    ),
    OVERTAKEN: scheduled("ask 13 False", "ask 13 True", "ask 8 True"),
}  # fmt: skip
"""In the last, archiving is asked, and asked again; the second is refused before there is a
company, then the first wakes up."""


@pytest.mark.parametrize("name", FOUND)
def test_what_was_red_once_is_green(name: str) -> None:
    aloud(FOUND[name])


def test_if_refusals_were_not_remembered_what_was_refused_would_be_done() -> None:
    assert is_red(FOUND[OVERTAKEN], frozenset({"refusals remembered"}))
