"""Who is in the world: two tenants who own the same ids and numbers, and what they may wish."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from contracts.companies.company import (
    ArchiveCompany,
    ChangeCompanyDetails,
    CompanyIdentity,
    CompanyWish,
    CreateCompany,
    EndRelation,
    IdentifyCompany,
    RestoreCompany,
    StartRelation,
)
from contracts.enrichment import RegistryFacts
from contracts.values import CompanyDetails, LegalForm
from enrichment.registry import Found
from support.simulation.pure import numbered

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
TODAY = date(2026, 11, 23)
TENANTS = ("north", "south")
COMPANIES = tuple(numbered(1, n) for n in (1, 2, 3))
NAMES = ("Alm", "Björk", "Cypress")
NUMBERS = ("5560000019", "5560000027", "5560000035")
OTHER_NUMBERS = ("5560000043", "5560000019", "5560000050")
"""What each may be identified as later; Björk's is Alm's."""
FORMS = ("AB", "AB", "E")
"""Cypress is a sole trader as far as the registry knows: it is not to be watched."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A wish, and how it is told of."""

    sentence: str
    command: CompanyWish


def _found(place: int) -> Found:
    details = CompanyDetails(name=f"{NAMES[place]} AB", legal_form=LegalForm(code=FORMS[place]))
    return Found("bolagsverket", RegistryFacts(details=details, active=True), NOON)


REGISTRY = {number: _found(place) for place, number in enumerate(NUMBERS)}
REGISTRY[OTHER_NUMBERS[0]] = _found(0)
"""What the registry has; it knows nothing of the number that Cypress may get."""


def _wishes(tenant: str, place: int) -> list[Asked]:
    name, company_id = NAMES[place], COMPANIES[place]
    said: list[tuple[str, Any, dict[str, Any]]] = [
        (f"to add {name} as a customer", CreateCompany, _creation(place)),
        (f"to call {name} Berg", ChangeCompanyDetails, {"details": CompanyDetails(name="Berg")}),
        (f"to call {name} Dal", ChangeCompanyDetails, {"details": CompanyDetails(name="Dal")}),
        (
            f"that {name} is no customer",
            EndRelation,
            {"relation": "customer", "until": TODAY},
        ),
        (
            f"that {name} is a customer again",
            StartRelation,
            {"relation": "customer", "since": TODAY},
        ),
        (f"to archive {name}", ArchiveCompany, {}),
        (f"to restore {name}", RestoreCompany, {}),
        (
            f"to correct the number of {name}",
            IdentifyCompany,
            {"identity": CompanyIdentity(country="SE", number=OTHER_NUMBERS[place])},
        ),
    ]
    return [
        Asked(
            f"{tenant} asks {words}", form(**_stamp(tenant, place, n), company_id=company_id, **own)
        )
        for n, (words, form, own) in enumerate(said)
    ]


def _creation(place: int) -> dict[str, Any]:
    """Say who is created; Cypress is entered by hand, under the number of Alm by mistake."""
    by_hand = NAMES[place] == "Cypress"
    number = NUMBERS[0] if by_hand else NUMBERS[place]
    return {
        "origin": "HAND" if by_hand else "REGISTRY",
        "identity": CompanyIdentity(country="SE", number=number),
        "name": NAMES[place],
        "relations": ("customer",),
    }


def _stamp(tenant: str, place: int, kind: int) -> dict[str, Any]:
    """Return what identifies a wish: both tenants use the same ids, as keys may be equal."""
    wish = numbered(2, place * 16 + kind)
    return {
        "command_id": wish,
        "tenant": tenant,
        "by": "user:test",
        "at": NOON + timedelta(seconds=kind),
        "correlation": wish,
        "fingerprint": str(wish.int),
    }


WISHES = tuple(
    asked for place in range(len(NAMES)) for tenant in TENANTS for asked in _wishes(tenant, place)
)


def place_of(company_id: UUID) -> int:
    """Return which of the companies this is."""
    return COMPANIES.index(company_id)
