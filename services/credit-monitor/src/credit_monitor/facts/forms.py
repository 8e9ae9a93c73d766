"""What a company's legal form lets be rated, watched and shown: the one place that says so."""

from dataclasses import dataclass

from contracts.legal_forms import FormKind, kind_of_form
from credit_monitor.facts.subject import Subject

PERSONAL_MONTH_MAX = 20
"""In Sweden the third and fourth digit of a legal person's number are 20 or more; less is a month
of birth."""


@dataclass(frozen=True, slots=True)
class Treatment:
    """How a company may be dealt with.

    `rated` and `watched` are about what happens by itself; `shows_values` says whether a change
    may be told with what was before and after, or only *that* there is one. `needs_purpose` and
    `is_copied` are about a report that somebody asks for.
    """

    kind: FormKind
    rated: bool
    watched: bool
    shows_values: bool

    @property
    def needs_purpose(self) -> bool:
        """Say whether nobody may look without a reason."""
        return not self.shows_values

    @property
    def is_copied(self) -> bool:
        """Say whether whoever is rated gets a copy that names who asked."""
        return not self.shows_values


LEGAL_PERSON = Treatment("LEGAL_PERSON", rated=True, watched=True, shows_values=True)
LEFT_ALONE = Treatment("PERSONAL", rated=False, watched=False, shows_values=False)
WATCHED_BLINDLY = Treatment("PERSONAL", rated=False, watched=True, shows_values=False)
UNCLEAR = Treatment("UNCLEAR", rated=False, watched=False, shows_values=False)
"""Whoever is unsure treats a form as a person's."""


def treatment(subject: Subject, *, watch_private: bool = False) -> Treatment:
    """Return how a company may be dealt with, by all that is known of its form.

    A workplace has no credit of its own, and a number that is a person's speaks louder than any
    form it was entered with. A form of which the registry has said nothing yet is unclear.
    """
    if subject.workplace:
        return UNCLEAR
    if is_personal_number(subject):
        return LEFT_ALONE
    if subject.personal:
        return WATCHED_BLINDLY if watch_private else LEFT_ALONE
    match kind_of_form(subject.country, subject.legal_form):
        case "LEGAL_PERSON":
            return LEGAL_PERSON
        case "PERSONAL":
            return WATCHED_BLINDLY if watch_private else LEFT_ALONE
        case _:
            return UNCLEAR


def is_personal_number(subject: Subject) -> bool:
    """Say whether a Swedish number is a person's, whatever it was entered as."""
    number = subject.number
    return (
        subject.country == "SE"
        and number is not None
        and int(number[2:4] or 0) < PERSONAL_MONTH_MAX
    )
