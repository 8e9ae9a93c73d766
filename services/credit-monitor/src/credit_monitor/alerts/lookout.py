"""The background of alerts: tells what a bureau's model moved, escalates what nobody sees to.

Each is one transaction that holds its row from the first look to the commit, passes over what
another process holds, and says what follows under an id of its own: whoever dies on the way leaves
nothing half done, and nothing is said twice.
"""

import asyncio
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog

from chassis.decider import AnyDecider
from chassis.edge import derived_id, now
from chassis.failpoints import reach
from chassis.postgres import TRANSIENT, heal
from chassis.site import Site
from chassis.streams import transact
from chassis.tenancy import Connection, set_tenant
from contracts.credit_alerts import AlertKind, CreditAlertRaised
from credit_monitor.alerts import nights, people, unseen
from credit_monitor.alerts.model import AlertWish, EscalateAlert, GrowAlert, RaiseAlert, alerts_
from credit_monitor.alerts.nights import Night

log = structlog.get_logger()

LOOK_SECONDS = 1.0
"""Far less than anybody counts hours or nights by."""


async def look_out(site: Site) -> None:
    """Do what is due, for ever."""
    while True:
        try:
            while await settle(site, now()) or await escalate(site, now()):
                pass
        except TRANSIENT as error:
            log.warning("alerts interrupted", error=repr(error))
            await heal(site.pool, error)
        except Exception:
            log.exception("alerts failed")
        await asyncio.sleep(LOOK_SECONDS)


async def settle(site: Site, at: datetime) -> bool:
    """Tell what one change of a bureau's model moved; say whether there was any."""
    async with site.pool.acquire() as lent, lent.transaction():
        night = await nights.take_due(lent, at)
        if night is None:
            return False
        await set_tenant(lent, night.tenant_id)
        count, owners = await nights.counted(lent, night)
        to = owners or await people.escalated_to(lent, night.tenant_id)
        await nights.close(lent, night, count, at)
        reach("credit-monitor.night-counted")
        await _say(site, lent, _told(night, count, to, at))
        reach("credit-monitor.night-said")
    reach("credit-monitor.night-told")
    log.info("model changed", tenant=night.tenant_id, bureau=night.bureau, companies=count)
    return True


def _told(night: Night, count: int, to: tuple[UUID, ...], at: datetime) -> AlertWish:
    """Return the wish to tell a night, or to tell that there is more of it."""
    common: dict[str, Any] = {
        "command_id": derived_id(night.alert_id, "count", str(count)),
        "tenant": night.tenant_id,
        "by": "policy:tell-a-models-changes-once",
        "at": at,
        "correlation": night.correlation,
        "causation": night.causation,
        "alert_id": night.alert_id,
    }
    if night.told:
        return GrowAlert(**common, count=count, to=to)
    raised = CreditAlertRaised(
        alert_id=night.alert_id,
        kind=AlertKind.MODEL_CHANGED,
        to=to,
        bureau=night.bureau,
        model=night.model,
        count=count,
    )
    return RaiseAlert(**common, raised=raised)


async def escalate(site: Site, at: datetime) -> bool:
    """Escalate one alert that nobody acknowledged in time; say whether there was any."""
    async with site.pool.acquire() as lent, lent.transaction():
        late = await unseen.take_due(lent, at)
        if late is None:
            return False
        await set_tenant(lent, late.tenant_id)
        to = await people.escalated_to(lent, late.tenant_id)
        await unseen.let_go(lent, late)
        reach("credit-monitor.escalation-begun")
        wish = EscalateAlert(
            command_id=derived_id(late.alert_id, "escalate"),
            tenant=late.tenant_id,
            by="policy:escalate-what-nobody-sees-to",
            at=at,
            correlation=late.correlation,
            causation=late.causation,
            alert_id=late.alert_id,
            to=to,
        )
        await _say(site, lent, wish)
        reach("credit-monitor.escalation-said")
    reach("credit-monitor.escalated")
    log.info("alert escalated", tenant=late.tenant_id, alert=str(late.alert_id))
    return True


async def _say(site: Site, connection: Connection, wish: AlertWish) -> None:
    """Decide in the open transaction; the last thing that is done in it."""
    decider: AnyDecider = alerts_
    await transact(site.streams.within(connection), decider, wish)
