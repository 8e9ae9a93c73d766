"""Which bureau a tenant has, and whether it has an account of its own there."""

from dataclasses import dataclass
from typing import Literal

from chassis.decider import Decider
from contracts.credit_bureaus import BureauChosen, BureauName, CreditBureauWish, credit_bureau_of

DEFAULT = "creditsafe"
"""Where a tenant is that has chosen nothing, at the deployment's account."""


class RecordChoice(CreditBureauWish):
    """Keep which bureau it is to be; made and decided on inside this service alone."""

    type: Literal["record-choice"] = "record-choice"
    bureau: BureauName
    own_credentials: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """Where a tenant's companies are dealt with."""

    bureau: str = DEFAULT
    own_credentials: bool = False


def decide(command: RecordChoice, choice: Choice) -> list[BureauChosen]:
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


def evolve(_choice: Choice, event: BureauChosen) -> Choice:
    """Take in one more fact."""
    return Choice(event.bureau, event.own_credentials)


choices_: Decider[RecordChoice, Choice, BureauChosen] = Decider(Choice(), decide, evolve)
