"""What Direct+ writes, read tolerantly: unknown fields are passed over."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict
from pydantic.alias_generators import to_camel

from contracts.values import CreditRating, Money
from credit_monitor.bureaus.creditsafe_values import is_number
from credit_monitor.bureaus.dnb_values import SCALE, part

SURE = 8
"""From this confidence on D&B calls a match safe to take without looking."""
BY_NUMBER = "National ID Lookup"


class Wire(BaseModel):
    """Something Direct+ wrote."""

    model_config = ConfigDict(
        alias_generator=to_camel, frozen=True, extra="ignore", coerce_numbers_to_str=True
    )


class Detail(Wire):
    """What goes around every answer."""

    transaction_timestamp: datetime | None = None


def _object(value: Any) -> Any:
    """Take a list where others have an object for nothing."""
    return None if isinstance(value, list) else value


def _list(value: Any) -> Any:
    """Take nothing where others have a list."""
    return value or ()


class RegistrationNumber(Wire):
    """A number that a company has in its country."""

    registration_number: str = ""


class Candidate(Wire):
    """Somebody who may be the one that was looked for."""

    duns: str
    registration_numbers: Annotated[tuple[RegistrationNumber, ...], BeforeValidator(_list)] = ()

    def has(self, number: str) -> bool:
        """Say whether it has this number."""
        return any(is_number(one.registration_number, number) for one in self.registration_numbers)


class Quality(Wire):
    """How sure D&B is."""

    confidence_code: int = 0


class Match(Wire):
    """A candidate, and how sure D&B is."""

    organization: Candidate
    match_quality_information: Quality = Quality()


class Matches(Wire):
    """What a search found."""

    match_data_criteria: str = ""
    match_candidates: tuple[Match, ...] = ()

    def duns_of(self, number: str) -> str | None:
        """Return who has the very number; near misses are listed beside it, even first.

        Where a candidate's numbers are not shown, a look-up by number that D&B is sure of counts.
        """
        for match in self.match_candidates:
            if match.organization.has(number):
                return match.organization.duns
        for match in self.match_candidates:
            sure = match.match_quality_information.confidence_code >= SURE
            hidden = not match.organization.registration_numbers
            if sure and hidden and self.match_data_criteria == BY_NUMBER:
                return match.organization.duns
        return None


class Nordic(Wire):
    """The grade on the Nordic scale."""

    rating: str | None = None


class Model(Wire):
    """By which version of its model D&B rates."""

    description: str | None = None


class Failure(Wire):
    """Where a company stands among all in its country: 1 lowest, 100 best."""

    national_percentile: str | None = None
    score_date: date | None = None
    score_model: Annotated[Model | None, BeforeValidator(_object)] = None


class Amount(Wire):
    """An amount."""

    value: Decimal | None = None
    currency: str | None = None

    def money(self) -> Money | None:
        """Return it, if it is one."""
        if self.value is None or self.currency is None:
            return None
        return Money(amount=self.value, currency=self.currency)


class Limit(Wire):
    """How much credit D&B would give."""

    maximum_recommended_limit: Annotated[Amount | None, BeforeValidator(_object)] = None
    assessment_date: date | None = None


class Assessment(Wire):
    """What D&B thinks of a company."""

    nordic_a_a_a_rating: Annotated[Nordic | None, BeforeValidator(_object)] = None
    failure_score: Annotated[Failure | None, BeforeValidator(_object)] = None
    credit_limit_recommendation: Annotated[Limit | None, BeforeValidator(_object)] = None

    model_config = ConfigDict(
        alias_generator=lambda name: {
            "nordic_a_a_a_rating": "nordicAAARating",
        }.get(name, to_camel(name))
    )


class Organization(Candidate):
    """A company, with the blocks that were asked for."""

    dnb_assessment: Annotated[Assessment | None, BeforeValidator(_object)] = None


class DataAnswer(Wire):
    """Blocks, and what goes around them."""

    transaction_detail: Detail = Detail()
    organization: Organization

    def rating(self, bureau: str, reference: str, asked_on: date) -> CreditRating | None:
        """Return the rating in our words, D&B's own grade and percentile kept as they are."""
        said = self.organization.dnb_assessment
        grade = said and said.nordic_a_a_a_rating and said.nordic_a_a_a_rating.rating
        if said is None or not grade:
            return None
        failure = said.failure_score or Failure()
        limit = (said.credit_limit_recommendation or Limit()).maximum_recommended_limit
        return CreditRating(
            bureau=bureau,
            reference=reference,
            scale=SCALE,
            limit=limit.money() if limit else None,
            rated_on=failure.score_date or asked_on,
            model=(failure.score_model and failure.score_model.description) or None,
            **{**part("band", grade), **part("score", failure.national_percentile or "")},
        )


class Element(Wire):
    """One thing that changed."""

    element: str
    previous: str | None = None
    current: str | None = None
    timestamp: datetime | None = None


class Notified(Wire):
    """Whom a notification is about."""

    duns: str


class Notification(Wire):
    """One notification."""

    type: str
    organization: Notified
    elements: tuple[Element, ...] = ()
    delivery_time_stamp: datetime


class Notifications(Wire):
    """What was in the queue."""

    notifications: tuple[Any, ...] = ()


class Registered(Wire):
    """A company in a registration."""

    duns: str


class Links(Wire):
    """Whether there are more pages."""

    next: str | None = None


class Export(Wire):
    """A page of a registration."""

    subjects_count: int | None = None
    subjects: tuple[Registered, ...] = ()
    links: Links = Links()
