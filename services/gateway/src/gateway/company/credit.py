"""What the card keeps of a company's credit: the latest rating, and the watch with its reasons."""

from typing import Any

from chassis.codec import to_json
from chassis.projection import Told
from contracts.credit_monitor import (
    CompanyRated,
    CreditChangeNoted,
    CreditCheckFailed,
    CreditRatingChanged,
    CreditReportCorrected,
    MonitoringExcluded,
    MonitoringResumed,
    MonitoringStarted,
    MonitoringStopped,
)

HANDLES = (
    CompanyRated,
    CreditRatingChanged,
    CreditReportCorrected,
    CreditChangeNoted,
    CreditCheckFailed,
    MonitoringStarted,
    MonitoringStopped,
    MonitoringExcluded,
    MonitoringResumed,
)


def take_in(credit: dict[str, Any], told: Told) -> dict[str, Any]:  # noqa: PLR0911 - a table of contents
    """Take in what the bureau says, and whether it is watched."""
    match told.event:
        case CompanyRated(rating=rating):
            return {**credit, "rating": to_json(rating), "failed": None, "heard_at": told.at}
        case CreditRatingChanged(new=rating):
            heard = {"changed_at": told.at, "heard_at": told.at}
            return {**credit, "rating": to_json(rating), "failed": None, **heard}
        case CreditReportCorrected(right=rating):
            return {**credit, "rating": to_json(rating), "heard_at": told.at}
        case CreditChangeNoted():
            return {**credit, "changed_at": told.at, "heard_at": told.at}
        case CreditCheckFailed() as event:
            failed = {"code": event.code, "message": event.message, "at": told.at}
            return {**credit, "failed": failed, "heard_at": told.at}
        case MonitoringStarted() as event:
            return {**credit, "watch": _watch("active", told, event.cause, bureau=event.bureau)}
        case MonitoringStopped() as event:
            return {**credit, "watch": _watch("stopped", told, event.cause, why=event.reason)}
        case MonitoringExcluded() as event:
            return {**credit, "watch": _watch("excluded", told, event.cause, why=event.reason)}
        case MonitoringResumed():
            return {**credit, "watch": None}
        case _:
            return credit


def _watch(state: str, told: Told, cause: str, **more: Any) -> dict[str, Any]:
    """Return how the watch is; the words somebody gave stand under the name they are sealed for."""
    watch: dict[str, Any] = {"state": state, "since": told.at, "reason": cause, "by": told.by}
    if bureau := more.get("bureau"):
        watch["bureau"] = bureau
    if why := more.get("why"):
        watch["why"] = {"reason": to_json(why)}
    return watch
