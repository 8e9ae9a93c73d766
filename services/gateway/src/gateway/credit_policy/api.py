"""A tenant's credit policy, and what reports have cost, over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Body, Query, Response

from contracts.credit_checks import CreditCosts, Month, ReadCreditCosts
from contracts.credit_policy import CreditPolicy, SetCreditPolicy
from gateway.asked_by import CreditManager, CreditReader, Here
from gateway.asking import Asked, Written, written
from gateway.bodies import strictly
from gateway.reading import AfterCredit, caught_up, reading

router = APIRouter(tags=["credit"])
FIND = "SELECT policy::text FROM credit_policies WHERE tenant_id = $1"


@router.get("/settings/credit-policy")
async def read_policy(
    who: CreditReader, site: Here, after_credit: AfterCredit = None
) -> CreditPolicy:
    """Read whom the tenant rates and watches by itself; what nobody decided is as it comes."""
    await caught_up(site, who.tenant, "credit_policies", after_credit, "credit-monitor")
    async with reading(site, who.tenant) as connection:
        policy = await connection.fetchval(FIND, who.tenant)
    return CreditPolicy.model_validate_json(policy) if policy else CreditPolicy()


@router.put("/settings/credit-policy")
async def set_policy(
    _who: CreditManager,
    asked: Asked,
    body: Annotated[CreditPolicy, strictly(CreditPolicy), Body()],
    response: Response,
) -> Written:
    """Say whom to rate and watch, and what it may cost; all companies are looked at anew."""
    return written(response, await asked.ask(SetCreditPolicy(**asked.stamp(policy=body))))


@router.get("/credit/costs")
async def read_costs(
    who: CreditReader,
    site: Here,
    month: Annotated[
        Month | None, Query(description="As 2026-11; else the one that is now.")
    ] = None,
) -> CreditCosts:
    """Read what a month's reports came to, by purpose and bureau, and what is left of the cap."""
    query = ReadCreditCosts(tenant=who.tenant, month=month)
    return await site.ask.query("credit-monitor", query, CreditCosts)
