"""What a test asks of a tenant's purse, its policy and its reports."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from office import Office

from chassis.decider import Rejected
from chassis.edge import new_id, now
from chassis.streams import transact
from contracts.credit_checks import (
    CreditCosts,
    OpenCreditReport,
    ReadCreditCosts,
    RequestCreditCheck,
)
from contracts.credit_policy import CreditPolicy, SetCreditPolicy
from contracts.message import Answer
from contracts.values import Money
from credit_monitor.asking.requests import request
from credit_monitor.policy.model import policies_
from credit_monitor.wire import on_costs, on_open

ASKER, OTHER = "user:0199a3c0-5e03-7003-8a00-6b756e640003", "user:other"
FOR_GRANT = {"purpose": "CREDIT_GRANT", "confirm_subject_copy": True}


def sek(amount: int) -> Money:
    return Money(amount=Decimal(amount), currency="SEK")


def wish(form: Any, office: Office, company: UUID | None = None, **more: Any) -> Any:
    known: dict[str, Any] = {"company_id": company} if company else {}
    stamp = {
        "command_id": new_id(),
        "tenant": office.tenant,
        "by": ASKER,
        "at": now(),
        "correlation": new_id(),
    }
    return form(**{**stamp, **known, **more})


async def ask(office: Office, company: UUID, **more: Any) -> Answer:
    return await request(office.site, wish(RequestCreditCheck, office, company, **more))


async def refused(office: Office, company: UUID, **more: Any) -> str:
    with pytest.raises(Rejected) as refusal:
        await ask(office, company, **more)
    return refusal.value.code


async def decide(office: Office, policy: CreditPolicy) -> None:
    await transact(office.site.streams, policies_, wish(SetCreditPolicy, office, policy=policy))
    await office.hear_ourselves()


async def calls(office: Office) -> list[Any]:
    return await office.site.pool.fetch(
        "SELECT * FROM paid_calls WHERE tenant_id = $1 ORDER BY reserved_at", office.tenant
    )


async def costs(office: Office) -> CreditCosts:
    return await on_costs(ReadCreditCosts(tenant=office.tenant), office.site)


async def opened(office: Office, company: UUID, by: str = ASKER) -> list[Any]:
    query = OpenCreditReport(tenant=office.tenant, company_id=company, by=by)
    return list((await on_open(query, office.site)).items)
