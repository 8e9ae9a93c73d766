"""Reports cost money: each is noted before it is ordered and kept until it is made use of."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import structlog

from chassis.failpoints import reach
from contracts.values import CreditRating
from credit_monitor import work
from credit_monitor.bureaus import port
from credit_monitor.desk import Desk
from credit_monitor.subject import Subject

log = structlog.get_logger()


class Purpose(StrEnum):
    """What a report is bought for; the bureau keeps it with the order."""

    FIRST = "first-rating"
    CHANGE = "rating-change"


async def bought(
    desk: Desk, subject: Subject, purpose: Purpose, reference: str | None = None
) -> port.Report:
    """Return a report: the one in hand if it was bought for this very thing, else a new one."""
    held = desk.work
    key = f"{purpose} {subject.key}"
    if purpose is Purpose.CHANGE:
        # What a change needs is newer than whatever was told since.
        key = f"{key} {held.generation}"
    if held.report and held.report["key"] == key:
        return _opened(held.report)
    number = subject.number or ""
    reference = reference or await desk.bureau.find(subject.country, number)
    reach("credit-monitor.searched")
    if reference is None:
        return port.Unknown()
    times = await work.order(desk.pool, held)
    reach("credit-monitor.ordered")
    if times > 1:
        log.warning("report ordered again after an interruption", times=times, purpose=purpose)
    report = await desk.bureau.report(port.Subject(subject.country, number, reference), purpose)
    reach("credit-monitor.report-fetched")
    await work.keep_report(desk.pool, held, {"key": key, **_packed(report)})
    reach("credit-monitor.report-kept")
    return report


def _packed(report: port.Report) -> dict[str, Any]:
    packed: dict[str, Any] = {"kind": type(report).__name__}
    if isinstance(report, port.Rated):
        packed["rating"] = report.rating.model_dump(mode="json")
    if isinstance(report, port.Rated | port.NotRated):
        packed["as_of"] = report.as_of.isoformat()
    return packed


def _opened(packed: dict[str, Any]) -> port.Report:
    match packed["kind"]:
        case "Rated":
            rating = CreditRating.model_validate(packed["rating"])
            return port.Rated(rating, datetime.fromisoformat(packed["as_of"]))
        case "NotRated":
            return port.NotRated(datetime.fromisoformat(packed["as_of"]))
        case "Denied":
            return port.Denied()
        case _:
            return port.Unknown()
