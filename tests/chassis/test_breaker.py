"""How fast somebody is asked, and when they are left alone."""

import asyncio

import pytest

from chassis.breaker import (
    FAILURES_MAX,
    LATEST,
    OPEN_SECONDS_FIRST,
    OPEN_SECONDS_MAX,
    PROBES,
    Breaker,
    LeftAlone,
)
from chassis.pace import Pace, TooFast


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def failed_often(clock: Clock) -> Breaker:
    breaker = Breaker("a source", clock)
    for _ in range(FAILURES_MAX):
        breaker.pass_through()
        breaker.failed()
    return breaker


def test_whoever_fails_now_and_then_is_asked_on() -> None:
    breaker = Breaker("a source", Clock())
    for n in range(5 * LATEST):
        breaker.pass_through()
        breaker.worked() if n % 3 else breaker.failed()
    assert breaker.state == "closed"


def test_whoever_fails_every_other_time_is_left_alone_too() -> None:
    breaker = Breaker("a source", Clock())
    for n in range(LATEST):
        breaker.pass_through()
        breaker.worked() if n % 2 else breaker.failed()
    breaker.failed()
    assert breaker.state == "open"


def test_after_a_while_a_few_calls_try_whether_it_is_over() -> None:
    clock = Clock()
    breaker = failed_often(clock)
    with pytest.raises(LeftAlone) as left:
        breaker.pass_through()
    assert left.value.seconds == OPEN_SECONDS_FIRST
    clock.now += OPEN_SECONDS_FIRST
    assert breaker.state == "half-open"
    for _ in range(PROBES):
        breaker.pass_through()
    with pytest.raises(LeftAlone):
        breaker.pass_through()
    for _ in range(PROBES):
        breaker.worked()
    assert breaker.state == "closed"
    breaker.pass_through()


def test_calls_that_tried_and_never_came_back_do_not_close_the_door_for_ever() -> None:
    clock = Clock()
    breaker = failed_often(clock)
    for _ in range(3):
        clock.now += OPEN_SECONDS_FIRST
        for _ in range(PROBES):
            breaker.pass_through()


def test_whoever_still_fails_is_left_alone_for_longer_and_not_for_ever() -> None:
    clock = Clock()
    breaker = failed_often(clock)
    clock.now += OPEN_SECONDS_FIRST
    breaker.pass_through()
    breaker.failed()
    clock.now += OPEN_SECONDS_FIRST
    with pytest.raises(LeftAlone):
        breaker.pass_through()
    for _ in range(20):
        clock.now += OPEN_SECONDS_MAX
        breaker.pass_through()
        breaker.failed()


async def test_calls_are_spread_over_time_beyond_what_is_allowed_at_once() -> None:
    pace = Pace(50, 5)
    loop = asyncio.get_running_loop()
    began = loop.time()
    for _ in range(5):
        await pace.wait()
    at_once = loop.time() - began
    for _ in range(5):
        await pace.wait()
    assert loop.time() - began - at_once >= 4 / 50


async def test_whoever_cannot_wait_is_told_how_long_it_would_take() -> None:
    pace = Pace(1, 1)
    pace.hold(20)
    with pytest.raises(TooFast) as refusal:
        await pace.wait(patience_seconds=1)
    assert refusal.value.seconds == pytest.approx(20, abs=1)
