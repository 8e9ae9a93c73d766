"""The card: one row a company, with what each side said kept apart.

A company's own facts, the registry's and the bureau's come from three services. Each fills
columns of its own, so that they may arrive in any order among one another.
"""
# ruff: noqa: RUF012 - a row is never changed, its defaults neither

from importlib.resources import files
from typing import Any, NamedTuple

from chassis.codec import to_json
from chassis.projection import Projection, Told
from contracts.companies.company import (
    AddressChanged,
    AddressCopied,
    CompanyArchived,
    CompanyCreated,
    CompanyDetailsChanged,
    CompanyFact,
    CompanyIdentified,
    CompanyMerged,
    CompanyRestored,
    DepartmentSet,
    InvoiceProfileChanged,
    MergeReversed,
    OtherCompanyGivenBack,
    OtherCompanyTakenOver,
    OwnerAdded,
    OwnerRemoved,
    RegistryChangeAccepted,
    RegistryChangeProposed,
    RegistryChangeRejected,
    RegistryChangeWithdrawn,
    RegistryValuePinned,
    RelationEnded,
    RelationStarted,
)
from contracts.enrichment import CompanyEnriched, CompanyNotInRegistry
from gateway import provenance
from gateway.company import credit, offered_units
from gateway.provenance import note


class Card(NamedTuple):
    """A row of `company_card`; `created_at` is absent while only others spoke of the company."""

    company_id: str
    version: int = 0
    created_at: str | None = None
    created_in: str | None = None
    """The request that created it: a workplace's address came with it, out of the registry."""
    kind: str = "COMPANY"
    parent_id: str | None = None
    archived_at: str | None = None
    merged_at: str | None = None
    merged_into: str | None = None
    merged: list[dict[str, Any]] = []
    """The companies that became part of this one."""
    department: dict[str, Any] | None = None
    known: dict[str, Any] = {}
    addresses: dict[str, Any] = {}
    relations: list[dict[str, Any]] = []
    owners: list[dict[str, Any]] = []
    invoicing: dict[str, Any] | None = None
    proposals: dict[str, Any] = {}
    credit: dict[str, Any] = {}
    units: dict[str, Any] = {}
    """What its registry said of workplaces since it is here, and which of them were dismissed."""


def evolve(row: Card | None, told: Told) -> Card | None:
    """Take in one more fact."""
    card = row or Card(str(told.event.stream_id))
    if isinstance(told.event, CompanyFact):
        card = card._replace(version=told.version)
    card = card._replace(
        known=provenance.take_in(card.known, told),
        units=offered_units.take_in(card.units, told),
    )
    card = card._replace(credit=credit.take_in(card.credit, told))
    return _by_people(_by_company(card, told), told)


def _by_company(card: Card, told: Told) -> Card:
    """Take in what a company is and where it is found."""
    match told.event:
        case CompanyCreated() as event:
            parent = str(event.parent_id) if event.parent_id else None
            return card._replace(
                created_at=told.at,
                created_in=told.correlation,
                kind=event.kind,
                parent_id=parent,
            )
        case AddressChanged() as event:
            return _addressed(card, told, event)
        case AddressCopied() as event:
            kept = {"address": to_json(event.address), **note(told, "copy")}
            copied = {event.target.value: kept | {"copied_from": event.source.value}}
            return card._replace(addresses={**card.addresses, **copied})
        case CompanyArchived():
            return card._replace(archived_at=told.at)
        case CompanyRestored():
            return card._replace(archived_at=None)
        case _:
            return _by_merge(card, told)


def _by_merge(card: Card, told: Told) -> Card:
    """Take in what became part of what."""
    match told.event:
        case CompanyMerged() as event:
            return card._replace(merged_at=told.at, merged_into=str(event.into))
        case MergeReversed():
            return card._replace(merged_at=None, merged_into=None)
        case OtherCompanyTakenOver() as event:
            other = {"company_id": str(event.merged_id), "at": told.at, "reason": event.reason}
            return card._replace(merged=[*card.merged, other])
        case OtherCompanyGivenBack() as event:
            gone = str(event.merged_id)
            return card._replace(merged=[one for one in card.merged if one["company_id"] != gone])
        case _:
            return card


