"""What D&B's notifications say, as we tell it: bands, scores, hints, and companies that moved."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson
import structlog

from credit_monitor.bureaus import dnb_wire as wire
from credit_monitor.bureaus.dnb_values import FACTS, naive, notice_id
from credit_monitor.bureaus.port import Batch, Garbled, Moved, Notice
from credit_monitor.bureaus.reading import read

log = structlog.get_logger()

CHANGED, MERGED = "UPDATE", "TRANSFER"
HINTS = frozenset({"DELETE", "UNDELETE", "UNDER_REVIEW", "REVIEWED", "EXIT", "REMOVED"})
"""Something has become of a company; what, its report says."""
SUCCESSOR = "organization.duns"


@dataclass(frozen=True, slots=True)
class Told:
    """What some answers said; `count` is of how many, `latest` when D&B delivered the last."""

    notices: tuple[Notice, ...] = ()
    moved: tuple[Moved, ...] = ()
    raw: tuple[UUID, ...] = ()
    unreadable: tuple[UUID, ...] = ()
    count: int = 0
    latest: datetime | None = None

    def __add__(self, other: "Told") -> "Told":
        """Return both."""
        moments = [moment for moment in (self.latest, other.latest) if moment is not None]
        return Told(
            self.notices + other.notices,
            self.moved + other.moved,
            self.raw + other.raw,
            self.unreadable + other.unreadable,
            self.count + other.count,
            max(moments, default=None),
        )

    def batch(self) -> Batch:
        """Return it as the port wants it."""
        ordered = sorted(self.notices, key=lambda notice: (notice.at, notice.id))
        read_whole = tuple(answer for answer in self.raw if answer not in self.unreadable)
        return Batch(ordered, self.moved, read_whole, self.unreadable)


def told_in(portfolio: str, body: bytes, kept: UUID) -> Told:
    """Read an answer as it came; single notifications that make no sense are passed over."""
    try:
        said = orjson.loads(body)
        answer: wire.Notifications = read(wire.Notifications, said)
    except (orjson.JSONDecodeError, Garbled) as error:
        log.warning("unreadable notifications, kept for people", why=repr(error), answer=str(kept))
        return Told(unreadable=(kept,))
    told = Told(raw=(kept,))
    for one in answer.notifications:
        try:
            told += _told(portfolio, read(wire.Notification, one))
        except Garbled as error:
            log.warning("a notification makes no sense", why=str(error), answer=str(kept))
            told += Told(unreadable=(kept,), count=1)
    return told


def _told(portfolio: str, one: wire.Notification) -> Told:
    moved = tuple(_moved(portfolio, one)) if one.type == MERGED else ()
    if moved:
        return Told(moved=moved, count=1, latest=one.delivery_time_stamp)
    # A merger that does not say into whom is a hint like others: the report tells more.
    is_told = one.type in {CHANGED, MERGED, *HINTS}
    notices = tuple(_notices(portfolio, one)) if is_told else ()
    return Told(notices, count=1, latest=one.delivery_time_stamp)


def _moved(portfolio: str, one: wire.Notification) -> Iterator[Moved]:
    for element in one.elements:
        if element.element == SUCCESSOR and element.current:
            yield Moved(portfolio, one.organization.duns, element.current)


def _notices(portfolio: str, one: wire.Notification) -> Iterator[Notice]:
    duns, published = one.organization.duns, naive(one.delivery_time_stamp)
    for element in one.elements or (wire.Element(element=one.type),):
        at = naive(element.timestamp or one.delivery_time_stamp)
        fact = FACTS.get(element.element, "other")
        yield Notice(
            id=notice_id(portfolio, duns, element.element, at.isoformat(), element.current or ""),
            portfolio=portfolio,
            reference=duns,
            country="",
            fact=fact,
            old=(element.previous or "") if fact != "other" else "",
            new=(element.current or "") if fact != "other" else "",
            at=at,
            published=published,
        )
