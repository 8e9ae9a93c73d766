"""Schedules that were red once: each found by the simulation, shrunk, and kept under its name."""

import pytest

from support.simulation.run import is_red
from support.simulation.schedule import aloud, scheduled

pytestmark = pytest.mark.simulation

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
}  # fmt: skip
OVERTAKEN = scheduled("ask 13 False", "ask 13 True", "ask 8 True")
"""Archiving is asked, and asked again; the second is refused before there is a company, then the
first wakes up and does it."""


@pytest.mark.parametrize("name", FOUND)
def test_what_was_red_once_is_green(name: str) -> None:
    aloud(FOUND[name])


def test_a_refusal_is_final_only_where_no_earlier_attempt_is_under_way() -> None:
    assert not is_red(OVERTAKEN, frozenset())
    assert is_red(OVERTAKEN, frozenset({"attempts end in order"}))