def _addressed(card: Card, told: Told, event: AddressChanged) -> Card:
    """Set an address; one removed by hand leaves the registry's, if it has one."""
    others = {kind: kept for kind, kept in card.addresses.items() if kind != event.kind.value}
    if event.address is None:
        return card._replace(addresses=others)
    with_it = card.kind == "WORKPLACE" and card.created_in == told.correlation
    about = note(told, card.known["first"]["source"] if with_it else "hand")
    kept = {"address": to_json(event.address), **about}
    return card._replace(addresses={**others, event.kind.value: kept})


def _by_people(card: Card, told: Told) -> Card:  # noqa: C901, PLR0911 - a table of contents
    """Take in what people decided about a company."""
    match told.event:
        case RelationStarted() as event:
            period = {"relation": event.relation, "from": event.since.isoformat(), "to": None}
            return card._replace(relations=[*card.relations, period])
        case RelationEnded() as event:
            return card._replace(relations=_ended(card.relations, event))
        case OwnerAdded() as event:
            owner = {"user_id": str(event.user_id), "since": told.at, "by": told.by}
            return card._replace(owners=[*_others(card, event), owner])
        case OwnerRemoved() as event:
            return card._replace(owners=_others(card, event))
        case DepartmentSet() as event:
            chosen = str(event.department_id) if event.department_id else None
            return card._replace(department={"department_id": chosen, **note(told, "hand")})
        case InvoiceProfileChanged() as event:
            profile = {"profile": to_json(event.profile), **note(told, "hand")}
            return card._replace(invoicing=profile)
        case RegistryChangeProposed() as event:
            return _proposed(card, told, event)
        case (
            RegistryChangeAccepted() | RegistryChangeRejected() | RegistryChangeWithdrawn()
        ) as event:
            return card._replace(proposals=_settle(card.proposals, {event.field}))
        case CompanyDetailsChanged() as event:
            return card._replace(proposals=_settle(card.proposals, _overtaken(card, event)))
        case CompanyIdentified():
            return card._replace(proposals={})
        case _:
            return card


def _ended(relations: list[dict[str, Any]], event: RelationEnded) -> list[dict[str, Any]]:
    """End the running period of a relation."""
    until = event.until.isoformat()
    return [
        {**period, "to": until}
        if period["relation"] == event.relation and period["to"] is None
        else period
        for period in relations
    ]


def _others(card: Card, event: OwnerAdded | OwnerRemoved) -> list[dict[str, Any]]:
    return [owner for owner in card.owners if owner["user_id"] != str(event.user_id)]


def _proposed(card: Card, told: Told, event: RegistryChangeProposed) -> Card:
    """Keep what the registry proposes under the field's own name, which seals are bound to."""
    value = {name: said for name, said in to_json(event.proposed).items() if name == event.field}
    kept = card.proposals
    return card._replace(
        proposals={
            "values": {**kept.get("values", {}), **value},
            "notes": {**kept.get("notes", {}), event.field: {"at": told.at}},
        },
    )


def _overtaken(card: Card, event: CompanyDetailsChanged) -> set[str]:
    """Return the fields that were cleared, or set to just what was proposed."""
    proposed = card.proposals.get("values", {})
    now_so = to_json(event.details).items()
    return {*event.cleared, *(name for name, value in now_so if proposed.get(name) == value)}


def _settle(proposals: dict[str, Any], fields: set[str]) -> dict[str, Any]:
    """Drop what is no longer to be chosen."""
    return {
        part: {name: said for name, said in kept.items() if name not in fields}
        for part, kept in proposals.items()
    }


company_card: Projection[Card] = Projection(
    name="company_card",
    version=6,
    row=Card,
    table_sql=files("gateway.company").joinpath("table.sql").read_text(),
    handles=(
        CompanyCreated,
        CompanyDetailsChanged,
        CompanyIdentified,
        AddressChanged,
        AddressCopied,
        RelationStarted,
        RelationEnded,
        OwnerAdded,
        OwnerRemoved,
        DepartmentSet,
        InvoiceProfileChanged,
        RegistryValuePinned,
        RegistryChangeProposed,
        RegistryChangeAccepted,
        RegistryChangeRejected,
        RegistryChangeWithdrawn,
        CompanyArchived,
        CompanyRestored,
        CompanyMerged,
        MergeReversed,
        OtherCompanyTakenOver,
        OtherCompanyGivenBack,
        CompanyEnriched,
        CompanyNotInRegistry,
        *offered_units.HANDLES,
        *credit.HANDLES,
    ),
    key=lambda told: str(told.event.stream_id),
    evolve=evolve,
)
