"""How a report is kept as it came, before anybody reads it."""

from collections.abc import Awaitable, Callable
from functools import partial

from credit_monitor.bureaus.port import Archive, Subject


def keeping(
    archive: Archive | None, subject: Subject
) -> Callable[[bytes], Awaitable[object]] | None:
    """Return what keeps a report as it comes, where we know whose it is."""
    if archive is None or subject.ours is None:
        return None
    return partial(archive.keep_report, subject.ours)
