"""What is said about a tenant's credit bureau: which one it is, never what it logs in with."""

from typing import Annotated, ClassVar, Literal, TypeAlias
from uuid import UUID, uuid5

from pydantic import AwareDatetime, Field, StringConstraints

from contracts.message import Command, Event, Message, Query
from contracts.values import Line

CREDIT_BUREAUS = UUID("0199a3c0-5e71-7071-8a00-6b756e640071")

BureauName: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,29}$")]
"""`creditsafe`, `dnb`, `tic`, or `csv` for bureaus that are told of by files."""
Secret: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=500)]


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
    ChooseBureau | ForgetBureauCredentials, Field(discriminator="type")
]
CreditBureauEvent: TypeAlias = Annotated[BureauChosen, Field()]
