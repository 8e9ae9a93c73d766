"""A company's credit: rated once, then watched, and every change of rating told once."""

from collections.abc import Sequence
from typing import Literal, TypeAlias, assert_never
from uuid import UUID

from chassis.decider import Decider, Rejected
from contracts.credit_checks import CreditRequest
from contracts.credit_monitor import (
    CompanyRated,
    CreditChangeNoted,
    CreditCheckAnswered,
    CreditCheckFailed,
    CreditEvent,
    CreditRatingChanged,
    CreditReportCorrected,
    CreditReportExpired,
    MonitoringExcluded,
    MonitoringStarted,
    MonitoringStopped,
    SubjectCopySent,
)
from contracts.values import CreditRating
from credit_monitor.credit.by_hand import by_hand
from credit_monitor.credit.state import Credit, evolve, same
from credit_monitor.credit.wishes import (
    AnswerCheck,
    ExcludeFromWatch,
    ExpireReport,
    NoteChange,
    RecordChange,
    RecordFailure,
    RecordRating,
    StartWatch,
    StopWatch,
    Wishes,
)

CreditCommand: TypeAlias = Wishes | CreditRequest


def decide(command: CreditCommand, credit: Credit) -> Sequence[CreditEvent]:  # noqa: C901, PLR0911 - one line a command
    """Say what follows from a command; say nothing when it is already so."""
    match command:
        case CreditRequest():
            return by_hand(command, credit)
        case RecordRating():
            return record_rating(command, credit)
        case RecordChange():
            return record_change(command, credit)
        case NoteChange():
            noted = CreditChangeNoted(company_id=command.company_id, bureau=command.bureau)
            return [noted] if credit.watched else []
        case RecordFailure():
            return record_failure(command, credit)
        case AnswerCheck():
            return answer_check(command, credit)
        case ExpireReport():
            return expire(command)
        case StartWatch():
            return start_watch(command, credit)
        case StopWatch():
            return stop_watch(command, credit)
        case ExcludeFromWatch():
            return exclude(command, credit)
        case _:
            assert_never(command)


def record_rating(command: RecordRating, credit: Credit) -> Sequence[CreditEvent]:
    """Tell of a first rating; another number, or another bureau, is a first time again."""
    before = credit.rating
    if before is None or not _of_one_subject(before, command.rating):
        rated = CompanyRated(
            company_id=command.company_id, rating=command.rating, purpose=command.purpose
        )
        return [rated]
    return _changed(command.company_id, before, command.rating, "COMPANY")


def record_change(command: RecordChange, credit: Credit) -> Sequence[CreditEvent]:
    """Tell of a change of what is rated; a change of something else is not ours to tell."""
    before = credit.rating
    if before is None or not _of_one_subject(before, command.rating):
        return []
    changed = _changed(command.company_id, before, command.rating, command.cause)
    if not changed or command.cause != "CORRECTION":
        return changed
    corrected = CreditReportCorrected(
        company_id=command.company_id,
        wrong=before,
        right=command.rating,
        seen_by=tuple(sorted(credit.viewers)),
    )
    return [corrected, *changed]


def _of_one_subject(one: CreditRating, other: CreditRating) -> bool:
    """Say whether two ratings can be compared: each bureau has references and scales of its own."""
    return (one.bureau, one.reference) == (other.bureau, other.reference)


def _changed(
    company_id: UUID,
    old: CreditRating,
    new: CreditRating,
    cause: Literal["COMPANY", "MODEL", "CORRECTION"],
) -> Sequence[CreditEvent]:
    if same(old, new):
        return []
    if cause == "COMPANY" and _is_by_model(old, new):
        cause = "MODEL"
    return [CreditRatingChanged(company_id=company_id, old=old, new=new, cause=cause)]


def _is_by_model(old: CreditRating, new: CreditRating) -> bool:
    """Say whether the bureau rates otherwise than it did: by another version of its model."""
    return None not in {old.model, new.model} and old.model != new.model


def record_failure(command: RecordFailure, credit: Credit) -> Sequence[CreditEvent]:
    """Tell that there is no rating, and that there is therefore no watch."""
    if credit.failed == command.code:
        return []
    failed = CreditCheckFailed(
        company_id=command.company_id,
        bureau=command.bureau,
        code=command.code,
        message=command.message,
    )
    if credit.excluded == "NOT_RATED":
        return [failed]
    return [failed, MonitoringExcluded(company_id=command.company_id, cause="NOT_RATED")]


def answer_check(command: AnswerCheck, credit: Credit) -> Sequence[CreditEvent]:
    """Tell that a question is answered, once, and that a copy went to whom it is about."""
    if command.check_id not in {check.id for check in credit.checks}:
        return []
    events: list[CreditEvent] = [
        CreditCheckAnswered(
            company_id=command.company_id,
            check_id=command.check_id,
            purpose=command.purpose,
            asked_by=command.asked_by,
            bureau=command.bureau,
            rating=command.rating,
            failure=command.failure,
            shown=command.shown,
        )
    ]
    if command.copy_reference and command.copy_sent_on:
        sent = SubjectCopySent(
            company_id=command.company_id,
            check_id=command.check_id,
            bureau=command.bureau,
            reference=command.copy_reference,
            sent_on=command.copy_sent_on,
        )
        events.append(sent)
    return events


def expire(command: ExpireReport) -> Sequence[CreditEvent]:
    """Tell what is kept no longer; its own id says that it is told once."""
    expired = CreditReportExpired(
        company_id=command.company_id, check_id=command.check_id, what=command.what
    )
    return [expired]


def start_watch(command: StartWatch, credit: Credit) -> Sequence[CreditEvent]:
    """Watch what has been rated: a rating, not an entry in the register, starts the watch."""
    if credit.rating is None and not credit.opened:
        raise Rejected("credit-not-rated", "Only a company that has been rated is watched.")
    if credit.watched:
        return []
    started = MonitoringStarted(
        company_id=command.company_id, bureau=command.bureau, cause=command.cause
    )
    return [started]


def stop_watch(command: StopWatch, credit: Credit) -> Sequence[CreditEvent]:
    """End a watch."""
    if not credit.watched:
        return []
    return [MonitoringStopped(company_id=command.company_id, cause=command.cause)]


def exclude(command: ExcludeFromWatch, credit: Credit) -> Sequence[CreditEvent]:
    """Leave a company out, whether it was watched or not."""
    if credit.excluded == command.cause:
        return []
    return [MonitoringExcluded(company_id=command.company_id, cause=command.cause)]


credits_: Decider[CreditCommand, Credit, CreditEvent] = Decider(Credit(), decide, evolve)
