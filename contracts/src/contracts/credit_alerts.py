"""What is said to people about credit: alerts, who has seen them, and how each wants to hear."""

from enum import StrEnum
from typing import Annotated, ClassVar, Literal, TypeAlias
from uuid import UUID, uuid5

from pydantic import Field

from contracts.message import Command, Event
from contracts.values import Band, Line, Sealed

SETTINGS = UUID("0199a3c0-5e80-7080-8a00-6b756e640080")
ESCALATE_AFTER_HOURS = 72
"""Three working days."""
ESCALATE_AFTER_HOURS_MAX = 24 * 60
"""Twelve working weeks: whoever wants longer wants none."""
ESCALATE_TO_MAX = 20
DIGEST_HOUR = 7


class AlertKind(StrEnum):
    """What an alert is about."""

    RATING_CHANGED = "RATING_CHANGED"
    SOMETHING_CHANGED = "SOMETHING_CHANGED"
    """A form whose values may not be shown: only that there is something new."""
    MODEL_CHANGED = "MODEL_CHANGED"
    """The bureau's own way of rating moved many companies: one notice for all of them."""
    REPORT_CORRECTED = "REPORT_CORRECTED"
    BANKRUPTCY = "BANKRUPTCY"
    LIQUIDATION = "LIQUIDATION"
    FORCED_DISSOLUTION = "FORCED_DISSOLUTION"
    RESTRUCTURING = "RESTRUCTURING"
    DELETED = "DELETED"
    CAP_REACHED = "CAP_REACHED"


MailWish: TypeAlias = Literal["AT_ONCE", "DIGEST", "NONE"]
Language: TypeAlias = Literal["sv", "en"]
Hour: TypeAlias = Annotated[int, Field(ge=0, le=23)]


def alert_settings_of(tenant: str) -> UUID:
    """Return the id of a tenant's settings for alerts: it has just one stream of them."""
    return uuid5(SETTINGS, tenant)


class AcknowledgeAlert(Command):
    """Say that somebody has seen an alert and sees to it."""

    aggregate: ClassVar[str] = "alert"
    type: Literal["acknowledge-alert"] = "acknowledge-alert"
    alert_id: UUID
    note: Sealed | None = None

    @property
    def stream_id(self) -> UUID:
        """Return the id of the stream."""
        return self.alert_id


class SetAlertPreferences(Command):
    """Say how a user wants to hear of alerts."""

    aggregate: ClassVar[str] = "alert-preferences"
    type: Literal["set-alert-preferences"] = "set-alert-preferences"
    user_id: UUID
    mail: MailWish
    digest_hour: Hour = DIGEST_HOUR
    language: Language = "sv"

    @property
    def stream_id(self) -> UUID:
        """Return the id of the stream."""
        return self.user_id


class SetAlertSettings(Command):
    """Say what becomes of alerts that nobody acknowledges."""

    aggregate: ClassVar[str] = "alert-settings"
    type: Literal["set-alert-settings"] = "set-alert-settings"
    escalate_after_hours: Annotated[int, Field(ge=1, le=ESCALATE_AFTER_HOURS_MAX)]
    escalate_to: Annotated[tuple[UUID, ...], Field(max_length=ESCALATE_TO_MAX)] = ()

    @property
    def stream_id(self) -> UUID:
        """Return the id of the stream."""
        return alert_settings_of(self.tenant)


class AlertFact(Event):
    """A fact about one alert; `company_id` is absent where it is about many companies."""

    category: ClassVar[str] = "alert"
    alert_id: UUID
    company_id: UUID | None = None

    @property
    def stream_id(self) -> UUID:
        """Return the id of the stream."""
        return self.alert_id


class CreditAlertRaised(AlertFact):
    """Something happened that people are to know; `to` are the users who are told.

    `old` and `new` are there only where the law lets them be shown; `count` is how many companies
    a change of the bureau's model moved.
    """

    type: Literal["credit-alert-raised.v1"] = "credit-alert-raised.v1"
    kind: AlertKind
    to: tuple[UUID, ...] = ()
    old: Band | None = None
    new: Band | None = None
    bureau: Line | None = None
    model: Line | None = None
    count: int | None = None


class CreditAlertGrew(AlertFact):
    """A change of the bureau's model moved more companies than were told; `to` is who is new."""

    type: Literal["credit-alert-grew.v1"] = "credit-alert-grew.v1"
    count: int
    to: tuple[UUID, ...] = ()


class CreditAlertAcknowledged(AlertFact):
    """Somebody has seen an alert and sees to it."""

    type: Literal["credit-alert-acknowledged.v1"] = "credit-alert-acknowledged.v1"
    note: Sealed | None = None


class CreditAlertEscalated(AlertFact):
    """Nobody acknowledged an alert in time: others are told."""

    type: Literal["credit-alert-escalated.v1"] = "credit-alert-escalated.v1"
    to: tuple[UUID, ...] = ()


class AlertPreferencesSet(Event):
    """A user wants to hear of alerts otherwise than before; the hour is the tenant's zone's."""

    category: ClassVar[str] = "alert-preferences"
    type: Literal["alert-preferences-set.v1"] = "alert-preferences-set.v1"
    user_id: UUID
    mail: MailWish
    digest_hour: Hour
    language: Language

    @property
    def stream_id(self) -> UUID:
        """Return the id of the stream."""
        return self.user_id


class AlertSettingsSet(Event):
    """A tenant decided what becomes of alerts; hours are those of working days."""

    category: ClassVar[str] = "alert-settings"
    type: Literal["alert-settings-set.v1"] = "alert-settings-set.v1"
    settings_id: UUID
    escalate_after_hours: int
    escalate_to: tuple[UUID, ...] = ()

    @property
    def stream_id(self) -> UUID:
        """Return the id of the stream."""
        return self.settings_id


AlertCommand: TypeAlias = Annotated[
    AcknowledgeAlert | SetAlertPreferences | SetAlertSettings, Field(discriminator="type")
]
AlertEvent: TypeAlias = Annotated[
    CreditAlertRaised | CreditAlertGrew | CreditAlertAcknowledged | CreditAlertEscalated,
    Field(discriminator="type"),
]
AlertWayEvent: TypeAlias = Annotated[
    AlertPreferencesSet | AlertSettingsSet, Field(discriminator="type")
]
"""How people and tenants want to hear."""
