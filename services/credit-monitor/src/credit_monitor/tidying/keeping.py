"""Keeps what is known of persons no longer than it may be: once a day, by each tenant's clock.

A report goes when the tenant's time for it is up, and after three years whatever anybody set; who
asked for it is forgotten after one. What was paid stays, without whom it was about.
"""

import asyncio
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import structlog

from chassis.decider import AnyDecider
from chassis.edge import derived_id, new_id, now
from chassis.failpoints import reach
from chassis.postgres import TRANSIENT, heal
from chassis.site import Site
from chassis.streams import transact
from chassis.tenancy import Connection, tenant_transaction
from credit_monitor.credit.model import credits_
from credit_monitor.credit.wishes import ExpireReport
from credit_monitor.months import slot_of, years_before
from credit_monitor.policy import policies

log = structlog.get_logger()

HOUR = 3
"""When a day's turn begins: at night, and after clocks were put forward or back."""
LOOK_SECONDS = 60.0
BATCH = 200
"""Expired at once: each is an event, and all are kept in one commit."""
REPORT_YEARS_MAX = 3
ENQUIRY_YEARS_MAX = 1
TENANTS = """
SELECT tenant_id FROM private_reports UNION SELECT tenant_id FROM paid_calls WHERE copied
ORDER BY tenant_id
"""
MINE = "SELECT pg_try_advisory_xact_lock(hashtextextended($1, 7022))"
REPORTS = """
DELETE FROM private_reports WHERE (tenant_id, check_id) IN (
  SELECT tenant_id, check_id FROM private_reports
  WHERE tenant_id = $1 AND (expires_at <= $2 OR kept_at <= $3) LIMIT $4)
RETURNING company_id, check_id
"""
ENQUIRIES = """
WITH old AS (
  SELECT call_id, company_id FROM paid_calls
  WHERE tenant_id = $1 AND copied AND reserved_at <= $2 AND company_id <> $3 LIMIT $4
)
UPDATE paid_calls p
SET company_id = $3, asked_by = '', question = '', purpose = 'FORGOTTEN', copied = false
FROM old WHERE p.tenant_id = $1 AND p.call_id = old.call_id
RETURNING old.company_id, p.call_id AS check_id
"""
NOBODY = UUID(int=0)
DONE = """
INSERT INTO kept_until VALUES ($1, $2)
ON CONFLICT (tenant_id) DO UPDATE SET slot = greatest(kept_until.slot, $2)
"""


async def keep_no_longer_than_needed(site: Site) -> None:
    """Look every minute whether a tenant's day has turned, until cancelled."""
    while True:
        try:
            for row in await site.pool.fetch(TENANTS):
                while await forget(site, row["tenant_id"], now()):
                    pass
        except TRANSIENT as error:
            log.warning("forgetting interrupted", error=repr(error))
            await heal(site.pool, error)
        await asyncio.sleep(LOOK_SECONDS)


async def forget(site: Site, tenant: str, at: datetime) -> bool:
    """Forget a batch, if today's turn is not over; says whether there may be more."""
    async with tenant_transaction(site.pool, tenant) as connection:
        if not await connection.fetchval(MINE, f"keeping {tenant}"):
            return False
        policy = await policies.load(connection, tenant)
        slot = slot_of(at, policy.time_zone, HOUR)
        done = await connection.fetchval("SELECT slot FROM kept_until WHERE tenant_id = $1", tenant)
        if done is not None and done >= slot:
            return False
        oldest = years_before(at, REPORT_YEARS_MAX)
        reports = await connection.fetch(REPORTS, tenant, at, oldest, BATCH)
        oldest = years_before(at, ENQUIRY_YEARS_MAX)
        asked = await connection.fetch(ENQUIRIES, tenant, oldest, NOBODY, BATCH)
        is_over = max(len(reports), len(asked)) < BATCH
        if is_over:
            await connection.execute(DONE, tenant, slot)
        for row in reports:
            await _tell(site, connection, tenant, row, "REPORT")
        for row in asked:
            await _tell(site, connection, tenant, row, "ENQUIRY")
        reach("credit-monitor.forgetting")
    if reports or asked:
        log.info("forgotten", tenant=tenant, reports=len(reports), enquiries=len(asked))
    return not is_over


async def _tell(
    site: Site, connection: Connection, tenant: str, row: Any, what: Literal["REPORT", "ENQUIRY"]
) -> None:
    """Tell that something is kept no longer, in the transaction that forgets it."""
    company_id, check_id = row["company_id"], row["check_id"]
    wish = ExpireReport(
        command_id=derived_id(tenant, company_id, "expire", str(check_id), what),
        tenant=tenant,
        by="policy:keep-no-longer-than-needed",
        at=now(),
        correlation=new_id(),
        company_id=company_id,
        check_id=check_id,
        what=what,
    )
    decider: AnyDecider = credits_
    await transact(site.streams.within(connection), decider, wish)
