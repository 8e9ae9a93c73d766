"""Whom to rate and whom to watch: what is to be done next, from all that is known of a company.

It looks at how things are, not at what happened last: whatever was interrupted, repeated or came
in another order, asking again leads to the same end.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, TypeAlias

from contracts.credit_policy import CreditPolicy
from contracts.values import Money
from credit_monitor.credit.state import Credit, ExclusionCause, StopCause
from credit_monitor.facts.forms import is_personal_number, treatment
from credit_monitor.facts.subject import Subject

DEFAULT = CreditPolicy()
"""What holds until a tenant decides otherwise."""


@dataclass(frozen=True, slots=True)
class Dealings:
    """How things stand between us and the bureau.

    `rated_key` is the number that was last asked about, `asked_long_ago` that this is some time
    ago; `listed` whether the company is, or may be, in our portfolio; `told` whether the bureau
    said something that is not settled yet; `affordable` whether one more report is within the
    month's cap. `listed_elsewhere` and `rated_elsewhere` say that it was at an account, or by a
    bureau, that the tenant has left since.
    """

    rated_key: str | None = None
    listed: Literal["no", "maybe", "yes"] = "no"
    told: bool = False
    asked_long_ago: bool = False
    affordable: bool = True
    listed_elsewhere: bool = False
    rated_elsewhere: bool = False


class Step(StrEnum):
    """What to do next; one at a time, until there is nothing left."""

    NOTHING = "nothing"
    REST = "rest"
    SAVE = "save"
    ANSWER = "answer"
    RATE = "rate"
    WATCH = "watch"
    SETTLE = "settle"
    NOTE = "note"
    UNLIST = "unlist"
    LEAVE = "leave"
    STOP = "stop"
    EXCLUDE = "exclude"


Next: TypeAlias = tuple[Step, str | None]
"""A step, and why, where that is told."""


def next_step(  # noqa: C901, PLR0911 - one line a reason, the weightiest first
    subject: Subject, credit: Credit, dealings: Dealings, policy: CreditPolicy = DEFAULT
) -> Next:
    """Return what to do next; what somebody asked comes before all."""
    if credit.checks:
        return Step.ANSWER, None
    if dealings.listed_elsewhere:
        goes_on = credit.rating is not None and not dealings.rated_elsewhere
        return Step.LEAVE, "BUREAU_CHANGED" if credit.watched and not goes_on else None
    if (cause := unwanted(subject, policy)) is not None:
        return _leave(Step.STOP, cause if credit.watched else None, dealings)
    if credit.by_hand:
        return _leave(Step.STOP, "MANUAL" if credit.watched else None, dealings)
    if (reason := excluded(subject, policy)) is not None:
        return _leave(Step.EXCLUDE, reason if credit.excluded != reason else None, dealings)
    is_other = dealings.rated_key not in {None, subject.key}
    if is_other and credit.watched:
        return Step.STOP, "NUMBER_CHANGED"
    if is_other and dealings.listed != "no":
        return Step.UNLIST, None
    if not is_clear(subject):
        return Step.NOTHING, None
    if not treatment(subject, watch_private=policy.watch_private_forms).shows_values:
        return _go_on_blindly(credit, dealings), None
    if (is_other or credit.rating is None) and not _is_enough(credit.wanted, policy):
        return Step.NOTHING, None
    if is_other:
        return _rate(credit, dealings)
    return _go_on(credit, dealings)


def _leave(step: Step, cause: str | None, dealings: Dealings) -> Next:
    """Say so first, then see that the bureau no longer watches either."""
    if cause is not None:
        return step, cause
    return (Step.UNLIST if dealings.listed != "no" else Step.NOTHING), None


def _go_on(credit: Credit, dealings: Dealings) -> Next:
    """Rate, then watch, then settle whatever the bureau tells."""
    if credit.rating is None or dealings.rated_elsewhere:
        failed = credit.failed is not None and dealings.rated_key is not None
        if failed and not dealings.asked_long_ago:
            return Step.REST, None
        return _rate(credit, dealings)
    if not credit.watched or dealings.listed != "yes":
        return Step.WATCH, None
    return (Step.SETTLE if dealings.told else Step.NOTHING), None


def _rate(credit: Credit, dealings: Dealings) -> Next:
    """Rate, or leave out for as long as the month's cap is reached."""
    if dealings.affordable:
        return Step.RATE, None
    if credit.excluded != "COST_CAP":
        return Step.EXCLUDE, "COST_CAP"
    return Step.SAVE, None


def _go_on_blindly(credit: Credit, dealings: Dealings) -> Step:
    """Watch whom somebody had looked at; of a change only *that* there is one is told."""
    if not credit.opened or dealings.rated_key is None:
        return Step.NOTHING
    if not credit.watched or dealings.listed != "yes":
        return Step.WATCH
    return Step.NOTE if dealings.told else Step.NOTHING


def _is_enough(wanted: Money | None, policy: CreditPolicy) -> bool:
    """Say whether so much credit is wanted that a rating is called for.

    Amounts of another currency cannot be compared: then a rating is.
    """
    least = policy.amount_from
    if least is None:
        return True
    if wanted is None:
        return False
    return wanted.currency != least.currency or wanted.amount >= least.amount


def unwanted(subject: Subject, policy: CreditPolicy = DEFAULT) -> StopCause | None:
    """Return why a company is not to be checked at all, if so."""
    if subject.erased:
        return "ERASED"
    if subject.archived:
        return "MERGED" if subject.merged else "ARCHIVED"
    called_for = subject.relations & frozenset(policy.relations)
    if subject.created and (subject.workplace or not called_for):
        return "RELATION_ENDED"
    return None


def excluded(  # noqa: PLR0911 - one line a reason
    subject: Subject, policy: CreditPolicy = DEFAULT
) -> ExclusionCause | None:
    """Return why a company we would check cannot or must not be, if so."""
    if not subject.created:
        return None
    if subject.personal and not policy.watch_private_forms:
        return "LEGAL_FORM"
    if subject.country not in policy.legal_forms:
        return "COUNTRY"
    if subject.personal:
        return None
    if subject.number is None:
        return "NO_NUMBER"
    if is_personal_number(subject):
        return "LEGAL_FORM"
    if not subject.registry_answered:
        return None
    treated = treatment(subject, watch_private=policy.watch_private_forms)
    if treated.kind == "PERSONAL":
        return None if treated.watched else "LEGAL_FORM"
    if treated.kind == "LEGAL_PERSON" and subject.legal_form in policy.legal_forms[subject.country]:
        return None
    return "LEGAL_FORM"


def is_clear(subject: Subject) -> bool:
    """Say whether enough is known to check a company; until then it waits for the registry."""
    if subject.personal:
        return subject.created
    return subject.created and subject.registry_answered and subject.legal_form is not None
