"""Ratings asked for, and watches stopped or begun again, over HTTP."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Body, Response
from pydantic import BaseModel

from contracts.credit_checks import (
    ExcludeFromCreditWatch,
    RequestCreditCheck,
    ResumeCreditWatch,
    StopCreditWatch,
    WantCredit,
)
from contracts.credit_monitor import CreditPurpose
from contracts.values import Money, Prose, Sealed
from gateway.asked_by import CreditChecker
from gateway.asking import Asked, Wish, Written, written
from gateway.bodies import Body as Wanted
from gateway.bodies import strictly
from gateway.credit import queries
from gateway.problems import not_found
from gateway.reading import opened, reading, sealed

router = APIRouter(prefix="/companies/{company_id}", tags=["credit"])

ASKED = "The bureau is being asked; its answer will stand in this company's credit."
ON_RECORD = (
    "The same was asked within the bureau's free period: nothing is asked or paid again, and the"
    " answer stands in this company's credit under that check."
)


class CreditCheckBody(Wanted):
    """Why somebody needs to know; persons, sole traders and partnerships are told who asked.

    With `correction` the bureau has taken back what it said: what it says now takes its place, and
    those who saw what was wrong are told.
    """

    purpose: CreditPurpose | None = None
    reason: Prose | None = None
    amount: Money | None = None
    confirm_subject_copy: bool = False
    correction: bool = False


class ReasonBody(Wanted):
    """Why."""

    reason: Prose


class WantedCreditBody(Wanted):
    """How much credit a company is to have; null, none."""

    amount: Money | None


class CheckAnswer(BaseModel):
    """What became of a question; `check_id` names it, or the one on record."""

    position: int
    check_id: UUID
    state: Literal["ASKED", "ON_RECORD"]
    message: str


@router.post("/credit-check", status_code=202)
async def check_credit(
    _who: CreditChecker,
    asked: Asked,
    company_id: UUID,
    body: Annotated[CreditCheckBody, strictly(CreditCheckBody), Body()],
) -> CheckAnswer:
    """Ask the bureau how a company is rated now; the same question is paid for once."""
    number = await _personal_number(asked, company_id)
    command = RequestCreditCheck(
        **asked.stamp(
            company_id=company_id,
            purpose=body.purpose,
            reason=sealed(company_id, body.reason),
            personal_number=number,
            amount=body.amount,
            confirm_subject_copy=body.confirm_subject_copy,
            correction=body.correction,
            expected_version=None,
        )
    )
    answer = await asked.ask(command)
    state: Literal["ASKED", "ON_RECORD"] = "ASKED" if "check" in answer.created else "ON_RECORD"
    return CheckAnswer(
        position=answer.position,
        check_id=answer.created.get("check") or answer.created["on_record"],
        state=state,
        message=ASKED if state == "ASKED" else ON_RECORD,
    )


@router.post("/credit-watch/stop")
async def stop_watch(
    _who: CreditChecker,
    asked: Asked,
    company_id: UUID,
    body: Annotated[ReasonBody, strictly(ReasonBody), Body()],
    response: Response,
) -> Written:
    """End a company's watch; it does not begin again by itself."""
    return await _by_hand(StopCreditWatch, asked, company_id, body.reason, response)


@router.post("/credit-watch/exclude")
async def exclude(
    _who: CreditChecker,
    asked: Asked,
    company_id: UUID,
    body: Annotated[ReasonBody, strictly(ReasonBody), Body()],
    response: Response,
) -> Written:
    """Have a company neither rated nor watched, whatever the policy says."""
    return await _by_hand(ExcludeFromCreditWatch, asked, company_id, body.reason, response)


@router.post("/credit-watch/resume")
async def resume(
    _who: CreditChecker,
    asked: Asked,
    company_id: UUID,
    response: Response,
    body: Annotated[ReasonBody | None, strictly(ReasonBody | None), Body()] = None,
) -> Written:
    """Let the policy decide again on a company that was stopped or excluded by hand."""
    reason = body.reason if body else None
    return await _by_hand(ResumeCreditWatch, asked, company_id, reason, response)


@router.put("/credit-wanted")
async def want_credit(
    _who: CreditChecker,
    asked: Asked,
    company_id: UUID,
    body: Annotated[WantedCreditBody, strictly(WantedCreditBody), Body()],
    response: Response,
) -> Written:
    """Say how much credit a company is to have; a policy may rate from an amount on."""
    await _known(asked, company_id)
    command = WantCredit(**asked.stamp(company_id=company_id, amount=body.amount))
    return written(response, await asked.ask(command))


async def _by_hand(
    decision: type[StopCreditWatch | ExcludeFromCreditWatch | ResumeCreditWatch],
    asked: Wish,
    company_id: UUID,
    reason: str | None,
    response: Response,
) -> Written:
    await _known(asked, company_id)
    command = decision(**asked.stamp(company_id=company_id, reason=sealed(company_id, reason)))
    return written(response, await asked.ask(command))


async def _known(asked: Wish, company_id: UUID) -> None:
    async with reading(asked.site, asked.tenant) as connection:
        if not await queries.is_known(connection, asked.tenant, company_id):
            raise not_found("company")


async def _personal_number(asked: Wish, company_id: UUID) -> Sealed | None:
    """Return a sole trader's number, readable; nobody but the card has it."""
    async with reading(asked.site, asked.tenant) as connection:
        row = await queries.identity_of(connection, asked.tenant, company_id)
    if row is None:
        raise not_found("company")
    identity = await opened(asked.site, asked.tenant, company_id, row)
    number = identity.get("personal_number")
    return sealed(company_id, number["text"]) if number and number.get("text") else None
