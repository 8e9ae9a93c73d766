"""How people and tenants want to hear of alerts, over HTTP."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Response
from pydantic import BaseModel, Field

from contracts.credit_alerts import (
    DIGEST_HOUR,
    ESCALATE_AFTER_HOURS,
    ESCALATE_AFTER_HOURS_MAX,
    ESCALATE_TO_MAX,
    Hour,
    Language,
    MailWish,
    SetAlertPreferences,
    SetAlertSettings,
)
from gateway.access.keys import Principal
from gateway.access.roles import ALLOWED, Permission
from gateway.alerts import queries
from gateway.asked_by import AlertReader, Here, MailChooser, UserManager, UserReader
from gateway.asking import Asked, Written, written
from gateway.bodies import Body as Wanted
from gateway.bodies import strictly
from gateway.problems import Refused, invalid, not_found
from gateway.reading import After, caught_up, reading
from gateway.references import unknown_users

router = APIRouter(tags=["alerts"])
SOURCE = "credit-monitor"


class Preferences(Wanted):
    """How a user wants to hear: at once, once a day at this hour of the tenant's clock, or not."""

    email: MailWish
    digest_hour: Hour = DIGEST_HOUR
    language: Language = "sv"


class PreferencesAnswer(BaseModel):
    """How a user hears of alerts by mail."""

    email: MailWish = "AT_ONCE"
    digest_hour: int = DIGEST_HOUR
    language: Language = "sv"


class AlertRules(Wanted):
    """When an alert that nobody acknowledges is escalated, in hours of working days, and to whom.

    With nobody named it goes to those who manage the tenant. The clock is that of the tenant's
    credit policy.
    """

    escalate_after_hours: Annotated[int, Field(ge=1, le=ESCALATE_AFTER_HOURS_MAX)]
    escalate_to: Annotated[list[UUID], Field(max_length=ESCALATE_TO_MAX)] = []  # noqa: RUF012 - pydantic copies it


class AlertRulesAnswer(BaseModel):
    """How the tenant's alerts are dealt with; what nobody decided is as it comes."""

    escalate_after_hours: int = ESCALATE_AFTER_HOURS
    escalate_to: list[UUID] = []


@router.get("/users/{user_id}/alert-preferences")
async def read_alert_preferences(
    who: AlertReader, site: Here, user_id: UUID, after: After = None
) -> PreferencesAnswer:
    """Read how a user wants to hear of alerts: one's own, or as an administrator anybody's."""
    await _check_own(who, site, user_id)
    await caught_up(site, who.tenant, "alert_preferences", after, SOURCE)
    async with reading(site, who.tenant) as connection:
        said: dict[str, Any] = await queries.preferences(connection, who.tenant, user_id)
    return PreferencesAnswer(**{"email" if name == "mail" else name: v for name, v in said.items()})


@router.put("/users/{user_id}/alert-preferences")
async def set_alert_preferences(
    *,
    who: MailChooser,
    site: Here,
    asked: Asked,
    user_id: UUID,
    body: Annotated[Preferences, strictly(Preferences), Body()],
    response: Response,
) -> Written:
    """Say how a user wants to hear of alerts: one's own, or as an administrator anybody's."""
    await _check_own(who, site, user_id)
    command = SetAlertPreferences(
        **asked.stamp(
            user_id=user_id,
            mail=body.email,
            digest_hour=body.digest_hour,
            language=body.language,
        )
    )
    return written(response, await asked.ask(command))


async def _check_own(who: Principal, site: Here, user_id: UUID) -> None:
    """Refuse somebody else's, except to those who manage users."""
    if who.user != user_id and Permission.MANAGE_USERS not in ALLOWED[who.role]:
        raise Refused(
            "not-allowed",
            "These are another user's; only an administrator may read or change them.",
            permission=Permission.MANAGE_USERS.value,
        )
    if await unknown_users(site, who.tenant, [user_id]):
        raise not_found("user")


@router.get("/settings/alerts")
async def read_alert_settings(who: UserReader, site: Here, after: After = None) -> AlertRulesAnswer:
    """Read how the tenant's alerts are dealt with."""
    await caught_up(site, who.tenant, "alert_settings", after, SOURCE)
    async with reading(site, who.tenant) as connection:
        return AlertRulesAnswer(**await queries.settings(connection, who.tenant))


@router.put("/settings/alerts")
async def set_alert_settings(
    *,
    who: UserManager,
    site: Here,
    asked: Asked,
    body: Annotated[AlertRules, strictly(AlertRules), Body()],
    response: Response,
) -> Written:
    """Say when alerts that nobody acknowledges are escalated, and to whom."""
    if unknown := await unknown_users(site, who.tenant, body.escalate_to):
        raise invalid("escalate_to", "user-unknown", f"There is no user {unknown[0]} here.")
    command = SetAlertSettings(
        **asked.stamp(
            escalate_after_hours=body.escalate_after_hours,
            escalate_to=tuple(body.escalate_to),
        )
    )
    return written(response, await asked.ask(command))
