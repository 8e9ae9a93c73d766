"""Where commands and questions about credit arrive."""

from decimal import Decimal
from typing import Annotated, Any

import orjson
import structlog
from faststream.nats import NatsRouter
from pydantic import BaseModel

from chassis import codec, wire
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
from contracts.message import Answer, Command, Reply
from contracts.values import CreditRating, Money
from credit_monitor import costs
from credit_monitor.asking.requests import request
from credit_monitor.credit.model import credits_
from credit_monitor.months import month_of
from credit_monitor.policy import policies
from credit_monitor.policy.model import policies_
from credit_monitor.working import private

log = structlog.get_logger()
router = NatsRouter()
wire.answer_commands(router, "credit-monitor", "credit-policy", policies_, CreditPolicyCommand)


@router.subscriber(
    "credit-monitor.command.credit",
    queue="credit-monitor",
    max_workers=wire.WORKERS,
    ack_policy=wire.ANSWERED,
)
async def on_command(message: wire.Received, site: Annotated[Any, wire.Given("site")]) -> bytes:
    """Decide on what people ask of a company's credit, and always answer."""

    async def answer() -> BaseModel:
        command = codec.command_from(message.body, CreditRequests)
        structlog.contextvars.bind_contextvars(
            tenant=command.tenant, correlation=str(command.correlation), by=command.by
        )
        result = await _decided(site, command)
        log.info(wire.command_name(command), stream=str(result.stream_id))
        return Reply(answer=result)

    return await wire.replied("credit-monitor.credit", message.headers, answer)


async def _decided(site: Site, command: Command) -> Answer:
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


wire.answer_query(router, "credit-monitor", ReadCreditCosts, on_costs)
wire.answer_query(router, "credit-monitor", OpenCreditReport, on_open)
