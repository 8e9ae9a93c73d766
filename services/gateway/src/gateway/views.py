"""The table `report_views`: who saw how which company is rated, kept before it is shown.

Whoever saw what a bureau later takes back is told. That is known where reports are corrected:
each view of something new is told there, again until there is an answer.
"""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog

from chassis.ask import Unavailable
from chassis.decider import Rejected
from chassis.edge import derived_id, new_id, now
from chassis.failpoints import reach
from chassis.postgres import TRANSIENT, heal
from chassis.site import Site
from chassis.tenancy import tenant_transaction
from contracts.credit_checks import NoteReportView

log = structlog.get_logger()

LOOK_SECONDS = 2.0
BATCH = 100
AGAIN = timedelta(minutes=1)
"""Whoever looks again within this has not looked anew: a page that refreshes writes nothing."""
VIEW = """
INSERT INTO report_views (tenant_id, company_id, viewed_by, seq, at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (tenant_id, company_id, viewed_by) DO UPDATE
SET at = $5, seq = excluded.seq, noted = report_views.noted AND report_views.seq = excluded.seq
WHERE report_views.seq < excluded.seq OR report_views.at < $5 - $6::interval
"""
TO_NOTE = """
SELECT tenant_id, company_id, viewed_by, seq, at FROM report_views
WHERE NOT noted ORDER BY at LIMIT $1
"""
NOTED = """
UPDATE report_views SET noted = true
WHERE tenant_id = $1 AND company_id = $2 AND viewed_by = $3 AND seq = $4
"""


async def note_view(site: Site, tenant: str, company_id: UUID, actor: str, seq: int) -> None:
    """Keep that somebody sees a company's rating, as of the latest thing that was said."""
    async with tenant_transaction(site.pool, tenant) as connection:
        await connection.execute(VIEW, tenant, company_id, actor, seq, now(), AGAIN)


async def tell_views(site: Site) -> None:
    """Tell whoever corrects reports who saw them, until cancelled."""
    while True:
        try:
            told = await tell_once(site)
        except TRANSIENT as error:
            log.warning("views not told", error=repr(error))
            await heal(site.pool, error)
            told = []
        if not told or not any(told) or len(told) < BATCH:
            await asyncio.sleep(LOOK_SECONDS)


async def tell_once(site: Site) -> list[bool]:
    """Tell of some views that nobody was told of yet; says of each whether that was heard."""
    rows = await site.pool.fetch(TO_NOTE, BATCH)
    return [await _told(site, row) for row in rows]


async def _told(site: Site, row: Any) -> bool:
    """Tell of one view; asked again it is the same wish."""
    view = (row["tenant_id"], row["company_id"], row["viewed_by"], row["seq"])
    tenant, company_id, actor, seq = view
    command = NoteReportView(
        command_id=derived_id(tenant, "view", str(company_id), actor, str(seq)),
        tenant=tenant,
        by=actor,
        at=row["at"],
        correlation=new_id(),
        company_id=company_id,
    )
    try:
        await site.ask.command("credit-monitor", command)
    except (Rejected, Unavailable) as error:
        log.warning("view not told", why=repr(error))
        return False
    reach("gateway.view-told")
    await site.pool.execute(NOTED, *view)
    return True
