"""The stand-in's one clock, and the two ways Creditsafe writes a moment."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the present moment, in UTC."""
    return datetime.now(UTC)  # noqa: TID251 - the stand-in is a provider: this is its own edge


def naive(moment: datetime) -> str:
    """Write a moment as monitoring does: no zone, a space, whole seconds."""
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def zoned(moment: datetime) -> str:
    """Write a moment as reports do."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def parse(text: str) -> datetime:
    """Read a moment written in either way, or a bare date."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
