"""What people ask about a company's credit, and what it has cost."""

from decimal import Decimal
from typing import Annotated, ClassVar, Literal, TypeAlias
from uuid import UUID

from pydantic import Field, StringConstraints

from contracts.credit_monitor import CreditPurpose
from contracts.message import Command, Message, Query
from contracts.values import CreditRating, CurrencyCode, Line, Money, Sealed, Value

Month: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$")]
"""A month of the tenant's own clock."""


class CreditRequest(Command):
    """Something people ask about one company's credit."""

    aggregate: ClassVar[str] = "credit"
    company_id: UUID

    @property
    def stream_id(self) -> UUID:
        """Return the id of the stream."""
        return self.company_id


class RequestCreditCheck(CreditRequest):
    """Ask the bureau how a company is rated now.

    `personal_number` is a sole trader's, which nobody else keeps in plain. With `correction` the
    bureau has taken back what it said: what it says now is put in its place.
    """

    type: Literal["request-credit-check"] = "request-credit-check"
    purpose: CreditPurpose | None = None
    reason: Sealed | None = None
    personal_number: Sealed | None = None
    amount: Money | None = None
    confirm_subject_copy: bool = False
    correction: bool = False


class StopCreditWatch(CreditRequest):
    """End a watch by hand: it does not begin again by itself."""

    type: Literal["stop-credit-watch"] = "stop-credit-watch"
    reason: Sealed


class ExcludeFromCreditWatch(CreditRequest):
    """Neither rate nor watch a company, whatever the policy says."""

    type: Literal["exclude-from-credit-watch"] = "exclude-from-credit-watch"
    reason: Sealed


class ResumeCreditWatch(CreditRequest):
    """Let the policy decide again on what was stopped or excluded by hand."""

    type: Literal["resume-credit-watch"] = "resume-credit-watch"
    reason: Sealed | None = None


class WantCredit(CreditRequest):
    """Say how much credit a company is to have."""

    type: Literal["want-credit"] = "want-credit"
    amount: Money | None = None


class NoteReportView(CreditRequest):
    """Keep that somebody has seen how a company is rated."""

    type: Literal["note-report-view"] = "note-report-view"


CreditRequests: TypeAlias = Annotated[
    RequestCreditCheck
    | StopCreditWatch
    | ExcludeFromCreditWatch
    | ResumeCreditWatch
    | WantCredit
    | NoteReportView,
    Field(discriminator="type"),
]


class ReadCreditCosts(Query):
    """What have ratings cost in a month?"""

    type: Literal["read-credit-costs"] = "read-credit-costs"
    month: Month | None = None


class CostLine(Value):
    """What reports for one purpose from one bureau came to."""

    purpose: Line
    bureau: Line
    calls: int
    unknown: int
    """Asked, with no answer known: they count as paid."""
    cost: Decimal
    currency: CurrencyCode | None = None


class CreditCosts(Message):
    """A month's reports, and what is left of the cap; absent, there is none."""

    month: Month
    items: tuple[CostLine, ...] = ()
    total: Money | None = None
    cap: Money | None = None
    left: Money | None = None


class OpenCreditReport(Query):
    """What does a report on a person say, that `by` asked for?"""

    type: Literal["open-credit-report"] = "open-credit-report"
    company_id: UUID
    by: str


class OpenedReport(Value):
    """A report on a person, for who asked for it."""

    check_id: UUID
    rating: CreditRating


class OpenedReports(Message):
    """The latest first; what has expired is not among them."""

    items: tuple[OpenedReport, ...] = ()
