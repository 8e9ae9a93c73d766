"""With a protection taken away the simulation turns red, and says so in a few sentences."""

from functools import partial
from random import Random

import pytest

from support.simulation.protections import LOOKED_FOR, PROTECTIONS
from support.simulation.run import drawn, is_red, shortened, shortest_red
from support.simulation.schedule import sentences

pytestmark = [pytest.mark.simulation, pytest.mark.timeout(300)]
SCHEDULES_MAX = 2_000
LONG = partial(pytest.param, marks=pytest.mark.faults)
QUICK = {"answers by tenant"}
"""A red schedule is found at once; for others it is looked for in `make test-faults`."""
SENTENCES_MAX = 12
"""What a person reads at a glance; the beginning, the healing and the end among them."""


def test_a_red_schedule_is_cut_down_to_what_makes_it_red() -> None:
    off, dice = frozenset({"commands remembered"}), Random(1)  # noqa: S311 - always the same
    red = next(one for one in iter(lambda: drawn(dice), b"") if is_red(one, off))
    short = shortened(red, off)
    assert is_red(short, off)
    assert len(sentences(short, off)) <= SENTENCES_MAX
    assert all(not is_red(short[:n] + short[n + 1 :], off) for n in range(1, len(short)))


@pytest.mark.parametrize("name", [name if name in QUICK else LONG(name) for name in PROTECTIONS])
def test_without_it_a_promise_is_broken(name: str) -> None:
    off = frozenset({name})
    schedule = shortest_red(off, LOOKED_FOR.get(name, ""), SCHEDULES_MAX)
    assert schedule is not None, "nothing was noticed"
    told = sentences(schedule, off)
    assert told[-1].startswith("red: ")
    assert len(told) <= SENTENCES_MAX
    assert not is_red(schedule, frozenset())
