"""What is known of one company's credit, folded from its events."""

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, assert_never
from uuid import UUID

from contracts.credit_monitor import (
    CompanyRated,
    CreditChangeNoted,
    CreditCheckAnswered,
    CreditCheckFailed,
    CreditCheckRequested,
    CreditEvent,
    CreditPurpose,
    CreditRatingChanged,
    CreditReportCorrected,
    CreditReportExpired,
    CreditReportViewed,
    CreditWanted,
    FailureCode,
    MonitoringExcluded,
    MonitoringResumed,
    MonitoringStarted,
    MonitoringStopped,
    SubjectCopySent,
)
from contracts.values import CreditRating, Money, Sealed

StopCause: TypeAlias = Literal[
    "ARCHIVED", "MERGED", "ERASED", "RELATION_ENDED", "NUMBER_CHANGED", "BUREAU_CHANGED", "MANUAL"
]
ExclusionCause: TypeAlias = Literal[
    "LEGAL_FORM", "NO_NUMBER", "COUNTRY", "NOT_RATED", "MANUAL", "COST_CAP"
]


@dataclass(frozen=True, slots=True)
class OpenCheck:
    """Something somebody asked that the bureau has not answered."""

    id: UUID
    purpose: CreditPurpose | None
    by: str
    number: Sealed | None
    copied: bool
    correction: bool = False


@dataclass(frozen=True, slots=True)
class Credit:
    """Only what `decide` and the policy need to know about the past.

    `opened` says that somebody had a person's report opened: that, not a rating kept here, is
    what such a company's watch follows. `by_hand` that somebody stopped or excluded it.
    """

    rating: CreditRating | None = None
    watched: bool = False
    excluded: ExclusionCause | None = None
    failed: FailureCode | None = None
    checks: tuple[OpenCheck, ...] = ()
    opened: bool = False
    by_hand: Literal["STOPPED", "EXCLUDED"] | None = None
    wanted: Money | None = None
    viewers: frozenset[str] = frozenset()


def same(one: CreditRating, other: CreditRating) -> bool:
    """Say whether two ratings say the same: what they are worded like, and when, is not it."""
    return (one.band, one.grade, one.score, one.limit) == (
        other.band,
        other.grade,
        other.score,
        other.limit,
    )


def evolve(credit: Credit, event: CreditEvent) -> Credit:  # noqa: C901, PLR0911 - a table of contents
    """Take in one more fact."""
    match event:
        case CompanyRated():
            excluded = credit.excluded if credit.by_hand else None
            return replace(_rated(credit, event.rating), excluded=excluded, failed=None)
        case CreditRatingChanged():
            return _rated(credit, event.new)
        case CreditCheckFailed():
            return replace(credit, rating=None, failed=event.code)
        case CreditReportViewed():
            return replace(credit, viewers=credit.viewers | {event.viewed_by})
        case CreditWanted():
            return replace(credit, wanted=event.amount)
        case CreditCheckRequested() | CreditCheckAnswered():
            return _checked(credit, event)
        case CreditChangeNoted() | SubjectCopySent() | CreditReportExpired():
            return credit
        case CreditReportCorrected():
            return _rated(credit, event.right)
        case MonitoringStarted() | MonitoringStopped() | MonitoringExcluded():
            return _watched(credit, event)
        case MonitoringResumed():
            excluded = None if credit.excluded == "MANUAL" else credit.excluded
            return replace(credit, by_hand=None, excluded=excluded)
        case _:
            assert_never(event)


def _rated(credit: Credit, rating: CreditRating) -> Credit:
    """Put another rating in, which nobody has seen."""
    return replace(credit, rating=rating, viewers=frozenset())


def _checked(credit: Credit, event: CreditCheckRequested | CreditCheckAnswered) -> Credit:
    if isinstance(event, CreditCheckAnswered):
        left = tuple(check for check in credit.checks if check.id != event.check_id)
        opened = credit.opened or (event.shown == "ASKER_ONLY" and event.failure is None)
        return replace(credit, checks=left, opened=opened)
    asked = OpenCheck(
        id=event.check_id,
        purpose=event.purpose,
        by=event.asked_by,
        number=event.personal_number,
        copied=event.subject_copy,
        correction=event.correction,
    )
    return replace(credit, checks=(*credit.checks, asked))


def _watched(  # noqa: PLR0911 - one line a cause
    credit: Credit, event: MonitoringStarted | MonitoringStopped | MonitoringExcluded
) -> Credit:
    match event:
        case MonitoringStarted():
            return replace(credit, watched=True, excluded=None)
        case MonitoringStopped(cause="NUMBER_CHANGED"):
            return Credit(checks=credit.checks, by_hand=credit.by_hand, wanted=credit.wanted)
        case MonitoringStopped(cause="BUREAU_CHANGED"):
            # Whom we may only watch blindly, another bureau has nobody look at until asked.
            return replace(credit, watched=False, opened=False)
        case MonitoringStopped(cause="MANUAL"):
            return replace(credit, watched=False, by_hand="STOPPED")
        case MonitoringStopped():
            return replace(credit, watched=False)
        case MonitoringExcluded(cause="MANUAL"):
            return replace(credit, watched=False, excluded="MANUAL", by_hand="EXCLUDED")
        case MonitoringExcluded():
            return replace(credit, watched=False, excluded=event.cause)
