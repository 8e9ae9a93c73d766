"""The table `private_reports`: what bureaus said of persons, sealed, for who asked alone.

It stands in no event and in no read model. It expires, and is then nowhere.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from chassis.tenancy import Connection
from credit_monitor.credit.state import OpenCheck
from credit_monitor.work import Work


async def keep(
    connection: Connection, held: Work, check: OpenCheck, report: dict[str, Any], until: datetime
) -> None:
    """Keep a report for who asked for it."""
    await connection.execute(
        "INSERT INTO private_reports"
        " (tenant_id, check_id, company_id, asked_by, report, expires_at)"
        " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (tenant_id, check_id) DO NOTHING",
        held.tenant,
        check.id,
        held.company_id,
        check.by,
        orjson.dumps(report).decode(),
        until,
    )


async def opened_by(
    connection: Connection, tenant: str, company_id: UUID, asker: str, at: datetime
) -> list[Any]:
    """Return the reports on a company that somebody asked for, the latest first."""
    return await connection.fetch(
        "SELECT check_id, report::text AS report FROM private_reports"
        " WHERE tenant_id = $1 AND company_id = $2 AND asked_by = $3 AND expires_at > $4"
        " ORDER BY kept_at DESC LIMIT 20",
        tenant,
        company_id,
        asker,
        at,
    )
