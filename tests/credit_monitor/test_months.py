"""Months and days by a tenant's own clock, on the nights when clocks change."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given as forall
from hypothesis import strategies as some

from credit_monitor.months import month_of, next_month, slot_of, years_before

STOCKHOLM = "Europe/Stockholm"
moments = some.datetimes(
    min_value=datetime(2020, 1, 1),  # noqa: DTZ001 - hypothesis gives it its zone
    max_value=datetime(2040, 1, 1),  # noqa: DTZ001 - the same
    timezones=some.just(UTC),
)
zones = some.sampled_from([STOCKHOLM, "UTC", "America/Sao_Paulo", "Pacific/Apia", "Asia/Kolkata"])


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_a_month_turns_by_the_tenants_clock() -> None:
    assert month_of(at("2026-11-30T22:59:59+00:00"), STOCKHOLM) == "2026-11"
    assert month_of(at("2026-11-30T23:00:00+00:00"), STOCKHOLM) == "2026-12"
    assert month_of(at("2026-11-30T23:00:00+00:00"), "UTC") == "2026-11"


@forall(moments, zones)
def test_the_next_month_begins_at_once_when_this_one_is_over(moment: datetime, zone: str) -> None:
    turn = next_month(moment, zone)
    assert turn > moment
    assert month_of(turn, zone) > month_of(moment, zone)
    assert month_of(turn - timedelta(seconds=1), zone) == month_of(moment, zone)


@pytest.mark.parametrize(
    ("night", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2028-02-29", 24)]
)
def test_each_night_has_one_slot_whatever_the_clocks_do(night: str, hours: int) -> None:
    begin = at(f"{night}T00:00:00+01:00") - timedelta(hours=1)
    slots = [slot_of(begin + timedelta(minutes=10 * n), STOCKHOLM, 3) for n in range(6 * 48)]
    assert slots == sorted(slots)
    assert slots.count(date.fromisoformat(night)) == 6 * hours or hours != 24
    assert date.fromisoformat(night) in slots


@forall(moments, zones, some.integers(0, 23))
def test_slots_never_go_back(moment: datetime, zone: str, hour: int) -> None:
    earlier = slot_of(moment, zone, hour)
    later = slot_of(moment + timedelta(hours=26), zone, hour)
    assert earlier < later or zone == "Pacific/Apia"


def test_a_year_before_a_leap_day_is_the_last_of_february() -> None:
    assert years_before(at("2028-02-29T12:00:00+00:00"), 1) == at("2027-02-28T12:00:00+00:00")
    assert years_before(at("2028-02-29T12:00:00+00:00"), 4) == at("2024-02-29T12:00:00+00:00")
