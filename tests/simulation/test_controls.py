"""With a protection taken away the simulation turns red, and says so in a few sentences."""

import pytest

from support.simulation.protections import LOOKED_FOR, PROTECTIONS
from support.simulation.run import is_red, shortest_red
from support.simulation.schedule import sentences

pytestmark = [pytest.mark.simulation, pytest.mark.timeout(300)]
SCHEDULES_MAX = 2_000
SENTENCES_MAX = 12
"""What a person reads at a glance; the beginning, the healing and the end among them."""


@pytest.mark.parametrize("name", PROTECTIONS)
def test_without_it_a_promise_is_broken(name: str) -> None:
    off = frozenset({name})
    schedule = shortest_red(off, LOOKED_FOR.get(name, ""), SCHEDULES_MAX)
    assert schedule is not None, "nothing was noticed"
    told = sentences(schedule, off)
    assert told[-1].startswith("red: ")
    assert len(told) <= SENTENCES_MAX
    assert not is_red(schedule, frozenset())
