"""What this service wishes of a company's credit by itself; nobody else can ask for it."""

from datetime import date
from typing import Annotated, ClassVar, Literal, TypeAlias
from uuid import UUID

from pydantic import Field

from contracts.credit_monitor import CreditPurpose, FailureCode
from contracts.message import Actor, Command
from contracts.values import CreditRating, Line
from credit_monitor.credit.state import ExclusionCause, StopCause


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


class NoteChange(CreditWish):
    """Keep that something changed about a company of which nothing more may be said."""

    type: Literal["note-change"] = "note-change"
    bureau: Line


class RecordFailure(CreditWish):
    """Keep that the bureau will not rate a company, and why."""

    type: Literal["record-failure"] = "record-failure"
    bureau: Line
    code: FailureCode
    message: Line


class AnswerCheck(CreditWish):
    """Keep that what somebody asked is answered; a person's rating is kept elsewhere."""

    type: Literal["answer-check"] = "answer-check"
    check_id: UUID
    purpose: CreditPurpose | None = None
    asked_by: Actor
    bureau: Line
    rating: CreditRating | None = None
    failure: FailureCode | None = None
    shown: Literal["VALUES", "ASKER_ONLY"] = "VALUES"
    copy_reference: Line | None = None
    copy_sent_on: date | None = None


class ExpireReport(CreditWish):
    """Keep that a person's report, or who asked for it, is kept no longer."""

    type: Literal["expire-report"] = "expire-report"
    check_id: UUID
    what: Literal["REPORT", "ENQUIRY"]


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


Wishes: TypeAlias = Annotated[
    RecordRating
    | RecordChange
    | NoteChange
    | RecordFailure
    | AnswerCheck
    | ExpireReport
    | StartWatch
    | StopWatch
    | ExcludeFromWatch,
    Field(discriminator="type"),
]
