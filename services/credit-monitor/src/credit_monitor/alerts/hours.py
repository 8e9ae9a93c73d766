"""Hours as people live them: working days and mornings, by the clock of the tenant's zone.

Everything is reckoned on the wall clock and turned into a moment last. A time that the clocks skip
in spring is taken an hour later, one that comes twice in autumn the first time.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY_HOURS = 24
FRIDAY, SATURDAY = 4, 5


def after_working_hours(begin: datetime, hours: int, zone: str) -> datetime:
    """Return the moment at which so many hours of working days have passed; 24 make a day."""
    place = ZoneInfo(zone)
    at = _working(begin.astimezone(place).replace(tzinfo=None))
    for _ in range(hours // DAY_HOURS):
        at += timedelta(days=1 if at.weekday() < FRIDAY else 3)
    return _moment(_working_on(at, timedelta(hours=hours % DAY_HOURS)), place)


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


def _working(at: datetime) -> datetime:
    """Return a wall clock's time, or the next Monday's beginning where it is a weekend's."""
    if at.weekday() < SATURDAY:
        return at
    monday = at.date() + timedelta(days=7 - at.weekday())
    return datetime.combine(monday, time())


def _working_on(at: datetime, rest: timedelta) -> datetime:
    """Go on for less than a day, past a weekend."""
    later = at + rest
    if later.weekday() < SATURDAY:
        return later
    friday_ends = datetime.combine(at.date() + timedelta(days=1), time())
    return _working(friday_ends) + (later - friday_ends)


def _moment(wall: datetime, place: ZoneInfo) -> datetime:
    return wall.replace(tzinfo=place).astimezone(UTC)
