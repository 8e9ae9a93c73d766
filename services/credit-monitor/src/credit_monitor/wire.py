"""Where commands and questions about credit arrive."""

from decimal import Decimal

import orjson
from faststream.nats import NatsRouter

from chassis.answering import answer_commands, answer_query, take_commands
from chassis.decider import AnyDecider
from chassis.edge import now
from chassis.site import Site
from chassis.streams import Stream, transact
from chassis.tenancy import tenant_transaction
from contracts.credit_checks import (
    CostLine,
    CreditCosts,
    CreditRequests,
    OpenCreditReport,
    OpenedReport,
    OpenedReports,
    ReadCreditCosts,
    RequestCreditCheck,
)
from contracts.credit_policy import CreditPolicyCommand
from contracts.message import Answer, Command
from contracts.values import CreditRating, Money
from credit_monitor import costs
from credit_monitor.asking.requests import request
from credit_monitor.credit.model import credits_
from credit_monitor.months import month_of
from credit_monitor.policy import policies
from credit_monitor.policy.model import policies_
from credit_monitor.working import private

SERVICE = "credit-monitor"

router = NatsRouter()


async def on_command(command: Command, site: Site) -> Answer:
    """Do what people ask of a company's credit."""
    if isinstance(command, RequestCreditCheck):
        return await request(site, command)
    decider: AnyDecider = credits_
    return await transact(site.streams, decider, command)


async def on_costs(query: ReadCreditCosts, site: Site) -> CreditCosts:
    """Answer what a month's reports have cost."""
    async with tenant_transaction(site.pool, query.tenant) as connection:
        policy = await policies.load(connection, query.tenant)
        month = query.month or month_of(now(), policy.time_zone)
        rows = await costs.by_purpose(connection, query.tenant, month)
    cap = policy.monthly_cap
    currencies = {row["currency"] for row in rows if row["currency"]}
    # A tenant whose prices went over to another currency sees that one's sum, not one of both.
    present = {money.currency for money in (*policy.prices.values(), *([cap] if cap else []))}
    currency = min(currencies & present or currencies, default=None)
    total = sum((row["cost"] for row in rows if row["currency"] == currency), Decimal(0))
    return CreditCosts(
        month=month,
        items=tuple(CostLine(**dict(row)) for row in rows),
        total=Money(amount=total, currency=currency) if currency else None,
        cap=cap,
        left=Money(amount=cap.amount - total, currency=cap.currency) if cap else None,
    )


async def on_open(query: OpenCreditReport, site: Site) -> OpenedReports:
    """Answer with what somebody asked to know of a person, until it expires."""
    async with tenant_transaction(site.pool, query.tenant) as connection:
        rows = await private.opened_by(connection, query.tenant, query.company_id, query.by, now())
    items = []
    for row in rows:
        home = Stream(query.tenant, "credit", query.company_id)
        opened = await site.streams.opened(home, orjson.loads(row["report"]))
        text = opened["report"].get("text")
        if text:
            rating = CreditRating.model_validate_json(text)
            items.append(OpenedReport(check_id=row["check_id"], rating=rating))
    return OpenedReports(items=tuple(items))


answer_commands(router, SERVICE, "credit-policy", policies_, CreditPolicyCommand)
take_commands(router, SERVICE, "credit", CreditRequests, on_command)
answer_query(router, SERVICE, ReadCreditCosts, on_costs)
answer_query(router, SERVICE, OpenCreditReport, on_open)
