"""An alert is raised once, acknowledged by somebody, or escalated once when nobody does."""

from hypothesis import given as forall
from hypothesis import strategies as st

from chassis.edge import new_id
from chassis.testing import scenario
from contracts.credit_alerts import (
    AcknowledgeAlert,
    AlertEvent,
    AlertKind,
    AlertPreferencesSet,
    AlertSettingsSet,
    CreditAlertAcknowledged,
    CreditAlertEscalated,
    CreditAlertGrew,
    CreditAlertRaised,
    SetAlertPreferences,
    SetAlertSettings,
)
from contracts.examples import example
from contracts.values import Sealed
from credit_monitor.alerts.model import (
    AlertDecision,
    EscalateAlert,
    GrowAlert,
    RaiseAlert,
    alerts_,
)
from credit_monitor.alerts.ways import preferences, settings

given = scenario(alerts_)
raised, acknowledged = example(CreditAlertRaised), example(CreditAlertAcknowledged)
escalated = example(CreditAlertEscalated)
acknowledge = example(AcknowledgeAlert)
wordless = acknowledge.model_copy(update={"note": None})
COMMON = {
    name: getattr(acknowledge, name)
    for name in ("command_id", "tenant", "by", "at", "correlation", "alert_id")
}
raise_it = RaiseAlert(**COMMON, raised=raised)
escalate = EscalateAlert(**COMMON, to=escalated.to)
everywhere = raised.model_copy(
    update={"company_id": None, "kind": AlertKind.MODEL_CHANGED, "count": 10}
)


def note_of(command: AcknowledgeAlert) -> Sealed | None:
    return command.note


def test_an_alert_is_raised() -> None:
    given().when(raise_it).then(raised)


def test_an_alert_is_raised_once() -> None:
    given(raised).when(raise_it).then_nothing()


def test_somebody_acknowledges_it() -> None:
    note = note_of(acknowledge)
    given(raised).when(acknowledge).then(acknowledged.model_copy(update={"note": note}))


def test_what_was_never_raised_cannot_be_acknowledged() -> None:
    given().when(acknowledge).then_rejected("alert-unknown")


def test_acknowledging_it_again_without_a_word_changes_nothing() -> None:
    given(raised, acknowledged).when(wordless).then_nothing()


def test_a_second_note_is_refused_and_not_lost() -> None:
    given(raised, acknowledged).when(acknowledge).then_rejected("alert-acknowledged")


def test_what_nobody_acknowledges_is_escalated() -> None:
    given(raised).when(escalate).then(escalated)


def test_it_is_escalated_once() -> None:
    given(raised, escalated).when(escalate).then_nothing()


def test_what_somebody_acknowledged_is_not_escalated() -> None:
    given(raised, acknowledged).when(escalate).then_nothing()


def test_what_was_escalated_can_be_acknowledged() -> None:
    given(raised, escalated).when(wordless).then(acknowledged.model_copy(update={"note": None}))


def test_a_night_that_moves_more_makes_the_same_alert_grow_and_tells_who_is_new() -> None:
    new = new_id()
    grow = GrowAlert(**COMMON, count=12, to=(*raised.to, new))
    grew = CreditAlertGrew(alert_id=raised.alert_id, count=12, to=(new,))
    given(everywhere).when(grow).then(grew)
    given(everywhere, grew).when(grow).then_nothing()


def test_a_night_never_shrinks() -> None:
    given(everywhere).when(GrowAlert(**COMMON, count=10)).then_nothing()


@forall(st.lists(st.sampled_from([raise_it, wordless, escalate]), max_size=12))
def test_whatever_was_asked_each_thing_is_said_at_most_once(asked: list[AlertDecision]) -> None:
    said: list[AlertEvent] = []
    for command in [raise_it, *asked]:
        said += alerts_.decide(command, alerts_.fold(said))
    assert len(said) == len({type(event) for event in said})


def test_a_user_says_how_they_want_to_hear_and_saying_it_again_says_nothing() -> None:
    wish, told = example(SetAlertPreferences), example(AlertPreferencesSet)
    scenario(preferences)().when(wish).then(told)
    scenario(preferences)(told).when(wish).then_nothing()
    other = wish.model_copy(update={"mail": "NONE"})
    scenario(preferences)(told).when(other).then(told.model_copy(update={"mail": "NONE"}))


def test_a_tenant_says_when_alerts_are_escalated_and_saying_it_again_says_nothing() -> None:
    wish, told = example(SetAlertSettings), example(AlertSettingsSet)
    scenario(settings)().when(wish).then(told)
    scenario(settings)(told).when(wish).then_nothing()
