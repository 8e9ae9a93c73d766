"""What is said about whom a tenant rates and watches by itself, and what that may cost."""

from typing import Annotated, ClassVar, Literal, Self, TypeAlias
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from contracts.legal_forms import LEGAL_PERSONS
from contracts.message import Command, Event
from contracts.values import Band, CountryCode, Line, Money, RelationCode, Value

POLICY = UUID("0199a3c0-5e81-7081-8a00-6b756e640081")
RELATIONS_MAX, FORMS_MAX, COUNTRIES_MAX, BUREAUS_MAX = 50, 100, 20, 20
RULES_MAX = 50
REPORT_DAYS_MAX = 3 * 365
"""A natural person's report is gone after three years, whatever anybody sets."""


def _known_zone(name: str) -> str:
    """Let only zones through that there are."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError("no such time zone") from error
    return name


Zone: TypeAlias = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}$", max_length=60),
    AfterValidator(_known_zone),
]
"""A time zone by its IANA name."""
Outcome: TypeAlias = Literal["grant", "examine", "decline"]
FormCode: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{1,8}$")]


class DecisionRule(Value):
    """What is done with whom: all that is given must hold; what is not given always does.

    A limit of another currency than the one asked for is none.
    """

    outcome: Outcome
    bands: Annotated[tuple[Band, ...], Field(max_length=RULES_MAX)] = ()
    grades: Annotated[tuple[Line, ...], Field(max_length=RULES_MAX)] = ()
    limit_from: Money | None = None


class DecisionPolicy(Value):
    """What is done with whom, by how they are rated: the first rule that holds decides."""

    rules: Annotated[tuple[DecisionRule, ...], Field(max_length=RULES_MAX)] = (
        DecisionRule(outcome="grant", bands=(Band.A, Band.B)),
        DecisionRule(outcome="decline", bands=(Band.D, Band.E)),
    )
    otherwise: Outcome = "examine"


class CreditPolicy(Value):
    """Whom to rate and watch by oneself; what nobody decided is as it comes.

    With `amount_from`, only those who are to have at least so much credit. `prices` are each
    bureau's for one report. Sole traders and partnerships are never rated by themselves, and
    watched only if `watch_private_forms`: then a watch says *that* something changed.
    """

    relations: Annotated[tuple[RelationCode, ...], Field(max_length=RELATIONS_MAX)] = (
        "customer",
        "prospect",
    )
    legal_forms: Annotated[
        dict[CountryCode, Annotated[tuple[FormCode, ...], Field(max_length=FORMS_MAX)]],
        Field(max_length=COUNTRIES_MAX),
    ] = Field(
        default_factory=lambda: {
            country: tuple(sorted(forms)) for country, forms in LEGAL_PERSONS.items()
        }
    )
    amount_from: Money | None = None
    watch_private_forms: bool = False
    monthly_cap: Money | None = None
    prices: Annotated[dict[Line, Money], Field(max_length=BUREAUS_MAX)] = Field(
        default_factory=dict
    )
    time_zone: Zone = "Europe/Stockholm"
    decisions: DecisionPolicy = DecisionPolicy()
    report_days: Annotated[int, Field(ge=1, le=REPORT_DAYS_MAX)] = 365

    @model_validator(mode="after")
    def _are_amounts_comparable(self) -> Self:
        amounts = [*self.prices.values(), *([self.monthly_cap] if self.monthly_cap else [])]
        if len({money.currency for money in amounts}) > 1:
            raise ValueError("the cap and all prices are in one currency")
        if any(money.amount < 0 for money in amounts):
            raise ValueError("no price is negative")
        return self


def credit_policy_of(tenant: str) -> UUID:
    """Return the id of a tenant's policy: it has just one stream of them."""
    return uuid5(POLICY, tenant)


class SetCreditPolicy(Command):
    """Say whom to rate and watch, and what it may cost."""

    aggregate: ClassVar[str] = "credit-policy"
    type: Literal["set-credit-policy"] = "set-credit-policy"
    policy: CreditPolicy

    @property
    def stream_id(self) -> UUID:
        """Return the id of the stream."""
        return credit_policy_of(self.tenant)


class CreditPolicySet(Event):
    """A tenant decided whom to rate and watch, and what it may cost."""

    category: ClassVar[str] = "credit-policy"
    type: Literal["credit-policy-set.v1"] = "credit-policy-set.v1"
    policy_id: UUID
    policy: CreditPolicy

    @property
    def stream_id(self) -> UUID:
        """Return the id of the stream."""
        return self.policy_id


CreditPolicyCommand: TypeAlias = Annotated[SetCreditPolicy, Field()]
CreditPolicyEvent: TypeAlias = Annotated[CreditPolicySet, Field()]
