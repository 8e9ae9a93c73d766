"""Months and days of a tenant's own clock."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def month_of(at: datetime, zone: str) -> str:
    """Return the month that a moment falls into."""
    return at.astimezone(ZoneInfo(zone)).strftime("%Y-%m")


def next_month(at: datetime, zone: str) -> datetime:
    """Return when the month after begins."""
    local = at.astimezone(ZoneInfo(zone)).date()
    first = date(local.year + local.month // 12, local.month % 12 + 1, 1)
    return datetime.combine(first, time(), ZoneInfo(zone)).astimezone(UTC)


def years_before(at: datetime, years: int) -> datetime:
    """Return the same day so many years ago; a leap day's is the last of February."""
    try:
        return at.replace(year=at.year - years)
    except ValueError:
        return at.replace(year=at.year - years, day=28)


def slot_of(at: datetime, zone: str, hour: int) -> date:
    """Return the day whose slot, that begins at an hour of the tenant's clock, a moment is in.

    Where a night has no such hour, or has it twice, the day still has its one slot.
    """
    local = at.astimezone(ZoneInfo(zone))
    return local.date() if local.hour >= hour else local.date() - timedelta(days=1)
