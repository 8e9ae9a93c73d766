"""Which bureau a tenant has, and whether it has an account of its own there."""

from dataclasses import dataclass
from typing import Literal, assert_never

from chassis.decider import Decider
from contracts.credit_bureaus import (
    BureauChosen,
    BureauName,
    CreditBureauEvent,
    CreditBureauWish,
    RatingsReported,
    credit_bureau_of,
)

DEFAULT = "creditsafe"
"""Where a tenant is that has chosen nothing, at the deployment's account."""


class RecordChoice(CreditBureauWish):
    """Keep which bureau it is to be; made and decided on inside this service alone."""

    type: Literal["record-choice"] = "record-choice"
    bureau: BureauName
    own_credentials: bool


class RecordReport(CreditBureauWish):
    """Keep that ratings were reported; made and decided on inside this service alone."""

    type: Literal["record-report"] = "record-report"
    scale: str
    rows: int
    changed: int


@dataclass(frozen=True, slots=True)
class Choice:
    """Where a tenant's companies are dealt with."""

    bureau: str = DEFAULT
    own_credentials: bool = False


def decide(command: RecordChoice | RecordReport, choice: Choice) -> list[CreditBureauEvent]:
    """Say what follows from a command; say nothing when it is already so."""
    match command:
        case RecordChoice():
            return choose(command, choice)
        case RecordReport():
            return report(command)
        case _:
            assert_never(command)


def report(command: RecordReport) -> list[CreditBureauEvent]:
    """Tell of reported ratings, where any is new."""
    if not command.changed:
        return []
    reported = RatingsReported(
        settings_id=credit_bureau_of(command.tenant),
        scale=command.scale,
        rows=command.rows,
        changed=command.changed,
    )
    return [reported]


def choose(command: RecordChoice, choice: Choice) -> list[CreditBureauEvent]:
    """Tell of another bureau, or another account at the same; a new password is nobody's news."""
    if choice == Choice(command.bureau, command.own_credentials):
        return []
    chosen = BureauChosen(
        settings_id=credit_bureau_of(command.tenant),
        bureau=command.bureau,
        own_credentials=command.own_credentials,
        cause="CREDENTIALS" if command.bureau == choice.bureau else "CHOSEN",
    )
    return [chosen]


def evolve(choice: Choice, event: CreditBureauEvent) -> Choice:
    """Take in one more fact."""
    if isinstance(event, BureauChosen):
        return Choice(event.bureau, event.own_credentials)
    return choice


choices_: Decider[RecordChoice | RecordReport, Choice, CreditBureauEvent] = Decider(
    Choice(), decide, evolve
)
