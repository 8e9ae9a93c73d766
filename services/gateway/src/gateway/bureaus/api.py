"""A tenant's credit bureau over HTTP: chosen, shown without its secrets, logged out of."""

from typing import Annotated

from fastapi import APIRouter, Body, Response
from pydantic import AwareDatetime, BaseModel, Field

from contracts.credit_bureaus import (
    BureauName,
    ChooseBureau,
    CreditBureau,
    ForgetBureauCredentials,
    Secret,
    ShowCreditBureau,
)
from gateway.asked_by import BureauManager, CreditReader, Here
from gateway.asking import Asked, Written, written
from gateway.bodies import Body as Wanted
from gateway.bodies import strictly

router = APIRouter(prefix="/settings/credit-bureau", tags=["settings"])

CREDENTIALS_MAX = 5
"""No bureau wants more than two."""


class BureauBody(Wanted):
    """Which bureau, and what to log in with there; without that, what is known of it stays.

    Creditsafe wants `username` and `password`. They are kept sealed and never shown.
    """

    bureau: BureauName
    credentials: Annotated[dict[BureauName, Secret], Field(max_length=CREDENTIALS_MAX)] | None = (
        None
    )


class BureauAnswer(BaseModel):
    """The bureau, whether there is something to log in with, and whether it is taken.

    `own_credentials`: the tenant's, and not the deployment's. `leaving` companies are still
    watched at bureaus that were left, and are being taken out there.
    """

    bureau: str
    own_credentials: bool
    credentials_set: bool
    credentials_set_at: AwareDatetime | None
    login_refused_at: AwareDatetime | None
    last_read_at: AwareDatetime | None
    leaving: int


@router.get("")
async def read_credit_bureau(who: CreditReader, site: Here) -> BureauAnswer:
    """Read which bureau rates and watches the tenant's companies, and how things stand there."""
    query = ShowCreditBureau(tenant=who.tenant)
    found = await site.ask.query("credit-monitor", query, CreditBureau)
    return BureauAnswer(**found.model_dump())


@router.put("")
async def choose_credit_bureau(
    _who: BureauManager,
    asked: Asked,
    body: Annotated[BureauBody, strictly(BureauBody), Body()],
    response: Response,
) -> Written:
    """Have all companies rated and watched by this bureau; ratings on record stay.

    The watch at the old bureau ends by itself.
    """
    command = ChooseBureau(**asked.stamp(bureau=body.bureau, credentials=body.credentials))
    return written(response, await asked.ask(command))


@router.delete("/credentials")
async def forget_credentials(_who: BureauManager, asked: Asked, response: Response) -> Written:
    """Forget the tenant's own credentials; the deployment's account is used, if it has one."""
    return written(response, await asked.ask(ForgetBureauCredentials(**asked.stamp())))
