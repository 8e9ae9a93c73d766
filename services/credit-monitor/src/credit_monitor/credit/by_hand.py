"""What people decide about one company's watch, and what follows."""

from collections.abc import Sequence

from chassis.decider import Rejected
from contracts.credit_checks import (
    CreditRequest,
    ExcludeFromCreditWatch,
    NoteReportView,
    ResumeCreditWatch,
    StopCreditWatch,
    WantCredit,
)
from contracts.credit_monitor import (
    CreditEvent,
    CreditReportViewed,
    CreditWanted,
    MonitoringExcluded,
    MonitoringResumed,
    MonitoringStopped,
)
from credit_monitor.credit.state import Credit


def by_hand(command: CreditRequest, credit: Credit) -> Sequence[CreditEvent]:
    """Say what follows from what somebody asks."""
    match command:
        case StopCreditWatch():
            return _stopped(command, credit)
        case ExcludeFromCreditWatch():
            return _excluded(command, credit)
        case ResumeCreditWatch():
            return _resumed(command, credit)
        case WantCredit():
            wanted = CreditWanted(company_id=command.company_id, amount=command.amount)
            return [] if command.amount == credit.wanted else [wanted]
        case NoteReportView():
            return _viewed(command, credit)
        case _:
            raise Rejected("malformed", "This is decided elsewhere.")


def _stopped(command: StopCreditWatch, credit: Credit) -> Sequence[CreditEvent]:
    if credit.by_hand:
        return []
    if not credit.watched:
        raise Rejected(
            "credit-not-watched", "This company is not watched; exclude it if it is never to be."
        )
    stopped = MonitoringStopped(
        company_id=command.company_id, cause="MANUAL", reason=command.reason
    )
    return [stopped]


def _excluded(command: ExcludeFromCreditWatch, credit: Credit) -> Sequence[CreditEvent]:
    if credit.by_hand == "EXCLUDED":
        return []
    left_out = MonitoringExcluded(
        company_id=command.company_id, cause="MANUAL", reason=command.reason
    )
    return [left_out]


def _resumed(command: ResumeCreditWatch, credit: Credit) -> Sequence[CreditEvent]:
    if not credit.by_hand:
        return []
    return [MonitoringResumed(company_id=command.company_id, reason=command.reason)]


def _viewed(command: NoteReportView, credit: Credit) -> Sequence[CreditEvent]:
    """Keep who has seen what is said now; there must be something to be seen."""
    if credit.rating is None or command.by in credit.viewers:
        return []
    return [CreditReportViewed(company_id=command.company_id, viewed_by=command.by)]
