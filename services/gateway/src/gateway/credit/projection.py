"""Credit history: one row for each thing that was said of a company's credit."""

from importlib.resources import files
from typing import Any, NamedTuple

from chassis.codec import to_json
from chassis.projection import Projection, Told
from contracts.credit_monitor import (
    CompanyRated,
    CreditChangeNoted,
    CreditCheckAnswered,
    CreditCheckFailed,
    CreditCheckRequested,
    CreditRatingChanged,
    CreditReportCorrected,
    CreditReportExpired,
    MonitoringExcluded,
    MonitoringResumed,
    MonitoringStarted,
    MonitoringStopped,
    SubjectCopySent,
)


class Entry(NamedTuple):
    """A row of `credit_history`."""

    event_id: str
    company_id: str
    seq: int
    at: str
    by: str
    what: str
    cause: str | None = None
    purpose: str | None = None
    message: str | None = None
    check_id: str | None = None
    asked_by: str | None = None
    bureau: str | None = None
    shown: str = "VALUES"
    old: dict[str, Any] | None = None
    new: dict[str, Any] | None = None


def evolve(_row: Entry | None, told: Told) -> Entry | None:  # noqa: PLR0911 - a table of contents
    """Write down what was said."""
    company_id = str(told.event.stream_id)
    what = type(told.event).__name__
    common = (told.id, company_id, told.seq, told.at, told.by, what)
    match told.event:
        case CompanyRated() as event:
            rating = to_json(event.rating)
            return Entry(*common, purpose=event.purpose, bureau=event.rating.bureau, new=rating)
        case CreditRatingChanged() as event:
            old, new = to_json(event.old), to_json(event.new)
            return Entry(*common, cause=event.cause, bureau=event.new.bureau, old=old, new=new)
        case CreditReportCorrected() as event:
            old, new = to_json(event.wrong), to_json(event.right)
            return Entry(*common, cause="CORRECTION", bureau=event.right.bureau, old=old, new=new)
        case CreditCheckFailed() as event:
            return Entry(*common, cause=event.code, bureau=event.bureau, message=event.message)
        case CreditChangeNoted() as event:
            return Entry(*common, bureau=event.bureau, shown="THAT_ONLY")
        case MonitoringStarted() as event:
            return Entry(*common, cause=event.cause, bureau=event.bureau)
        case MonitoringStopped(cause=cause) | MonitoringExcluded(cause=cause):
            return Entry(*common, cause=cause)
        case MonitoringResumed():
            return Entry(*common)
        case _:
            return _checked(told, Entry(*common))


def _checked(told: Told, entry: Entry) -> Entry | None:
    """Write down what somebody asked, and what became of it."""
    match told.event:
        case CreditCheckRequested() as event:
            return entry._replace(
                purpose=event.purpose, check_id=str(event.check_id), asked_by=event.asked_by
            )
        case CreditCheckAnswered() as event:
            return entry._replace(
                cause=event.failure,
                purpose=event.purpose,
                check_id=str(event.check_id),
                asked_by=event.asked_by,
                bureau=event.bureau,
                shown=event.shown,
                new=to_json(event.rating) if event.rating else None,
            )
        case SubjectCopySent() as event:
            sent = f"{event.reference} {event.sent_on.isoformat()}"
            check = str(event.check_id)
            return entry._replace(check_id=check, bureau=event.bureau, message=sent)
        case CreditReportExpired() as event:
            return entry._replace(cause=event.what, check_id=str(event.check_id))
        case _:
            return None


credit_history: Projection[Entry] = Projection(
    name="credit_history",
    version=2,
    row=Entry,
    table_sql=files("gateway.credit").joinpath("table.sql").read_text(),
    handles=(
        CompanyRated,
        CreditRatingChanged,
        CreditReportCorrected,
        CreditReportExpired,
        CreditCheckFailed,
        CreditChangeNoted,
        CreditCheckRequested,
        CreditCheckAnswered,
        SubjectCopySent,
        MonitoringStarted,
        MonitoringStopped,
        MonitoringExcluded,
        MonitoringResumed,
    ),
    key=lambda told: told.id,
    evolve=evolve,
)
