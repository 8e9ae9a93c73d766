"""Alerts over HTTP: read, and acknowledged."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Body, Query, Response
from pydantic import BaseModel

from contracts.credit_alerts import AcknowledgeAlert, AlertKind
from contracts.values import Band, Prose
from gateway.access.keys import Principal
from gateway.alerts import queries
from gateway.asked_by import AlertAcknowledger, AlertReader, Here
from gateway.asking import Asked, Written, written
from gateway.bodies import Body as Wanted
from gateway.bodies import strictly
from gateway.problems import Refused
from gateway.reading import PAGE, POSITION_MAX, After, Limit, caught_up, reading, sealed

router = APIRouter(prefix="/alerts", tags=["alerts"])
SOURCE = "credit-monitor"


class AlertAnswer(BaseModel):
    """Something people are to know; `old` and `new` only where the law lets them be shown.

    `companies` is how many a change of the bureau's model moved.
    """

    alert_id: UUID
    seq: int
    kind: AlertKind
    company_id: UUID | None
    company_name: str | None
    raised_at: datetime
    told_to: list[UUID]
    old: Band | None
    new: Band | None
    bureau: str | None
    model: str | None
    companies: int | None
    state: Literal["open", "acknowledged"]
    escalated_at: datetime | None
    escalated_to: list[UUID]
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    note: str | None


class AlertList(BaseModel):
    """The latest first; `next_before` asks for what came earlier."""

    items: list[AlertAnswer]
    next_before: int | None


class Acknowledgement(Wanted):
    """What somebody writes about it, if anything."""

    note: Prose | None = None


@router.get("")
async def list_alerts(
    *,
    who: AlertReader,
    site: Here,
    state: Literal["open", "acknowledged"] | None = None,
    mine: Annotated[
        bool, Query(description="Only those told to the user whose own the key is.")
    ] = False,
    user: Annotated[UUID | None, Query(description="Only those told to this user.")] = None,
    company: Annotated[UUID | None, Query(description="Only those about this company.")] = None,
    before: Annotated[int, Query(ge=1, le=POSITION_MAX)] = POSITION_MAX,
    limit: Limit = PAGE,
    after: After = None,
) -> AlertList:
    """List alerts, the latest first."""
    wanted = queries.Wanted(state, _own(who) if mine else user, company)
    await caught_up(site, who.tenant, "alerts", after, SOURCE)
    found = await queries.page(site, who.tenant, wanted, before, limit + 1)
    items = [AlertAnswer.model_validate(alert) for alert in found[:limit]]
    return AlertList(items=items, next_before=items[-1].seq if len(found) > limit else None)


def _own(who: Principal) -> UUID:
    if who.user is None:
        raise Refused(
            "key-of-nobody",
            "This key is no user's own: name a user instead, or use a key made for one.",
        )
    return who.user


@router.post("/{alert_id}/acknowledge")
async def acknowledge_alert(
    *,
    who: AlertAcknowledger,
    site: Here,
    asked: Asked,
    alert_id: UUID,
    body: Annotated[Acknowledgement, strictly(Acknowledgement), Body()],
    response: Response,
) -> Written:
    """Say that somebody has seen an alert and sees to it."""
    async with reading(site, who.tenant) as connection:
        company_id = await queries.company_of(connection, who.tenant, alert_id)
    # A note is about the company it concerns, and is erased with it.
    note = sealed(company_id or alert_id, body.note)
    return written(
        response, await asked.ask(AcknowledgeAlert(**asked.stamp(alert_id=alert_id, note=note)))
    )
