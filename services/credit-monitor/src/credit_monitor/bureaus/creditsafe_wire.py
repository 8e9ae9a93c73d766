"""What Creditsafe Connect writes, read tolerantly: unknown fields are passed over."""

from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from contracts.values import Band, CreditRating
from credit_monitor.bureaus.creditsafe_values import fact_of, is_number, money, naive, part
from credit_monitor.bureaus.port import Notice
from credit_monitor.credit.changes import Part


class Wire(BaseModel):
    """Something Connect wrote."""

    model_config = ConfigDict(
        alias_generator=to_camel, frozen=True, extra="ignore", coerce_numbers_to_str=True
    )


class Hit(Wire):
    """A company that was found."""

    id: str
    country: str
    reg_no: str | None = None
    office_type: str | None = None

    def is_for(self, country: str, number: str) -> bool:
        """Say whether this is the very company, and not a branch or a near miss."""
        is_branch = self.office_type == "branch"
        return self.country == country and is_number(self.reg_no, number) and not is_branch


class Hits(Wire):
    """What a search found."""

    companies: tuple[Hit, ...] = ()


class Limit(Wire):
    """A credit limit."""

    currency: str | None = None
    value: str | None = None


class ProviderValue(Wire):
    """A score and its scale."""

    value: str | None = None
    min_value: str | None = None
    max_value: str | None = None

    @property
    def scale(self) -> str | None:
        """Return from where to where scores go."""
        known = self.min_value is not None and self.max_value is not None
        return f"{self.min_value}-{self.max_value}" if known else None


class Rating(Wire):
    """A rating as reports have it."""

    common_value: str | None = None
    common_description: str | None = None
    credit_limit: Limit | None = None
    provider_value: ProviderValue | None = None
    provider_description: str | None = None


class Summary(Wire):
    """Who a report is about."""

    company_registration_number: str | None = None
    credit_rating: Rating | None = None


class Score(Wire):
    """The part of a report on ratings."""

    current_credit_rating: Rating | None = None
    latest_rating_change_date: datetime | None = None


class Body(Wire):
    """The report itself."""

    company_summary: Summary
    credit_score: Score | None = None

    @property
    def rating(self) -> Rating | None:
        """Return the rating, from whichever section has it."""
        current = self.credit_score and self.credit_score.current_credit_rating
        return current or self.company_summary.credit_rating


class ReportAnswer(Wire):
    """A report and what goes around it."""

    correlation_id: str | None = None
    failed_sections: tuple[Any, ...] = ()
    date_of_order: datetime
    report: Body

    def is_for(self, number: str) -> bool:
        """Say whether the report is about this number."""
        return is_number(self.report.company_summary.company_registration_number, number)

    def rating(self, bureau: str, reference: str, country: str) -> CreditRating:
        """Return the rating in our words, the bureau's own score and grade kept as they are."""
        rating = self.report.rating or Rating()
        value = rating.provider_value or ProviderValue()
        limit = rating.credit_limit or Limit()
        changed = self.report.credit_score and self.report.credit_score.latest_rating_change_date
        told = dict(part("band", rating.common_value or "", country))
        told |= part("score", value.value or "", country)
        if rating.common_value in set("ABCD"):
            told["band"] = Band(rating.common_value)
        by_country = part("limit", limit.value or "", country)["limit"]
        return CreditRating(
            bureau=bureau,
            reference=reference,
            scale=value.scale,
            text=rating.common_description or rating.provider_description,
            limit=money(limit.value, limit.currency) or by_country,
            rated_on=(changed or self.date_of_order).date(),
            **told,
        )


class Paging(Wire):
    """Whether there are more pages."""

    next: int | None = None


class Portfolio(Wire):
    """A portfolio."""

    id: Annotated[str, Field(alias="portfolioId")]
    name: str = ""


class PortfolioList(Wire):
    """A page of portfolios."""

    portfolios: tuple[Portfolio, ...] = ()


class Portfolios(Wire):
    """The account's portfolios."""

    data: PortfolioList
    paging: Paging = Paging()


class Rule(Wire):
    """A rule that can be switched on."""

    code: Annotated[int, Field(alias="ruleCode")]
    name: str = ""


class Member(Wire):
    """A company in a portfolio, and how it is rated now."""

    id: str
    country_code: str
    credit_limit: str | None = None
    rating_common: str | None = None
    rating_local: str | None = None
    personal_reference: str | None = None

    def told(self) -> Part:
        """Return what this says of the rating."""
        told = dict(part("limit", self.credit_limit or "", self.country_code))
        if self.rating_common is not None:
            told |= part("band", self.rating_common, self.country_code)
        if self.rating_local is not None:
            told |= part("score", self.rating_local, self.country_code)
        return told


class Members(Wire):
    """A page of a portfolio's companies."""

    data: tuple[Member, ...] = ()
    total_count: int | None = None
    paging: Paging = Paging()


class NotifiedCompany(Wire):
    """Whom a notification is about, and whose portfolio it is in."""

    id: str
    country_code: str
    portfolio_id: str


class Notification(Wire):
    """One notification."""

    notification_event_id: int
    company: NotifiedCompany
    event_date: datetime
    processed_date: datetime | None = None
    rule_code: int
    rule_name: str = ""
    old_value: str | None = None
    new_value: str | None = None

    def notice(self, zone: ZoneInfo) -> Notice:
        """Return it in our words."""
        return Notice(
            id=self.notification_event_id,
            portfolio=self.company.portfolio_id,
            reference=self.company.id,
            country=self.company.country_code,
            fact=fact_of(self.rule_code, self.rule_name),
            old=self.old_value or "",
            new=self.new_value or "",
            at=naive(self.event_date, zone),
            published=naive(self.processed_date or self.event_date, zone),
        )


class Notifications(Wire):
    """A page of notifications."""

    data: tuple[Notification, ...] = ()
    paging: Paging = Paging()
