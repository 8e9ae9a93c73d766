"""What is said about credit ratings and credit watch."""

from datetime import date
from typing import Annotated, ClassVar, Literal, TypeAlias
from uuid import UUID

from pydantic import AwareDatetime, Field

from contracts.message import Actor, Event
from contracts.values import CreditRating, Line, Money, Sealed

CreditPurpose: TypeAlias = Literal["CREDIT_GRANT", "EXISTING_CREDIT", "CONTRACT", "OTHER"]
"""Why somebody needs to know: credit to be given, credit given, another contract, or what the
reason says."""
FailureCode: TypeAlias = Literal["unknown-at-bureau", "not-rated", "access-denied"]


class CreditFact(Event):
    """A fact about one company's credit."""

    category: ClassVar[str] = "credit"
    company_id: UUID

    @property
    def stream_id(self) -> UUID:
        """Return the id of the stream."""
        return self.company_id


class CompanyRated(CreditFact):
    """A company got its first rating."""

    type: Literal["company-rated.v1"] = "company-rated.v1"
    rating: CreditRating
    purpose: Line


class CreditRatingChanged(CreditFact):
    """A watched company's rating is another than before."""

    type: Literal["credit-rating-changed.v1"] = "credit-rating-changed.v1"
    old: CreditRating
    new: CreditRating
    cause: Literal["COMPANY", "MODEL", "CORRECTION"]


class CreditCheckFailed(CreditFact):
    """The bureau could not rate a company, for a reason that asking again does not change."""

    type: Literal["credit-check-failed.v1"] = "credit-check-failed.v1"
    bureau: Line
    code: FailureCode
    message: Line


class MonitoringStarted(CreditFact):
    """A company is under credit watch."""

    type: Literal["monitoring-started.v1"] = "monitoring-started.v1"
    bureau: Line
    cause: Literal["RATED", "MANUAL"]


class MonitoringStopped(CreditFact):
    """A company is no longer under credit watch."""

    type: Literal["monitoring-stopped.v1"] = "monitoring-stopped.v1"
    cause: Literal[
        "ARCHIVED",
        "MERGED",
        "ERASED",
        "RELATION_ENDED",
        "NUMBER_CHANGED",
        "BUREAU_CHANGED",
        "MANUAL",
    ]
    reason: Sealed | None = None


class MonitoringExcluded(CreditFact):
    """A company is not put under credit watch, and why."""

    type: Literal["monitoring-excluded.v1"] = "monitoring-excluded.v1"
    cause: Literal["LEGAL_FORM", "NO_NUMBER", "COUNTRY", "NOT_RATED", "MANUAL", "COST_CAP"]
    reason: Sealed | None = None


class MonitoringResumed(CreditFact):
    """What somebody stopped or excluded by hand goes its own way again."""

    type: Literal["monitoring-resumed.v1"] = "monitoring-resumed.v1"
    reason: Sealed | None = None


class CreditCheckRequested(CreditFact):
    """Somebody wants to know how a company is rated now, and why.

    With `subject_copy` whoever is rated gets a copy that names who asked: they were told before.
    """

    type: Literal["credit-check-requested.v1"] = "credit-check-requested.v1"
    check_id: UUID
    purpose: CreditPurpose | None = None
    reason: Sealed | None = None
    personal_number: Sealed | None = None
    amount: Money | None = None
    subject_copy: bool = False
    correction: bool = False
    asked_by: Actor
    asked_at: AwareDatetime


class CreditCheckAnswered(CreditFact):
    """The bureau has answered what somebody asked; a person's report is for who asked alone.

    `rating` is absent where it is a person's: it stands in no event. `failure` says why there is
    none at all.
    """

    type: Literal["credit-check-answered.v1"] = "credit-check-answered.v1"
    check_id: UUID
    purpose: CreditPurpose | None = None
    asked_by: Actor
    bureau: Line
    rating: CreditRating | None = None
    failure: FailureCode | None = None
    shown: Literal["VALUES", "ASKER_ONLY"] = "VALUES"


class CreditChangeNoted(CreditFact):
    """Something changed about a company whose form lets nothing more be said.

    No value is known here; opening it is a new report.
    """

    type: Literal["credit-change-noted.v1"] = "credit-change-noted.v1"
    bureau: Line


class SubjectCopySent(CreditFact):
    """Whoever was rated has been sent a copy of the report, which names who asked."""

    type: Literal["subject-copy-sent.v1"] = "subject-copy-sent.v1"
    check_id: UUID
    bureau: Line
    reference: Line
    sent_on: date


class CreditReportCorrected(CreditFact):
    """The bureau takes back what it said; `seen_by` are those who saw it and are to be told."""

    type: Literal["credit-report-corrected.v1"] = "credit-report-corrected.v1"
    wrong: CreditRating
    right: CreditRating
    seen_by: tuple[Actor, ...] = ()


class CreditReportViewed(CreditFact):
    """Somebody has seen how a company is rated, for the first time since it was rated so."""

    type: Literal["credit-report-viewed.v1"] = "credit-report-viewed.v1"
    viewed_by: Actor


class CreditReportExpired(CreditFact):
    """A person's report, or the record of who asked for it, has been kept long enough."""

    type: Literal["credit-report-expired.v1"] = "credit-report-expired.v1"
    check_id: UUID
    what: Literal["REPORT", "ENQUIRY"]


class CreditWanted(CreditFact):
    """How much credit a company is to have; absent, none is wanted any more."""

    type: Literal["credit-wanted.v1"] = "credit-wanted.v1"
    amount: Money | None = None


CreditEvent: TypeAlias = Annotated[
    CompanyRated
    | CreditRatingChanged
    | CreditCheckFailed
    | MonitoringStarted
    | MonitoringStopped
    | MonitoringExcluded
    | MonitoringResumed
    | CreditCheckRequested
    | CreditCheckAnswered
    | CreditChangeNoted
    | SubjectCopySent
    | CreditReportCorrected
    | CreditReportViewed
    | CreditReportExpired
    | CreditWanted,
    Field(discriminator="type"),
]
