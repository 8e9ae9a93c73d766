"""What the register and the registry say about a company, learnt event by event."""

from dataclasses import dataclass, replace
from typing import TypeAlias, assert_never

from contracts.companies.company import (
    CompanyArchived,
    CompanyCreated,
    CompanyDetailsChanged,
    CompanyIdentified,
    CompanyIdentity,
    CompanyMerged,
    CompanyRestored,
    MergeReversed,
    RelationEnded,
    RelationStarted,
)
from contracts.enrichment import CompanyEnriched, CompanyNotInRegistry

WHATEVER_NUMBER = "?"
"""The registry answered before we heard which number was asked for: events of two services come
in any order."""

SubjectEvent: TypeAlias = (
    CompanyCreated
    | CompanyIdentified
    | CompanyDetailsChanged
    | CompanyArchived
    | CompanyRestored
    | CompanyMerged
    | MergeReversed
    | RelationStarted
    | RelationEnded
    | CompanyEnriched
    | CompanyNotInRegistry
)


@dataclass(frozen=True, slots=True)
class Subject:
    """A company as far as its credit is concerned.

    `archived` is put away for any reason, `merged` because it became part of another.
    `registry_key` says for which number the registry has answered; `personal` that its number is
    a person's, which is not kept here: `person` tells it from another. `erased` says that the
    person is to be known no longer.
    """

    created: bool = False
    workplace: bool = False
    archived: bool = False
    merged: bool = False
    personal: bool = False
    country: str = ""
    number: str | None = None
    relations: frozenset[str] = frozenset()
    form_by_hand: str | None = None
    form_by_registry: str | None = None
    registry_key: str | None = None
    person: str | None = None
    erased: bool = False

    @property
    def key(self) -> str:
        """Return country and number as one, or what tells a person's number from another."""
        return f"{self.country}{self.number or self.person or ''}"

    @property
    def registry_answered(self) -> bool:
        """Say whether the registry has said what it knows of this number."""
        return self.registry_key == self.key

    @property
    def legal_form(self) -> str | None:
        """Return the form to go by: the registry's word counts for more than ours."""
        by_registry = self.form_by_registry if self.registry_answered else None
        return by_registry or self.form_by_hand


def learn(subject: Subject, event: SubjectEvent) -> Subject:  # noqa: C901, PLR0911 - one line an event
    """Take in one more fact."""
    match event:
        case CompanyCreated():
            workplace = event.kind == "WORKPLACE"
            return _identified(replace(subject, created=True, workplace=workplace), event.identity)
        case CompanyIdentified():
            return _identified(subject, event.identity)
        case CompanyDetailsChanged():
            return _described(subject, event)
        case RelationStarted():
            return replace(subject, relations=subject.relations | {event.relation})
        case RelationEnded():
            return replace(subject, relations=subject.relations - {event.relation})
        case CompanyArchived():
            return replace(subject, archived=True)
        case CompanyRestored():
            return replace(subject, archived=False)
        case CompanyMerged() | MergeReversed():
            merged = isinstance(event, CompanyMerged)
            return replace(subject, archived=merged, merged=merged)
        case CompanyEnriched():
            return _enriched(subject, event)
        case CompanyNotInRegistry():
            return _not_in_registry(subject, event)
        case _:
            assert_never(event)


def _identified(subject: Subject, identity: CompanyIdentity) -> Subject:
    known = replace(
        subject,
        country=identity.country,
        number=identity.number,
        personal=identity.personal_number is not None,
        person=subject.person if identity.personal_number else None,
    )
    if known.registry_key == WHATEVER_NUMBER:
        return replace(known, registry_key=known.key)
    return known


def _described(subject: Subject, event: CompanyDetailsChanged) -> Subject:
    if event.details.legal_form is not None:
        return replace(subject, form_by_hand=event.details.legal_form.code)
    return replace(subject, form_by_hand=None) if "legal_form" in event.cleared else subject


def _enriched(subject: Subject, event: CompanyEnriched) -> Subject:
    form = event.facts.details.legal_form
    return replace(
        subject,
        form_by_registry=form.code if form else None,
        registry_key=f"{event.country}{event.number}",
    )


def _not_in_registry(subject: Subject, event: CompanyNotInRegistry) -> Subject:
    if not subject.created:
        return replace(subject, registry_key=WHATEVER_NUMBER, form_by_registry=None)
    if event.reason == "no-number" and subject.number is not None:
        return subject
    return replace(subject, registry_key=subject.key, form_by_registry=None)
