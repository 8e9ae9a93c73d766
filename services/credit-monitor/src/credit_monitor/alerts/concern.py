"""Whom a company concerns, and what troubles its registry has told; learnt event by event."""

from dataclasses import dataclass, replace
from typing import TypeAlias, assert_never
from uuid import UUID

from contracts.companies.company import (
    CompanyArchived,
    CompanyCreated,
    CompanyDetailsChanged,
    CompanyMerged,
    CompanyRestored,
    MergeReversed,
    OwnerAdded,
    OwnerRemoved,
)
from contracts.credit_alerts import AlertKind
from contracts.enrichment import CompanyEnriched, RegistryFacts

ConcernEvent: TypeAlias = (
    CompanyCreated
    | CompanyDetailsChanged
    | CompanyArchived
    | CompanyRestored
    | CompanyMerged
    | MergeReversed
    | OwnerAdded
    | OwnerRemoved
    | CompanyEnriched
)
TROUBLES = {
    "bankruptcy": AlertKind.BANKRUPTCY,
    "liquidation": AlertKind.LIQUIDATION,
    "forced-dissolution": AlertKind.FORCED_DISSOLUTION,
    "restructuring": AlertKind.RESTRUCTURING,
}
"""What of a registry's proceedings is told; a merger is no trouble by itself."""


@dataclass(frozen=True, slots=True)
class Concern:
    """A company as far as somebody is to be told of it.

    `troubles` are those its registry has under `number`; none are known until it has spoken.
    """

    name: str = ""
    archived: bool = False
    owners: tuple[UUID, ...] = ()
    number: str | None = None
    troubles: frozenset[AlertKind] | None = None


def learn(concern: Concern, event: ConcernEvent) -> Concern:  # noqa: PLR0911 - one line an event
    """Take in one more fact."""
    match event:
        case CompanyCreated():
            return replace(concern, name=event.name)
        case CompanyDetailsChanged():
            return replace(concern, name=event.details.name or concern.name)
        case CompanyArchived() | CompanyMerged():
            return replace(concern, archived=True)
        case CompanyRestored() | MergeReversed():
            return replace(concern, archived=False)
        case OwnerAdded():
            return replace(concern, owners=(*_without(concern, event), event.user_id))
        case OwnerRemoved():
            return replace(concern, owners=_without(concern, event))
        case CompanyEnriched():
            number = f"{event.country}{event.number}"
            return replace(concern, number=number, troubles=troubles_of(event.facts))
        case _:
            assert_never(event)


def _without(concern: Concern, event: OwnerAdded | OwnerRemoved) -> tuple[UUID, ...]:
    return tuple(one for one in concern.owners if one != event.user_id)


def troubles_of(facts: RegistryFacts) -> frozenset[AlertKind]:
    """Return what of a registry's facts is trouble."""
    found = {TROUBLES[one.kind] for one in facts.proceedings if one.kind in TROUBLES}
    return frozenset(found if facts.active else {*found, AlertKind.DELETED})


def news(before: Concern, after: Concern) -> list[AlertKind]:
    """Return which troubles came.

    What a registry says first of a number is how the company was found, not a change of it; and
    nobody is told of a company that was put away.
    """
    if before.number != after.number or before.troubles is None or after.troubles is None:
        return []
    came = set() if after.archived else after.troubles - before.troubles
    return sorted(came)
