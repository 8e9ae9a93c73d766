"""Two companies of the register become one over HTTP, and two again."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Response

from contracts.companies.company import MergeCompany, MergeReason, ReverseMerge
from gateway.asked_by import CompanyChanger
from gateway.asking import Asked, Wish, Written, written
from gateway.bodies import Body as BodyModel
from gateway.bodies import strictly
from gateway.company import queries
from gateway.problems import Missing, not_shown
from gateway.reading import After, caught_up

router = APIRouter(prefix="/companies/{company_id}", tags=["companies"])


class MergeBody(BodyModel):
    """The company that stays, and why the two become one.

    SUCCESSION is for a company that has become another's part in law, and had a number of its own.
    """

    into: UUID
    reason: MergeReason = "DUPLICATE"


@router.post("/merge")
async def merge_company(
    _who: CompanyChanger,
    asked: Asked,
    company_id: UUID,
    body: Annotated[MergeBody, strictly(MergeBody), Body()],
    response: Response,
    after: After = None,
) -> Written:
    """Merge a company into another, which takes over what it lacks; its credit watch ends."""
    if not await caught_up(asked.site, asked.tenant, "company_card", after):
        raise not_shown()
    return written(response, await asked.ask_prepared(_prepared(asked, company_id, body)))


@router.post("/reverse-merge")
async def reverse_merge(
    _who: CompanyChanger, asked: Asked, company_id: UUID, response: Response
) -> Written:
    """Take a merge back: the other gives back what it took over and nobody changed since."""
    command = ReverseMerge(**asked.stamp(company_id=company_id))
    return written(response, await asked.ask(command))


async def _prepared(asked: Wish, company_id: UUID, body: MergeBody) -> MergeCompany:
    """See that no workplace is left without its head company."""
    if await queries.has_sub_units(asked.site, asked.tenant, company_id):
        raise Missing(
            "into",
            "merge-of-head",
            "The company to be merged has workplaces; merge the other one into it, or archive"
            " them first.",
        )
    return MergeCompany(**asked.stamp(company_id=company_id, into=body.into, reason=body.reason))
