"""The table `paid_calls`: every report, noted before the bureau is asked, and what it costs.

Whoever notes one holds the tenant's purse, so that many at once never spend more than the cap.
A call whose answer nobody knows counts as paid; asked again within the bureau's free period it is
the same call.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from chassis.edge import new_id, now
from chassis.tenancy import Connection
from contracts.credit_policy import CreditPolicy
from contracts.values import Money
from credit_monitor.months import month_of

PURSE = "SELECT pg_advisory_xact_lock(hashtextextended($1, 7021))"
SPENT = "SELECT coalesce(sum(cost), 0) FROM paid_calls WHERE tenant_id = $1 AND month = $2"
RESERVE = """
INSERT INTO paid_calls (tenant_id, call_id, bureau, company_id, kind, purpose, question, asked_by,
                        copied, month, reserved_at, cost, currency, outcome)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 'RESERVED')
"""
SAME = """
SELECT call_id, bureau, cost, outcome FROM paid_calls
WHERE tenant_id = $1 AND company_id = $2 AND question = $3 AND answered_at IS NULL
  AND (asked_at IS NULL OR asked_at > $4)
ORDER BY reserved_at DESC LIMIT 1
"""
ON_RECORD = """
SELECT call_id FROM paid_calls
WHERE tenant_id = $1 AND company_id = $2 AND kind = $3 AND outcome <> 'RELEASED'
  AND reserved_at > $4 AND (NOT copied OR asked_by = $5) AND bureau = $6
ORDER BY reserved_at DESC LIMIT 1
"""


PRICED_ANEW = """
UPDATE paid_calls SET cost = $3, currency = $4, outcome = 'RESERVED', asked_at = NULL, attempts = 0
WHERE tenant_id = $1 AND call_id = $2
"""
LEFT_BEHIND = """
INSERT INTO paid_calls (tenant_id, call_id, bureau, company_id, kind, purpose, question, asked_by,
                        copied, month, reserved_at, asked_at, attempts, cost, currency, outcome)
SELECT tenant_id, $3, bureau, company_id, kind || ' left behind', purpose,
       question || ' left behind', asked_by, copied, month, reserved_at, asked_at, attempts, cost,
       currency, outcome
FROM paid_calls WHERE tenant_id = $1 AND call_id = $2
"""
"""What the first bureau may have sold stays in the books; nobody is referred to it any more."""


class CapReached(Exception):
    """One more report would cost more than the month's cap has left."""


@dataclass(frozen=True, slots=True)
class Call:
    """A report that is to be paid for; `question` is what it is known by until it is answered."""

    company_id: UUID
    bureau: str
    kind: str
    purpose: str
    question: str
    asked_by: str
    copied: bool = False
    call_id: UUID | None = None


async def hold_purse(connection: Connection, tenant: str) -> None:
    """Let nobody else spend the tenant's money until this transaction ends.

    Whoever holds a company's work too takes the purse first.
    """
    await connection.execute(PURSE, f"purse {tenant}")


async def spent(connection: Connection, tenant: str, month: str) -> Decimal:
    """Return what a month's reports come to, asked for or answered."""
    return Decimal(await connection.fetchval(SPENT, tenant, month))


async def is_affordable(
    connection: Connection,
    tenant: str,
    policy: CreditPolicy,
    bureau: str,
    at: datetime,
    *,
    freed: Decimal = Decimal(0),
) -> bool:
    """Say whether one more report is within the month's cap, once something else is given up."""
    cap = policy.monthly_cap
    if cap is None:
        return True
    price = price_of(policy, bureau)
    so_far = await spent(connection, tenant, month_of(at, policy.time_zone))
    return so_far - freed + (price.amount if price else Decimal(0)) <= cap.amount


def price_of(policy: CreditPolicy, bureau: str) -> Money | None:
    """Return what one report costs at a bureau, where the tenant has said so."""
    return policy.prices.get(bureau)


