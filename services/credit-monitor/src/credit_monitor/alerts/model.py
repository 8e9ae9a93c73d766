"""An alert: raised once, acknowledged by somebody, or escalated once when nobody does."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, Literal, TypeAlias, assert_never
from uuid import UUID

from pydantic import Field

from chassis.decider import Decider, Rejected
from contracts.credit_alerts import (
    AcknowledgeAlert,
    AlertEvent,
    CreditAlertAcknowledged,
    CreditAlertEscalated,
    CreditAlertGrew,
    CreditAlertRaised,
)
from contracts.message import Command


class AlertWish(Command):
    """A wish about one alert; made and decided on inside this service alone."""

    aggregate: ClassVar[str] = "alert"
    alert_id: UUID

    @property
    def stream_id(self) -> UUID:
        """Return the id of the stream."""
        return self.alert_id


class RaiseAlert(AlertWish):
    """Tell people of something."""

    type: Literal["raise-alert"] = "raise-alert"
    raised: CreditAlertRaised


class GrowAlert(AlertWish):
    """Tell that a change of the bureau's model moved more companies than were told."""

    type: Literal["grow-alert"] = "grow-alert"
    count: int
    to: tuple[UUID, ...] = ()


class EscalateAlert(AlertWish):
    """Tell others, because nobody acknowledged it in time."""

    type: Literal["escalate-alert"] = "escalate-alert"
    to: tuple[UUID, ...] = ()


AlertDecision: TypeAlias = Annotated[
    RaiseAlert | GrowAlert | EscalateAlert | AcknowledgeAlert, Field(discriminator="type")
]


@dataclass(frozen=True, slots=True)
class Alert:
    """Only what `decide` needs to know about the past."""

    status: Literal["absent", "open", "acknowledged"] = "absent"
    company_id: UUID | None = None
    escalated: bool = False
    count: int = 0
    to: frozenset[UUID] = frozenset()


def decide(command: AlertDecision, alert: Alert) -> Sequence[AlertEvent]:
    """Say what follows from a command; say nothing when it is already so."""
    match command:
        case RaiseAlert():
            return [command.raised] if alert.status == "absent" else []
        case GrowAlert():
            return grow(command, alert)
        case EscalateAlert():
            return escalate(command, alert)
        case AcknowledgeAlert():
            return acknowledge(command, alert)
        case _:
            assert_never(command)


def grow(command: GrowAlert, alert: Alert) -> Sequence[AlertEvent]:
    """Tell the new number, and those who were not told before; a number never shrinks."""
    _must_be_raised(alert)
    if command.count <= alert.count:
        return []
    new = tuple(one for one in command.to if one not in alert.to)
    return [CreditAlertGrew(alert_id=command.alert_id, count=command.count, to=new)]


def escalate(command: EscalateAlert, alert: Alert) -> Sequence[AlertEvent]:
    """Escalate once, and only what nobody has acknowledged."""
    _must_be_raised(alert)
    if alert.escalated or alert.status == "acknowledged":
        return []
    escalated = CreditAlertEscalated(
        alert_id=command.alert_id, company_id=alert.company_id, to=command.to
    )
    return [escalated]


def acknowledge(command: AcknowledgeAlert, alert: Alert) -> Sequence[AlertEvent]:
    """Note that somebody sees to it; what a second person writes is not silently lost."""
    _must_be_raised(alert)
    if alert.status == "acknowledged":
        if command.note is not None:
            raise Rejected(
                "alert-acknowledged",
                "Somebody acknowledged this alert already; your note was not kept.",
            )
        return []
    acknowledged = CreditAlertAcknowledged(
        alert_id=command.alert_id, company_id=alert.company_id, note=command.note
    )
    return [acknowledged]


def _must_be_raised(alert: Alert) -> None:
    if alert.status == "absent":
        raise Rejected("alert-unknown", "There is no such alert here.")


def evolve(alert: Alert, event: AlertEvent) -> Alert:
    """Take in one more fact."""
    match event:
        case CreditAlertRaised():
            return Alert("open", event.company_id, count=event.count or 0, to=frozenset(event.to))
        case CreditAlertGrew():
            return replace(alert, count=event.count, to=alert.to | set(event.to))
        case CreditAlertAcknowledged():
            return replace(alert, status="acknowledged")
        case CreditAlertEscalated():
            return replace(alert, escalated=True, to=alert.to | set(event.to))
        case _:
            assert_never(event)


alerts_: Decider[AlertDecision, Alert, AlertEvent] = Decider(Alert(), decide, evolve)
