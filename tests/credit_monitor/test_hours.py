"""Hours as people live them: weekends do not count, and the clocks change at night."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_monitor.alerts.hours import after_working_hours, digest_on, next_digest

STOCKHOLM = "Europe/Stockholm"
MOMENTS = st.integers(1_577_836_800, 2_208_988_800).map(lambda n: datetime.fromtimestamp(n, UTC))
ZONES = st.sampled_from([STOCKHOLM, "Europe/Oslo", "America/New_York", "Asia/Kathmandu", "UTC"])


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("begin", "hours", "end"),
    [
        ("2026-11-23T09:15+01:00", 72, "2026-11-26T09:15+01:00"),
        ("2026-11-27T15:00+01:00", 72, "2026-12-02T15:00+01:00"),
        ("2026-11-28T15:00+01:00", 24, "2026-12-01T00:00+01:00"),
        ("2026-11-29T23:59+01:00", 1, "2026-11-30T01:00+01:00"),
        ("2026-11-27T22:00+01:00", 4, "2026-11-30T02:00+01:00"),
        ("2026-11-25T08:00+01:00", 30, "2026-11-26T14:00+01:00"),
        ("2028-02-28T10:00+01:00", 48, "2028-03-01T10:00+01:00"),
    ],
    ids=[
        "three days of a week",
        "over a weekend",
        "raised on a Saturday",
        "raised late on a Sunday",
        "Friday evening goes on on Monday",
        "a day and a quarter",
        "over a leap day",
    ],
)
def test_hours_are_those_of_working_days(begin: str, hours: int, end: str) -> None:
    assert after_working_hours(at(begin), hours, STOCKHOLM) == at(end)


@pytest.mark.parametrize(
    ("zone", "begin", "hours", "end"),
    [
        (STOCKHOLM, "2026-12-23T15:00+01:00", 24, "2026-12-28T15:00+01:00"),
        (STOCKHOLM, "2026-06-18T22:00+02:00", 4, "2026-06-22T02:00+02:00"),
        (STOCKHOLM, "2027-01-06T10:00+01:00", 1, "2027-01-07T01:00+01:00"),
        ("Europe/Oslo", "2026-05-13T09:00+02:00", 48, "2026-05-18T09:00+02:00"),
        ("Europe/Helsinki", "2027-12-05T09:00+02:00", 24, "2027-12-08T00:00+02:00"),
        ("UTC", "2026-12-23T15:00+00:00", 48, "2026-12-25T15:00+00:00"),
    ],
    ids=[
        "Christmas with its eve, and a weekend",
        "Midsummer's eve",
        "raised at Epiphany",
        "Ascension Day and a Norwegian 17th of May on a Sunday",
        "a Sunday and Finland's Independence Day",
        "a zone of no country",
    ],
)
def test_nobody_works_on_public_holidays(zone: str, begin: str, hours: int, end: str) -> None:
    assert after_working_hours(at(begin), hours, zone) == at(end)


def test_three_days_over_the_night_the_clocks_go_forward_end_at_the_same_hour() -> None:
    assert after_working_hours(at("2026-03-27T09:00+01:00"), 72, STOCKHOLM) == at(
        "2026-04-01T09:00+02:00"
    )


def test_three_days_over_the_night_the_clocks_go_back_end_at_the_same_hour() -> None:
    assert after_working_hours(at("2026-10-23T09:00+02:00"), 72, STOCKHOLM) == at(
        "2026-10-28T09:00+01:00"
    )


@given(MOMENTS, st.integers(1, 500), ZONES)
def test_more_hours_end_later_and_never_on_a_weekend(
    begin: datetime, hours: int, zone: str
) -> None:
    one, other = (after_working_hours(begin, n, zone) for n in (hours, hours + 1))
    # An hour of the wall clock that comes twice in autumn is one hour here.
    assert begin < one <= other
    assert one.astimezone(ZoneInfo(zone)).weekday() < 5
    assert one - begin >= timedelta(hours=hours - 1)


def test_a_digest_is_at_its_hour_in_winter_and_in_summer() -> None:
    assert digest_on(date(2026, 1, 15), 7, STOCKHOLM) == at("2026-01-15T06:00+00:00")
    assert digest_on(date(2026, 7, 15), 7, STOCKHOLM) == at("2026-07-15T05:00+00:00")


def test_an_hour_that_the_clocks_skip_is_taken_an_hour_later() -> None:
    assert digest_on(date(2026, 3, 29), 2, STOCKHOLM) == at("2026-03-29T03:00+02:00")


def test_an_hour_that_comes_twice_is_taken_the_first_time_and_once() -> None:
    first = at("2026-10-25T02:00+02:00")
    assert digest_on(date(2026, 10, 25), 2, STOCKHOLM) == first
    day, _ = next_digest(first, 2, STOCKHOLM)
    assert day == date(2026, 10, 26)


def test_what_comes_at_the_very_hour_is_told_the_next_day() -> None:
    seven = at("2026-11-23T07:00+01:00")
    assert next_digest(seven - timedelta(seconds=1), 7, STOCKHOLM) == (date(2026, 11, 23), seven)
    assert next_digest(seven, 7, STOCKHOLM)[0] == date(2026, 11, 24)


@given(MOMENTS, st.integers(0, 23), ZONES)
def test_the_next_digest_is_within_a_day_and_two_hours(
    after: datetime, hour: int, zone: str
) -> None:
    _, moment = next_digest(after, hour, zone)
    assert after < moment <= after + timedelta(hours=26)
