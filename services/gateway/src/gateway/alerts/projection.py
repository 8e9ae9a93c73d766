"""Alerts: one row each; and one a user and a tenant for how they want to hear."""

from importlib.resources import files
from typing import Any, NamedTuple

from chassis.codec import to_json
from chassis.projection import Projection, Told
from contracts.credit_alerts import (
    AlertPreferencesSet,
    AlertSettingsSet,
    CreditAlertAcknowledged,
    CreditAlertEscalated,
    CreditAlertGrew,
    CreditAlertRaised,
)

HERE = files("gateway.alerts")


class AlertRow(NamedTuple):
    """A row of `alerts`."""

    alert_id: str
    seq: int
    kind: str
    company_id: str | None
    raised_at: str
    told_to: list[str]
    old: str | None
    new: str | None
    bureau: str | None
    model: str | None
    companies: int | None
    state: str = "open"
    escalated_at: str | None = None
    escalated_to: list[str] = []  # noqa: RUF012 - a row is never changed
    acknowledged_at: str | None = None
    acknowledged_by: str | None = None
    note: dict[str, Any] | None = None


def evolve(row: AlertRow | None, told: Told) -> AlertRow | None:
    """Take in one more fact."""
    match told.event:
        case CreditAlertRaised() as event:
            return _raised(told, event)
        case CreditAlertGrew() as event if row:
            return row._replace(companies=event.count, told_to=[*row.told_to, *map(str, event.to)])
        case CreditAlertEscalated() as event if row:
            return row._replace(escalated_at=told.at, escalated_to=[str(one) for one in event.to])
        case CreditAlertAcknowledged() as event if row:
            return row._replace(
                state="acknowledged",
                acknowledged_at=told.at,
                acknowledged_by=told.by,
                note=to_json(event.note) if event.note else None,
            )
        case _:
            return row


def _raised(told: Told, event: CreditAlertRaised) -> AlertRow:
    return AlertRow(
        alert_id=str(event.alert_id),
        seq=told.seq,
        kind=event.kind.value,
        company_id=str(event.company_id) if event.company_id else None,
        raised_at=told.at,
        told_to=[str(one) for one in event.to],
        old=event.old and event.old.value,
        new=event.new and event.new.value,
        bureau=event.bureau,
        model=event.model,
        companies=event.count,
    )


class PreferencesRow(NamedTuple):
    """A row of `alert_preferences`."""

    user_id: str
    version: int
    mail: str
    digest_hour: int
    language: str


def prefer(row: PreferencesRow | None, told: Told) -> PreferencesRow | None:
    """Take in how a user wants to hear."""
    match told.event:
        case AlertPreferencesSet() as event:
            wish = (event.mail, event.digest_hour, event.language)
            return PreferencesRow(str(event.user_id), told.version, *wish)
        case _:
            return row


class SettingsRow(NamedTuple):
    """A row of `alert_settings`."""

    settings_id: str
    version: int
    escalate_after_hours: int
    escalate_to: list[str]


def set_up(row: SettingsRow | None, told: Told) -> SettingsRow | None:
    """Take in how a tenant's alerts are dealt with."""
    match told.event:
        case AlertSettingsSet() as event:
            return SettingsRow(
                str(event.settings_id),
                told.version,
                event.escalate_after_hours,
                [str(one) for one in event.escalate_to],
            )
        case _:
            return row


alerts: Projection[AlertRow] = Projection(
    name="alerts",
    version=1,
    row=AlertRow,
    table_sql=HERE.joinpath("table.sql").read_text(),
    handles=(CreditAlertRaised, CreditAlertGrew, CreditAlertEscalated, CreditAlertAcknowledged),
    key=lambda told: str(told.event.stream_id),
    evolve=evolve,
)
alert_preferences: Projection[PreferencesRow] = Projection(
    name="alert_preferences",
    version=1,
    row=PreferencesRow,
    table_sql=HERE.joinpath("preferences.sql").read_text(),
    handles=(AlertPreferencesSet,),
    key=lambda told: str(told.event.stream_id),
    evolve=prefer,
)
alert_settings: Projection[SettingsRow] = Projection(
    name="alert_settings",
    version=1,
    row=SettingsRow,
    table_sql=HERE.joinpath("settings.sql").read_text(),
    handles=(AlertSettingsSet,),
    key=lambda told: str(told.event.stream_id),
    evolve=set_up,
)
