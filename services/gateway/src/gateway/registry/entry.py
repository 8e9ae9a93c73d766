"""A company as its registry has it, over HTTP: what a form is filled with, or why not."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel

from contracts.enrichment import FactSource, RegistryEntry
from contracts.values import (
    Address,
    Employees,
    IndustryCode,
    LegalForm,
    Municipality,
    Proceeding,
)
from gateway.problems import Refused
from gateway.reading import plain


class EntrySubUnit(BaseModel):
    """A workplace as the registry has it."""

    number: str
    name: str
    active: bool
    address: Address | None
    company_id: UUID | None


class Entry(BaseModel):
    """A company as its registry has it: what the form is filled with.

    `sources` says of each field which registry it is from, and of which day. A `partial` entry
    lacks what its registry could not say today, by the names in `missing`.
    """

    country: str
    organisation_number: str
    parent: str | None
    registry: str | None
    as_of: datetime | None
    active: bool
    name: str | None = None
    legal_form: LegalForm | None = None
    registered_on: date | None = None
    industries: tuple[IndustryCode, ...] | None = None
    employees: Employees | None = None
    municipality: Municipality | None = None
    no_marketing: bool | None = None
    vat_number: str | None = None
    website: str | None = None
    email: str | None = None
    phone: str | None = None
    description: str | None = None
    proceedings: tuple[Proceeding, ...]
    addresses: dict[str, Address]
    sub_units: list[EntrySubUnit]
    sources: dict[str, FactSource]
    outcome: Literal["found", "partial", "deleted"]
    missing: tuple[str, ...]
    company_id: UUID | None


def absent(found: RegistryEntry) -> Refused:
    """Say why there is nothing: some of it may be there another time."""
    match found.outcome:
        case "removed":
            words = "The registry has removed this number for legal reasons."
            return Refused("registry-entry-removed", words, status=410)
        case "not-reached":
            words = "The registry cannot be reached now; try again, or fill in by hand."
            return Refused("registry-not-reached", words, status=503)
        case _:
            words = "The registry knows no such number."
            return Refused("registry-entry-unknown", words, status=404)


def shown(found: RegistryEntry, here: dict[tuple[str, str], str]) -> Entry:
    """Return an entry with the ids of those that are in the register already."""
    said: dict[str, Any] = found.model_dump(mode="json", exclude_none=True)
    facts = plain(said["facts"])
    return Entry.model_validate(
        {
            **facts["details"],
            "country": found.country,
            "organisation_number": found.organisation_number,
            "parent": found.parent,
            "sources": found.sources,
            "outcome": found.outcome,
            "missing": found.missing,
            "registry": found.registry,
            "as_of": found.as_of,
            "active": facts["active"],
            "proceedings": facts.get("proceedings", ()),
            "addresses": facts.get("addresses", {}),
            "sub_units": [
                {
                    **unit.model_dump(mode="json"),
                    "company_id": here.get((found.country, unit.number)),
                }
                for unit in found.sub_units
            ],
            "company_id": here.get((found.country, found.organisation_number)),
        }
    )
