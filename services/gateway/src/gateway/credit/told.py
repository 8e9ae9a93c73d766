"""Who was told of what a bureau said, and what they did about it: an alert goes by its event."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from chassis.edge import derived_id
from chassis.site import Site
from chassis.tenancy import Connection
from contracts.credit_alerts import AlertKind
from gateway.reading import opened, plain

KINDS = (AlertKind.RATING_CHANGED, AlertKind.SOMETHING_CHANGED, AlertKind.REPORT_CORRECTED)
"""What one event may have raised."""
OF_EVENTS = """
SELECT alert_id, to_jsonb(a)::text AS row FROM alerts a WHERE tenant_id = $1 AND alert_id = ANY($2)
"""


class Telling(BaseModel):
    """An alert: to whom it went, who saw to it, and what they noted."""

    alert_id: UUID
    at: datetime
    told_to: list[UUID]
    escalated_to: list[UUID]
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    note: str | None


async def alerts_of(
    connection: Connection, tenant: str, events: Sequence[str]
) -> dict[str, list[Any]]:
    """Return the alerts that events have raised, by event."""
    raised = {
        str(derived_id(event, "alert", kind.value)): event for event in events for kind in KINDS
    }
    found: dict[str, list[Any]] = {}
    for row in await connection.fetch(OF_EVENTS, tenant, list(raised)):
        found.setdefault(raised[row["alert_id"]], []).append(row)
    return found


async def telling(site: Site, tenant: str, row: Any) -> Telling:
    """Return one alert, its note readable."""
    found = plain(await opened(site, tenant, UUID(row["alert_id"]), row["row"]))
    return Telling.model_validate({**found, "at": found["raised_at"]})