async def reserve(
    connection: Connection, tenant: str, policy: CreditPolicy, call: Call, at: datetime
) -> UUID:
    """Note a report that is to be asked for; the purse is held, and there is room."""
    price = price_of(policy, call.bureau)
    call_id = call.call_id or new_id()
    await connection.execute(
        RESERVE,
        tenant,
        call_id,
        call.bureau,
        call.company_id,
        call.kind,
        call.purpose,
        call.question,
        call.asked_by,
        call.copied,
        month_of(at, policy.time_zone),
        at,
        price.amount if price else Decimal(0),
        price.currency if price else None,
    )
    return call_id


async def on_record(
    connection: Connection, tenant: str, call: Call, free: timedelta, at: datetime
) -> UUID | None:
    """Return the same question, if it was asked within the bureau's free period.

    Of a person each asker's is another: each is named to whom it is about.
    """
    found: UUID | None = await connection.fetchval(
        ON_RECORD, tenant, call.company_id, call.kind, at - free, call.asked_by, call.bureau
    )
    return found


async def begin(
    connection: Connection, tenant: str, policy: CreditPolicy, call: Call, free: timedelta
) -> tuple[UUID, int]:
    """Note that the bureau is being asked; return which call it is, and the how manieth time.

    The purse is held. Raises `CapReached` where there is no room for a call that is new.
    """
    at = now()
    same = await connection.fetchrow(SAME, tenant, call.company_id, call.question, at - free)
    if same is None:
        if not await is_affordable(connection, tenant, policy, call.bureau, at):
            raise CapReached
        call_id = await reserve(connection, tenant, policy, call, at)
    else:
        call_id = same["call_id"]
        if same["bureau"] != call.bureau:
            await _go_elsewhere(connection, tenant, policy, call, same)
    attempts = await connection.fetchval(
        "UPDATE paid_calls SET outcome = 'ASKED', asked_at = coalesce(asked_at, $3), bureau = $4,"
        " attempts = attempts + 1 WHERE tenant_id = $1 AND call_id = $2 RETURNING attempts",
        tenant,
        call_id,
        at,
        call.bureau,
    )
    return call_id, attempts


async def _go_elsewhere(
    connection: Connection, tenant: str, policy: CreditPolicy, call: Call, same: Any
) -> None:
    """Let a call be another bureau's, at its price; what the first was asked stays in the books."""
    was_asked = same["outcome"] == "ASKED"
    freed = Decimal(0) if was_asked else same["cost"]
    if not await is_affordable(connection, tenant, policy, call.bureau, now(), freed=freed):
        raise CapReached
    if was_asked:
        await connection.execute(LEFT_BEHIND, tenant, same["call_id"], new_id())
    price = price_of(policy, call.bureau)
    amount, currency = (price.amount, price.currency) if price else (Decimal(0), None)
    await connection.execute(PRICED_ANEW, tenant, same["call_id"], amount, currency)


async def answered(connection: Connection, tenant: str, call_id: UUID, *, charged: bool) -> None:
    """Note an answer; what the bureau has not got is not charged."""
    await connection.execute(
        "UPDATE paid_calls SET answered_at = now(),"
        " outcome = CASE WHEN $3 THEN 'ANSWERED' ELSE 'RELEASED' END,"
        " cost = CASE WHEN $3 THEN cost ELSE 0 END WHERE tenant_id = $1 AND call_id = $2",
        tenant,
        call_id,
        charged,
    )


async def release(connection: Connection, tenant: str, company_id: UUID, question: str) -> None:
    """Take back a report that was never asked for."""
    await connection.execute(
        "UPDATE paid_calls SET outcome = 'RELEASED', cost = 0, answered_at = now()"
        " WHERE tenant_id = $1 AND company_id = $2 AND question = $3 AND outcome = 'RESERVED'",
        tenant,
        company_id,
        question,
    )


async def by_purpose(connection: Connection, tenant: str, month: str) -> list[Any]:
    """Return a month's sums."""
    return await connection.fetch(
        "SELECT purpose, bureau, currency, count(*) FILTER (WHERE outcome <> 'RELEASED') AS calls,"
        " count(*) FILTER (WHERE outcome = 'ASKED') AS unknown, sum(cost) AS cost FROM paid_calls"
        " WHERE tenant_id = $1 AND month = $2 GROUP BY purpose, bureau, currency"
        " ORDER BY purpose, bureau",
        tenant,
        month,
    )
