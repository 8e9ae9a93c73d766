"""Any schedule of deaths, losses, delays and overtakings ends with every promise kept."""

import pytest
from hypothesis import given as forall
from hypothesis import settings

from support.simulation.run import SCHEDULES
from support.simulation.schedule import aloud, sentences

pytestmark = pytest.mark.simulation
EXAMPLES = 300
"""A few seconds; `make simulate` goes on for as long as one likes."""


@settings(max_examples=EXAMPLES, deadline=None)
@forall(SCHEDULES)
def test_however_it_goes_every_promise_is_kept(schedule: bytes) -> None:
    aloud(schedule)


def test_a_schedule_is_told_in_sentences_and_always_ends_the_same() -> None:
    schedule = bytes([0, 49, 55, 59, 76])
    assert sentences(schedule) == sentences(schedule)
    assert sentences(schedule)[0] == "north asks to add Alm as a customer, to the end"
    assert sentences(schedule)[-1] == "green"
