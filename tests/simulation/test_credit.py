"""A fortnight of credit watch: every change told once, found if it was lost, none invented."""

from functools import partial
from uuid import UUID

import pytest
from hypothesis import given as forall
from hypothesis import strategies as some

from chassis.streams import Stream
from contracts.credit_monitor import (
    CompanyRated,
    CreditRatingChanged,
    MonitoringExcluded,
    MonitoringStarted,
    MonitoringStopped,
)
from contracts.examples import example
from contracts.message import Event
from credit_monitor.credit.model import credits_
from support.simulation.credit.controls import CONTROLS
from support.simulation.credit.judge import completed, is_told, unknowable
from support.simulation.credit.run import play
from support.simulation.credit.streams import ShortStreams, folding
from support.simulation.credit.weather import Size
from support.simulation.world import Red

pytestmark = [pytest.mark.simulation, pytest.mark.timeout(300)]

TINY = Size(changes=1_500, companies=150)
SMALL = Size(changes=4_000, companies=400)
SEEDS_MAX = 12
LONG = partial(pytest.param, marks=pytest.mark.faults)
QUICK = "alerts known"
"""The others take tens of seconds together."""
EVENTS = [
    example(form)
    for form in (
        CompanyRated,
        CreditRatingChanged,
        MonitoringExcluded,
        MonitoringStarted,
        MonitoringStopped,
    )
]


@pytest.mark.parametrize(("seed", "size"), [(1, TINY), *(LONG(n, SMALL) for n in (1, 2, 3))])
def test_whatever_the_bureau_and_our_processes_do_each_change_is_told_once(
    seed: int, size: Size
) -> None:
    seen = play(seed, size)
    assert seen["changes"] > 0.95 * size.changes
    moods = ("late", "very late", "repeats", "halves", "forgets")
    assert min(seen[mood] for mood in moods) > size.changes // 130
    assert min(seen["deaths"], seen["freezes"]) > size.changes // 750
    assert seen["unknowable"] < 0.005 * seen["changes"]


def is_red(name: str, seed: int, *, off: bool) -> bool:
    _, weather, size = CONTROLS[name]
    try:
        play(seed, size, frozenset({name} if off else ()), weather)
    except Red:
        return True
    return False


@pytest.mark.parametrize("name", [name if name == QUICK else LONG(name) for name in CONTROLS])
def test_without_it_a_promise_is_broken(name: str) -> None:
    seeds = range(1, SEEDS_MAX + 1)
    assert any(is_red(name, seed, off=True) and not is_red(name, seed, off=False) for seed in seeds)


@forall(some.lists(some.sampled_from(EVENTS)))
def test_what_is_left_of_a_stream_is_what_it_folds_to(events: list[Event]) -> None:
    streams = ShortStreams({"credit": folding(credits_)}, lambda *_: None)
    stream = Stream("t", "credit", UUID(int=1))
    streams.begin(stream, events)
    assert streams.state(stream) == credits_.fold(events)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("told", "is_right"),
    [
        ([1, 2, 3, 2], True),
        ([1, 2, 2], False),
        ([1, 3, 2], False),
        ([1, 2, 3], False),
        ([1, 2, 3, 2, 3], False),
        ([1, 2], False),
    ],
)
def test_what_was_told_is_right_only_when_it_is_all_there_was(
    told: list[int], *, is_right: bool
) -> None:
    assert is_told([1, 2, 3, 2], told, [False] * 4) is is_right


def test_what_nobody_can_know_may_be_passed_over() -> None:
    passed = [False, True, False, False]
    assert is_told([1, 2, 3, 4], [1, 3, 4], passed)
    assert is_told([1, 2, 1, 4], [1, 4], passed)
    assert not is_told([1, 2, 3, 4], [1, 2, 4], passed)
    assert unknowable([]) == [False, False]
    assert unknowable([True, True, False]) == [False, True, False, False]


@pytest.mark.parametrize(
    ("told", "once"),
    [
        ([1, 2, 1], [1, 2, 1]),
        ([1, -2, 2, 3], [1, 2, 3]),
        ([1, -2, 3], [1, 2, 3]),
        ([1, 2, -2, 2], None),
        ([1, 2, -2], None),
        ([1, 2, -3], None),
    ],
)
def test_a_rating_is_told_in_parts_only_until_it_is_told_whole(
    told: list[int], once: list[int] | None
) -> None:
    assert completed(told) == once
