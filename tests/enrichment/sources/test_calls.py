"""How fast a source is asked, and when it is left alone."""

import asyncio

import pytest

from enrichment.sources.breaker import (
    FAILURES_MAX,
    OPEN_SECONDS_FIRST,
    OPEN_SECONDS_MAX,
    Breaker,
)
from enrichment.sources.pace import Pace
from enrichment.sources.port import Unavailable


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


def test_a_source_that_fails_now_and_then_is_asked_on() -> None:
    breaker = Breaker("a source", Clock())
    for _ in range(3 * FAILURES_MAX):
        breaker.pass_through()
        breaker.failed()
        breaker.pass_through()
        breaker.worked()
    assert not breaker.is_open


def test_after_a_while_one_call_tries_whether_it_is_over() -> None:
    clock = Clock()
    breaker = failed_often(clock)
    with pytest.raises(Unavailable):
        breaker.pass_through()
    clock.now += OPEN_SECONDS_FIRST
    breaker.pass_through()
    with pytest.raises(Unavailable):
        breaker.pass_through()
    breaker.worked()
    breaker.pass_through()
    breaker.pass_through()


def test_a_source_that_still_fails_is_left_alone_for_longer_and_not_for_ever() -> None:
    clock = Clock()
    breaker = failed_often(clock)
    clock.now += OPEN_SECONDS_FIRST
    breaker.pass_through()
    breaker.failed()
    clock.now += OPEN_SECONDS_FIRST
    with pytest.raises(Unavailable):
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
    with pytest.raises(Unavailable) as refusal:
        await pace.wait(patience_seconds=1)
    assert refusal.value.retry_after == pytest.approx(20, abs=1)
