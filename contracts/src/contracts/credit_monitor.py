"""What is said about credit ratings and credit watch."""

from typing import Annotated, ClassVar, Literal, TypeAlias
from uuid import UUID

from pydantic import Field

from contracts.message import Event
from contracts.values import CreditRating, Line


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
    code: Literal["unknown-at-bureau", "not-rated", "access-denied"]
    message: Line


class MonitoringStarted(CreditFact):
    """A company is under credit watch."""

    type: Literal["monitoring-started.v1"] = "monitoring-started.v1"
    bureau: Line
    cause: Literal["RATED", "MANUAL"]


class MonitoringStopped(CreditFact):
    """A company is no longer under credit watch."""

    type: Literal["monitoring-stopped.v1"] = "monitoring-stopped.v1"
    cause: Literal["ARCHIVED", "RELATION_ENDED", "NUMBER_CHANGED", "MANUAL"]


class MonitoringExcluded(CreditFact):
    """A company is not put under credit watch, and why."""

    type: Literal["monitoring-excluded.v1"] = "monitoring-excluded.v1"
    cause: Literal["LEGAL_FORM", "NO_NUMBER", "COUNTRY", "NOT_RATED", "MANUAL", "COST_CAP"]


CreditEvent: TypeAlias = Annotated[
    CompanyRated
    | CreditRatingChanged
    | CreditCheckFailed
    | MonitoringStarted
    | MonitoringStopped
    | MonitoringExcluded,
    Field(discriminator="type"),
]
