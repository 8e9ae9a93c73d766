"""Whether a rating that somebody asks for may be asked for, and what stands in the way."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from chassis.decider import Decider, Rejected
from contracts.credit_checks import RequestCreditCheck
from contracts.credit_monitor import CreditCheckRequested, CreditEvent, CreditPurpose
from credit_monitor.credit.model import CreditCommand, credits_
from credit_monitor.credit.state import Credit
from credit_monitor.facts.forms import treatment
from credit_monitor.facts.subject import Subject

KINDS: dict[CreditPurpose | None, str] = {
    "CREDIT_GRANT": "new-commitment",
    "CONTRACT": "new-commitment",
    "EXISTING_CREDIT": "existing-credit",
    "OTHER": "other",
    None: "other",
}
"""Questions of one kind are one question to the bureau; the watch asks about existing credit."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What must be known besides the company's own past.

    `on_record` is the same question, if it was asked within the bureau's free period: by anybody,
    or of a person by the same asker. `affordable` says whether the month's cap has room.
    """

    subject: Subject
    countries: frozenset[str]
    on_record: UUID | None = None
    affordable: bool = True


def check_id(command: RequestCreditCheck) -> UUID:
    """Return the id of what is asked: the wish's own."""
    return command.command_id


def decider(facts: Facts) -> Decider[CreditCommand, Credit, CreditEvent]:
    """Return a decider that knows these facts."""

    def created(events: Sequence[CreditEvent]) -> dict[str, UUID]:
        asked = [event for event in events if isinstance(event, CreditCheckRequested)]
        if asked:
            return {"check": asked[0].check_id}
        return {"on_record": facts.on_record} if facts.on_record else {}

    def decide(command: CreditCommand, credit: Credit) -> Sequence[CreditEvent]:
        assert isinstance(command, RequestCreditCheck)  # noqa: S101 - asked nothing else
        return request(facts, command, credit)

    return replace(credits_, decide=decide, created=created)


def request(
    facts: Facts, command: RequestCreditCheck, credit: Credit
) -> Sequence[CreditCheckRequested]:
    """Let a question through, or say what it lacks; one on record is not asked again."""
    _check_subject(facts, command)
    treated = treatment(facts.subject)
    if treated.kind == "UNCLEAR" and not command.confirm_subject_copy:
        _check_form_is_known(facts.subject)
    if treated.needs_purpose:
        _check_need(command)
    if command.correction and credit.rating is None and treated.shows_values:
        raise Rejected("credit-not-rated", "Nothing was said of this company that could be wrong.")
    if facts.on_record is not None and not command.correction:
        return []
    if treated.is_copied and not command.confirm_subject_copy:
        raise Rejected(
            "credit-copy-unconfirmed",
            "Whoever is rated will be sent a copy of the report that names you as the one who"
            " asked; send `confirm_subject_copy: true` if that is right.",
        )
    if not facts.affordable:
        raise Rejected(
            "credit-cap-reached",
            "This month's cap on credit reports is reached; raise it, or ask next month.",
        )
    return [_requested(command, copied=treated.is_copied)]


def _check_subject(facts: Facts, command: RequestCreditCheck) -> None:
    """See that there is somebody to ask about."""
    subject = facts.subject
    if not subject.created:
        # Whoever shows companies has it, and we have not heard of it yet.
        raise Rejected("busy", "This company is still on its way here; try again in a moment.")
    if subject.erased:
        raise Rejected(
            "subject-erased", "This person has been erased; nothing is asked about them."
        )
    if subject.merged:
        raise Rejected(
            "credit-company-merged",
            "This company was merged into another; ask about that one, or reverse the merge.",
        )
    if subject.archived:
        raise Rejected("credit-company-archived", "This company is archived; restore it first.")
    if subject.workplace:
        raise Rejected(
            "credit-of-workplace", "A workplace is not rated; ask about the company it belongs to."
        )
    if subject.country not in facts.countries:
        raise Rejected("credit-country", "Your bureau rates nobody in this company's country.")
    if subject.number is None and command.personal_number is None:
        raise Rejected("credit-number-missing", "Give the company its number first.")


def _check_form_is_known(subject: Subject) -> None:
    """Ask nobody to confirm what holds for persons while the registry may still say it is none."""
    if subject.legal_form is None and subject.number and not subject.registry_answered:
        raise Rejected(
            "not-yet",
            "The registry has not said yet which legal form this company has; try again in a"
            " moment. To ask as one does about a person, state a `purpose` and send"
            " `confirm_subject_copy: true`.",
        )


def _check_need(command: RequestCreditCheck) -> None:
    """See that there is a legitimate need, in the words the law wants."""
    if command.purpose is None:
        raise Rejected(
            "credit-purpose-missing",
            "Sole traders, partnerships and persons are rated for a stated need only: say which"
            " `purpose` it is.",
        )
    if command.purpose == "OTHER" and command.reason is None:
        raise Rejected(
            "credit-reason-missing", "With the purpose OTHER, say in `reason` what the need is."
        )


def _requested(command: RequestCreditCheck, *, copied: bool) -> CreditCheckRequested:
    return CreditCheckRequested(
        company_id=command.company_id,
        check_id=check_id(command),
        purpose=command.purpose,
        reason=command.reason,
        personal_number=command.personal_number,
        amount=command.amount,
        subject_copy=copied,
        correction=command.correction,
        asked_by=command.by,
        asked_at=command.at,
    )
