"""Hours as people live them: working days and mornings, by the clock of the tenant's zone.

Everything is reckoned on the wall clock and turned into a moment last. A time that the clocks skip
in spring is taken an hour later, one that comes twice in autumn the first time.
"""

from collections.abc import Container
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

DAY_HOURS = 24
SATURDAY = 5
DAY = timedelta(days=1)
COUNTRIES = {
    "Europe/Stockholm": "SE",
    "Europe/Oslo": "NO",
    "Europe/Copenhagen": "DK",
    "Europe/Helsinki": "FI",
    "Europe/Mariehamn": "FI",
    "Europe/London": "GB",
}
"""Whose public holidays nobody works on, by the tenant's zone; elsewhere only weekends are free."""
FREE = ("public", "de_facto")
"""In Sweden the eves of Midsummer, Christmas and New Year are free in fact, not in name."""


def after_working_hours(begin: datetime, hours: int, zone: str) -> datetime:
    """Return the moment at which so many hours of working days have passed; 24 make a day."""
    place, free = ZoneInfo(zone), _free_days(zone)
    at = _working(begin.astimezone(place).replace(tzinfo=None), free)
    for _ in range(hours // DAY_HOURS):
        at = datetime.combine(_working(_tomorrow(at), free), at.time())
    return _moment(_working_on(at, timedelta(hours=hours % DAY_HOURS), free), place)


def next_digest(after: datetime, hour: int, zone: str) -> tuple[date, datetime]:
    """Return the next day on which it becomes `hour` o'clock, and when that is."""
    place = ZoneInfo(zone)
    day = after.astimezone(place).date()
    while (moment := digest_on(day, hour, zone)) <= after:
        day += timedelta(days=1)
    return day, moment


def digest_on(day: date, hour: int, zone: str) -> datetime:
    """Return when it is `hour` o'clock on a day."""
    return _moment(datetime.combine(day, time(hour)), ZoneInfo(zone))


@cache
def _free_days(zone: str) -> Container[date]:
    """Return the public holidays of a zone's country; a year is reckoned when it is asked for."""
    country = COUNTRIES.get(zone)
    if country is None:
        return ()
    # It brings the calendars of all the world: too much for a start.
    import holidays  # noqa: PLC0415

    known = holidays.country_holidays(country).supported_categories
    return holidays.country_holidays(country, categories=[one for one in FREE if one in known])


def _working(at: datetime, free: Container[date]) -> datetime:
    """Return a wall clock's time, or the beginning of the next day that people work on."""
    while at.weekday() >= SATURDAY or at.date() in free:
        at = _tomorrow(at)
    return at


def _tomorrow(at: datetime) -> datetime:
    return datetime.combine(at.date() + DAY, time())


def _working_on(at: datetime, rest: timedelta, free: Container[date]) -> datetime:
    """Go on for less than a day, past days on which nobody works."""
    later, ends = at + rest, _tomorrow(at)
    return later if later < ends else _working(ends, free) + (later - ends)


def _moment(wall: datetime, place: ZoneInfo) -> datetime:
    return wall.replace(tzinfo=place).astimezone(UTC)
