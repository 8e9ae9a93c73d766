"""How people and tenants want to hear of alerts: what holds until it is decided anew."""

from chassis.decider import Decider
from contracts.credit_alerts import (
    AlertPreferencesSet,
    AlertSettingsSet,
    SetAlertPreferences,
    SetAlertSettings,
    alert_settings_of,
)


def prefer(
    command: SetAlertPreferences, before: AlertPreferencesSet | None
) -> list[AlertPreferencesSet]:
    """Tell how a user wants to hear, where that is another way."""
    wanted = AlertPreferencesSet(
        user_id=command.user_id,
        mail=command.mail,
        digest_hour=command.digest_hour,
        language=command.language,
    )
    return [] if wanted == before else [wanted]


def set_up(command: SetAlertSettings, before: AlertSettingsSet | None) -> list[AlertSettingsSet]:
    """Tell how a tenant's alerts are dealt with, where that is another way."""
    wanted = AlertSettingsSet(
        settings_id=alert_settings_of(command.tenant),
        escalate_after_hours=command.escalate_after_hours,
        escalate_to=tuple(dict.fromkeys(command.escalate_to)),
    )
    return [] if wanted == before else [wanted]


preferences: Decider[SetAlertPreferences, AlertPreferencesSet | None, AlertPreferencesSet] = (
    Decider(None, prefer, lambda _, event: event)
)
settings: Decider[SetAlertSettings, AlertSettingsSet | None, AlertSettingsSet] = Decider(
    None, set_up, lambda _, event: event
)
