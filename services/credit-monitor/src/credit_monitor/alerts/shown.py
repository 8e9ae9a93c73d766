"""What an alert says of a company's credit: with both bands only where the law lets it."""

from typing import Any, TypeAlias
from uuid import UUID

from contracts.credit_alerts import AlertKind
from contracts.credit_monitor import (
    CreditChangeNoted,
    CreditRatingChanged,
    CreditReportCorrected,
)
from credit_monitor.facts.forms import treatment
from credit_monitor.facts.subject import Subject

Change: TypeAlias = CreditRatingChanged | CreditReportCorrected | CreditChangeNoted
USER = "user:"


def is_told_one_by_one(event: Change) -> bool:
    """Say whether a change has an alert of its own.

    What a model moved is told together, and a correction by the event that names who saw it wrong.
    """
    return not isinstance(event, CreditRatingChanged) or event.cause == "COMPANY"


def told_of(event: Change, subject: Subject) -> dict[str, Any]:
    """Return the kind of the alert that a change leads to, and what it says."""
    if isinstance(event, CreditChangeNoted):
        return {"kind": AlertKind.SOMETHING_CHANGED, "bureau": event.bureau}
    kind, old, new = AlertKind.RATING_CHANGED, *_both(event)
    if not treatment(subject).shows_values:
        return {"kind": AlertKind.SOMETHING_CHANGED, "bureau": new.bureau}
    if isinstance(event, CreditReportCorrected):
        kind = AlertKind.REPORT_CORRECTED
    bands = {"old": old.band, "new": new.band}
    return {"kind": kind, "bureau": new.bureau, "model": new.model, **bands}


def _both(event: CreditRatingChanged | CreditReportCorrected) -> tuple[Any, Any]:
    if isinstance(event, CreditReportCorrected):
        return event.wrong, event.right
    return event.old, event.new


def seen_by(event: Change) -> set[UUID]:
    """Return the users who saw what was wrong: they are told too, owners or not."""
    if not isinstance(event, CreditReportCorrected):
        return set()
    return {UUID(one.removeprefix(USER)) for one in event.seen_by if one.startswith(USER)}
