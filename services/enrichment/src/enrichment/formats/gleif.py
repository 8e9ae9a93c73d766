"""Records of legal entity identifiers (LEI) as GLEIF publishes them, for companies anywhere."""

import re
from typing import Any

from enrichment.formats.listing import (
    Listing,
    Skipped,
    address,
    legal_form,
    line,
    named,
    stated,
)

_NUMBER = re.compile(r"^[A-Z0-9]{2,20}$")


def compact(number: object) -> str:
    """Return a number as it was registered, without what some records write into it."""
    return re.sub(r"[^A-Z0-9]", "", str(number or "").upper())


def listing(record: dict[str, Any]) -> Listing | Skipped:
    """Read one record; those without a number at a register are none of ours."""
    entity = _part(_part(record, "attributes"), "entity")
    registered = _part(entity, "legalAddress")
    country = str(entity.get("jurisdiction") or registered.get("country") or "")[:2]
    number = compact(entity.get("registeredAs"))
    name = _part(entity, "legalName").get("name")
    if not _NUMBER.match(number) or len(country) != len("SE") or not line(name):
        return Skipped.BROKEN
    form = _part(entity, "legalForm")
    facts = {
        **named(name),
        "legal_form": legal_form(form.get("id"), form.get("other")),
        "ceased": entity.get("status") == "INACTIVE" or None,
        "postal": _address(registered),
        "visiting": _address(_part(entity, "headquartersAddress")),
        "city": line(registered.get("city")),
    }
    return Listing(country, number, None, stated(facts))


def _address(part: dict[str, Any]) -> dict[str, Any] | None:
    lines = part.get("addressLines")
    return address(
        lines if isinstance(lines, list) else [],
        part.get("postalCode"),
        part.get("city"),
        part.get("country"),
    )


def _part(document: dict[str, Any], name: str) -> dict[str, Any]:
    part = document.get(name)
    return part if isinstance(part, dict) else {}
