"""Whom to rate and whom to watch: what is to be done next, from all that is known of a company.

It looks at how things are, not at what happened last: whatever was interrupted, repeated or came
in another order, asking again leads to the same end.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, TypeAlias

from credit_monitor.model import Credit, ExclusionCause, StopCause
from credit_monitor.subject import Subject

CHECKED_RELATIONS = frozenset({"customer", "prospect"})
"""Whom a firm gives credit, or is about to."""
CHECKABLE_FORMS = {
    "SE": frozenset(
        {"AB", "BAB", "FAB", "EK", "KHF", "MB", "BRF", "BF", "SCE", "SE", "SB"}
        | {"I", "IF", "S", "SF", "TSF", "FOF", "OFB", "NYF", "EGTS"}
    ),
    "NO": frozenset(
        {"AS", "ASA", "SA", "STI", "FLI", "BRL", "BBL", "ESEK", "SPA", "GFS", "SE", "SF"}
        | {"KF", "FKF", "IKS", "KOMM", "FYLK", "STAT", "ORGL", "KIRK"}
    ),
}
"""The legal persons of each country the bureau covers.

Sole traders (E, ENK) and partnerships (HB, KB, EB, ANS, DA, KS) are not among them, since every
look at them sends a person a copy of the report; nor are forms that do not tell, such as branches.
"""
PERSONAL_MONTH_MAX = 20
"""In Sweden the third and fourth digit of a legal person's number are 20 or more; less is a month
of birth."""


@dataclass(frozen=True, slots=True)
class Dealings:
    """How things stand between us and the bureau.

    `rated_key` is the number that was last asked about, `asked_long_ago` that this is some time
    ago; `listed` whether the company is, or may be, in our portfolio; `told` whether the bureau
    said something that is not settled yet.
    """

    rated_key: str | None = None
    listed: Literal["no", "maybe", "yes"] = "no"
    told: bool = False
    asked_long_ago: bool = False


class Step(StrEnum):
    """What to do next; one at a time, until there is nothing left."""

    NOTHING = "nothing"
    REST = "rest"
    RATE = "rate"
    WATCH = "watch"
    SETTLE = "settle"
    UNLIST = "unlist"
    STOP = "stop"
    EXCLUDE = "exclude"


Next: TypeAlias = tuple[Step, str | None]
"""A step, and why, where that is told."""


def next_step(subject: Subject, credit: Credit, dealings: Dealings) -> Next:
    """Return what to do next."""
    if (cause := unwanted(subject)) is not None:
        return _leave(Step.STOP, cause if credit.watched else None, dealings)
    if (reason := excluded(subject)) is not None:
        return _leave(Step.EXCLUDE, reason if credit.excluded != reason else None, dealings)
    is_other = dealings.rated_key not in {None, subject.key}
    if is_other and credit.watched:
        return Step.STOP, "NUMBER_CHANGED"
    if is_other and dealings.listed != "no":
        return Step.UNLIST, None
    if not is_clear(subject):
        return Step.NOTHING, None
    return (Step.RATE if is_other else _go_on(credit, dealings)), None


def _leave(step: Step, cause: str | None, dealings: Dealings) -> Next:
    """Say so first, then see that the bureau no longer watches either."""
    if cause is not None:
        return step, cause
    return (Step.UNLIST if dealings.listed != "no" else Step.NOTHING), None


def _go_on(credit: Credit, dealings: Dealings) -> Step:
    """Rate, then watch, then settle whatever the bureau tells."""
    if credit.rating is None:
        failed = credit.failed is not None and dealings.rated_key is not None
        return Step.REST if failed and not dealings.asked_long_ago else Step.RATE
    if not credit.watched or dealings.listed != "yes":
        return Step.WATCH
    return Step.SETTLE if dealings.told else Step.NOTHING


def unwanted(subject: Subject) -> StopCause | None:
    """Return why a company is not to be checked at all, if so."""
    if subject.archived:
        return "ARCHIVED"
    if subject.created and (subject.workplace or not subject.relations & CHECKED_RELATIONS):
        return "RELATION_ENDED"
    return None


def excluded(subject: Subject) -> ExclusionCause | None:  # noqa: PLR0911 - one line a reason
    """Return why a company we would check cannot or must not be, if so."""
    if not subject.created:
        return None
    if subject.personal:
        return "LEGAL_FORM"
    if subject.country not in CHECKABLE_FORMS:
        return "COUNTRY"
    if subject.number is None:
        return "NO_NUMBER"
    if _is_personal_number(subject):
        return "LEGAL_FORM"
    if not subject.registry_answered:
        return None
    checkable = subject.legal_form in CHECKABLE_FORMS[subject.country]
    return None if checkable else "LEGAL_FORM"


def is_clear(subject: Subject) -> bool:
    """Say whether enough is known to check a company; until then it waits for the registry."""
    return subject.created and subject.registry_answered and subject.legal_form is not None


def _is_personal_number(subject: Subject) -> bool:
    """Say whether a Swedish number is a person's, whatever it was entered as."""
    number = subject.number or ""
    return subject.country == "SE" and int(number[2:4] or 0) < PERSONAL_MONTH_MAX
