"""What is said about a tenant's credit bureau: which one it is, never what it logs in with."""

from datetime import date
from typing import Annotated, ClassVar, Literal, TypeAlias
from uuid import UUID, uuid5

from pydantic import AwareDatetime, Field, StringConstraints

from contracts.message import Command, Event, Message, Query
from contracts.values import CountryCode, Line, Money, Value

CREDIT_BUREAUS = UUID("0199a3c0-5e71-7071-8a00-6b756e640071")

BureauName: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,29}$")]
"""`creditsafe`, `dnb`, `tic`, or `csv` for bureaus that are told of by files."""
Secret: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=500)]


Scale: TypeAlias = Literal["A-E", "AAA-C", "1-5"]
GRADES: dict[str, tuple[str, ...]] = {
    "A-E": ("A", "B", "C", "D", "E"),
    "AAA-C": ("AAA", "AA", "A", "AN", "B", "C"),
    "1-5": ("5", "4", "3", "2", "1"),
}
"""The grades of each scale, the least risk first; the same letter means another thing on each."""
ROWS_MAX = 1_500
"""As many as one request over the bus may carry, the widest rows counted."""


def credit_bureau_of(tenant: str) -> UUID:
    """Return the id of a tenant's choice of bureau: it has just one stream of them."""
    return uuid5(CREDIT_BUREAUS, tenant)


class CreditBureauWish(Command):
    """A wish about a tenant's credit bureau."""

    aggregate: ClassVar[str] = "credit-bureau"

    @property
    def stream_id(self) -> UUID:
        """Return the id of the stream."""
        return credit_bureau_of(self.tenant)


class ChooseBureau(CreditBureauWish):
    """Choose the bureau, and give credentials there; without any, those it has stay.

    They go by request/reply to the one service that uses them, and into no event.
    """

    type: Literal["choose-bureau"] = "choose-bureau"
    bureau: BureauName
    credentials: Annotated[dict[BureauName, Secret] | None, Field(repr=False, max_length=5)] = None


class ForgetBureauCredentials(CreditBureauWish):
    """Forget a tenant's own credentials at the bureau it has chosen."""

    type: Literal["forget-bureau-credentials"] = "forget-bureau-credentials"


class ReportedRating(Value):
    """One company's rating as a bureau without an interface gives it to its customers."""

    country: CountryCode
    number: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{2,20}$")]
    grade: Line | None = None
    score: Line | None = None
    limit: Money | None = None
    rated_on: date


class ReportRatings(CreditBureauWish):
    """Report how a bureau without an interface rates companies, all of them or none."""

    type: Literal["report-ratings"] = "report-ratings"
    scale: Scale = "A-E"
    rows: Annotated[tuple[ReportedRating, ...], Field(min_length=1, max_length=ROWS_MAX)]


class RatingsReported(Event):
    """A tenant reported ratings; what that means for companies, their own events say."""

    category: ClassVar[str] = "credit-bureau"
    type: Literal["ratings-reported.v1"] = "ratings-reported.v1"
    settings_id: UUID
    scale: Line
    rows: int
    changed: int

    @property
    def stream_id(self) -> UUID:
        """Return the id of the stream."""
        return self.settings_id


class BureauChosen(Event):
    """A tenant's companies are rated and watched by this bureau from now on.

    `own_credentials`: at an account of its own, and not the deployment's.
    """

    category: ClassVar[str] = "credit-bureau"
    type: Literal["bureau-chosen.v1"] = "bureau-chosen.v1"
    settings_id: UUID
    bureau: Line
    own_credentials: bool
    cause: Literal["CHOSEN", "CREDENTIALS"]

    @property
    def stream_id(self) -> UUID:
        """Return the id of the stream."""
        return self.settings_id


class ShowCreditBureau(Query):
    """Ask which bureau a tenant has, and how things stand there."""

    type: Literal["show-credit-bureau"] = "show-credit-bureau"


class HintFromBureau(Query):
    """Say that a bureau called: there may be something to read; nobody answers."""

    type: Literal["hint-from-bureau"] = "hint-from-bureau"
    bureau: BureauName
    token: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$"), Field(repr=False)]


class CreditBureau(Message):
    """A tenant's bureau: whether it has credentials, and whether they are taken."""

    bureau: Line
    own_credentials: bool
    credentials_set: bool
    credentials_set_at: AwareDatetime | None = None
    login_refused_at: AwareDatetime | None = None
    last_read_at: AwareDatetime | None = None
    leaving: int = 0
    """Companies that bureaus it has left still watch, and are being told to let go."""


CreditBureauCommand: TypeAlias = Annotated[
    ChooseBureau | ForgetBureauCredentials | ReportRatings, Field(discriminator="type")
]
CreditBureauEvent: TypeAlias = Annotated[
    BureauChosen | RatingsReported, Field(discriminator="type")
]
