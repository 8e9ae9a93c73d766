"""The Finnish Patent and Registration Office's open company data (YTJ, version 3)."""

from typing import Any

from contracts.identifiers import vat_number
from enrichment.formats.listing import (
    Listing,
    Skipped,
    address,
    day,
    industries,
    legal_form,
    line,
    named,
    stated,
    website,
)

SCHEME = "TOL2008"
PROCEEDINGS = {"KONK": "bankruptcy", "SELTILA": "liquidation", "SANE": "restructuring"}
OWN_NAME = "1"
STREET, POSTAL = 1, 2
LANGUAGES = ("2", "3", "1")
"""Swedish before English before Finnish: as those who read it here would choose."""
HYPHENED = 7


def written(number: str) -> str:
    """Write a number as the register does: seven digits, a hyphen, the check digit."""
    return f"{number[:HYPHENED]}-{number[HYPHENED:]}"


def listing(company: dict[str, Any]) -> Listing | Skipped:
    """Read one company."""
    number = str(_part(company, "businessId").get("value") or "").replace("-", "")
    name = _current(_list(company, "names"), OWN_NAME).get("name")
    if len(number) != HYPHENED + 1 or not number.isdigit() or not line(name):
        return Skipped.BROKEN
    form = _current(_list(company, "companyForms"))
    line_of_business = _part(company, "mainBusinessLine")
    street, post = (_address(company, kind) for kind in (STREET, POSTAL))
    place = post or street or {}
    facts = {
        **named(name),
        "legal_form": legal_form(form.get("type"), _text(form)),
        "registered_on": day(company.get("registrationDate")),
        "deregistered_on": day(company.get("endDate")),
        "industries": industries(SCHEME, (line_of_business.get("type"), _text(line_of_business))),
        "vat_number": vat_number("FI", number),
        "website": website(_part(company, "website").get("url")),
        "proceedings": [
            stated({"kind": kind, "since": day(each.get("registrationDate"))})
            for each in _list(company, "companySituations")
            if not each.get("endDate") and (kind := PROCEEDINGS.get(str(each.get("type"))))
        ],
        "visiting": street,
        "postal": post,
        "city": place.get("city"),
    }
    return Listing("FI", number, None, stated(facts))


def _address(company: dict[str, Any], kind: int) -> dict[str, Any] | None:
    for part in _list(company, "addresses"):
        if part.get("type") != kind or part.get("endDate"):
            continue
        street = " ".join(
            str(part[name])
            for name in ("street", "buildingNumber", "entrance", "apartmentNumber")
            if part.get(name)
        )
        box = part.get("postOfficeBox")
        city = _in_language(_list(part, "postOffices")).get("city")
        return address(
            [part.get("co"), street, f"PL {box}" if box else None], part.get("postCode"), city, "FI"
        )
    return None


def _current(entries: list[dict[str, Any]], kind: str | None = None) -> dict[str, Any]:
    """Return what holds now: what has not ended, the latest of it."""
    present = [
        entry
        for entry in entries
        if not entry.get("endDate") and (kind is None or str(entry.get("type")) == kind)
    ]
    return max(present, key=lambda entry: str(entry.get("registrationDate")), default={})


def _text(part: dict[str, Any]) -> str | None:
    return line(_in_language(_list(part, "descriptions")).get("description"))


def _in_language(texts: list[dict[str, Any]]) -> dict[str, Any]:
    by_language = {str(text.get("languageCode")): text for text in texts}
    return next((by_language[code] for code in LANGUAGES if code in by_language), {})


def _part(company: dict[str, Any], name: str) -> dict[str, Any]:
    part = company.get(name)
    return part if isinstance(part, dict) else {}


def _list(part: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found = part.get(name)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
