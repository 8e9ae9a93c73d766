"""A company's credit: rated once, then watched, and every change of rating told once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, Literal, TypeAlias, assert_never
from uuid import UUID

from pydantic import Field

from chassis.decider import Decider, Rejected
from contracts.credit_monitor import (
    CompanyRated,
    CreditCheckFailed,
    CreditEvent,
    CreditRatingChanged,
    MonitoringExcluded,
    MonitoringStarted,
    MonitoringStopped,
)
from contracts.message import Command
from contracts.values import CreditRating, Line

StopCause: TypeAlias = Literal["ARCHIVED", "RELATION_ENDED", "NUMBER_CHANGED", "MANUAL"]
ExclusionCause: TypeAlias = Literal[
    "LEGAL_FORM", "NO_NUMBER", "COUNTRY", "NOT_RATED", "MANUAL", "COST_CAP"
]
FailureCode: TypeAlias = Literal["unknown-at-bureau", "not-rated", "access-denied"]


class CreditWish(Command):
    """A wish about one company's credit; made and decided on inside this service alone."""

    aggregate: ClassVar[str] = "credit"
    company_id: UUID

    @property
    def stream_id(self) -> UUID:
        """Return the id of the stream."""
        return self.company_id


class RecordRating(CreditWish):
    """Keep what a report said that was asked for."""

    type: Literal["record-rating"] = "record-rating"
    rating: CreditRating
    purpose: Line


class RecordChange(CreditWish):
    """Keep what the bureau says has changed about a company under watch."""

    type: Literal["record-change"] = "record-change"
    rating: CreditRating
    cause: Literal["COMPANY", "MODEL", "CORRECTION"] = "COMPANY"


class RecordFailure(CreditWish):
    """Keep that the bureau will not rate a company, and why."""

    type: Literal["record-failure"] = "record-failure"
    bureau: Line
    code: FailureCode
    message: Line


class StartWatch(CreditWish):
    """Keep that a company is under watch from now on."""

    type: Literal["start-watch"] = "start-watch"
    bureau: Line
    cause: Literal["RATED", "MANUAL"] = "RATED"


class StopWatch(CreditWish):
    """Keep that a company is no longer under watch."""

    type: Literal["stop-watch"] = "stop-watch"
    cause: StopCause


class ExcludeFromWatch(CreditWish):
    """Keep that a company is not to be watched, and why."""

    type: Literal["exclude-from-watch"] = "exclude-from-watch"
    cause: ExclusionCause


CreditCommand: TypeAlias = Annotated[
    RecordRating | RecordChange | RecordFailure | StartWatch | StopWatch | ExcludeFromWatch,
    Field(discriminator="type"),
]


@dataclass(frozen=True, slots=True)
class Credit:
    """Only what `decide` and the policy need to know about the past."""

    rating: CreditRating | None = None
    watched: bool = False
    excluded: ExclusionCause | None = None
    failed: FailureCode | None = None


def decide(command: CreditCommand, credit: Credit) -> Sequence[CreditEvent]:
    """Say what follows from a command; say nothing when it is already so."""
    match command:
        case RecordRating():
            return record_rating(command, credit)
        case RecordChange():
            return record_change(command, credit)
        case RecordFailure():
            return record_failure(command, credit)
        case StartWatch():
            return start_watch(command, credit)
        case StopWatch():
            return stop_watch(command, credit)
        case ExcludeFromWatch():
            return exclude(command, credit)
        case _:
            assert_never(command)


def record_rating(command: RecordRating, credit: Credit) -> Sequence[CreditEvent]:
    """Tell of a first rating; another number at the bureau is rated for the first time again."""
    before = credit.rating
    if before is None or before.reference != command.rating.reference:
        rated = CompanyRated(
            company_id=command.company_id, rating=command.rating, purpose=command.purpose
        )
        return [rated]
    return _changed(command.company_id, before, command.rating, "COMPANY")


def record_change(command: RecordChange, credit: Credit) -> Sequence[CreditEvent]:
    """Tell of a change of what is rated; a change of something else is not ours to tell."""
    before = credit.rating
    if before is None or before.reference != command.rating.reference:
        return []
    return _changed(command.company_id, before, command.rating, command.cause)


def _changed(
    company_id: UUID,
    old: CreditRating,
    new: CreditRating,
    cause: Literal["COMPANY", "MODEL", "CORRECTION"],
) -> Sequence[CreditEvent]:
    if same(old, new):
        return []
    return [CreditRatingChanged(company_id=company_id, old=old, new=new, cause=cause)]


def same(one: CreditRating, other: CreditRating) -> bool:
    """Say whether two ratings say the same: what they are worded like, and when, is not it."""
    return (one.band, one.grade, one.score, one.limit) == (
        other.band,
        other.grade,
        other.score,
        other.limit,
    )


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


def start_watch(command: StartWatch, credit: Credit) -> Sequence[CreditEvent]:
    """Watch what has been rated: a rating, not an entry in the register, starts the watch."""
    if credit.rating is None:
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


def evolve(credit: Credit, event: CreditEvent) -> Credit:  # noqa: PLR0911 - one line an event
    """Take in one more fact."""
    match event:
        case CompanyRated():
            return replace(credit, rating=event.rating, excluded=None, failed=None)
        case CreditRatingChanged():
            return replace(credit, rating=event.new)
        case CreditCheckFailed():
            return replace(credit, rating=None, failed=event.code)
        case MonitoringStarted():
            return replace(credit, watched=True, excluded=None)
        case MonitoringStopped(cause="NUMBER_CHANGED"):
            return Credit()
        case MonitoringStopped():
            return replace(credit, watched=False)
        case MonitoringExcluded():
            return replace(credit, watched=False, excluded=event.cause)
        case _:
            assert_never(event)


credits_: Decider[CreditCommand, Credit, CreditEvent] = Decider(Credit(), decide, evolve)
