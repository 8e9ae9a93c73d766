"""The Danish business register as its distribution has it: everything is a list of periods.

What holds now is what has no `gyldigTil`.
"""

import re
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
    municipality,
    named,
    stated,
)

SCHEME = "DB25"
NUMBER_DIGITS, UNIT_DIGITS = 8, 10
PROCEEDINGS = (
    ("KONKURS", "bankruptcy"),
    ("LIKVIDATION", "liquidation"),
    ("TVANGSOPLØSNING", "forced-dissolution"),
    ("REKONSTRUKTION", "restructuring"),
)
"""What the status of a company under way says; the first word of it is `UNDER`."""
UNDER = "UNDER"
EMPLOYMENT = ("maanedsbeskaeftigelse", "kvartalsbeskaeftigelse", "aarsbeskaeftigelse")
"""The freshest first."""
_INTERVAL = re.compile(r"^ANTAL_([0-9]{1,7})(?:_([0-9]{1,7}))?$")


def company(document: dict[str, Any]) -> Listing | Skipped:
    """Read one company (`Vrvirksomhed`)."""
    number = str(document.get("cvrNummer") or "")
    if len(number) != NUMBER_DIGITS or not number.isdigit() or not line(_name(document)):
        return Skipped.BROKEN
    form = _current(document, "virksomhedsform")
    facts = {
        **_shared(document),
        "legal_form": legal_form(
            re.sub(r"[^A-Z0-9]", "", str(form.get("kortBeskrivelse") or "").upper()),
            form.get("langBeskrivelse"),
        ),
        "no_marketing": _flag(document.get("reklamebeskyttet")),
        "vat_number": vat_number("DK", number),
        "proceedings": _proceedings(document),
    }
    return Listing("DK", number, None, stated(facts))


def unit(document: dict[str, Any]) -> Listing | Skipped:
    """Read one production unit (`VrproduktionsEnhed`)."""
    number = str(document.get("pNummer") or "")
    parent = str(_current(document, "virksomhedsrelation").get("cvrNummer") or "")
    if len(number) != UNIT_DIGITS or len(parent) != NUMBER_DIGITS or not line(_name(document)):
        return Skipped.BROKEN
    return Listing("DK", number, parent, stated(_shared(document)))


def _shared(document: dict[str, Any]) -> dict[str, Any]:
    """Return what companies and their units both have."""
    trade = _current(document, "hovedbranche")
    place = _current(document, "beliggenhedsadresse")
    began, ended = _life(document)
    return {
        **named(_name(document)),
        "registered_on": began,
        "deregistered_on": ended,
        "industries": industries(SCHEME, (trade.get("branchekode"), trade.get("branchetekst"))),
        "employees": _employees(document),
        "municipality": municipality(
            _padded(_part(place, "kommune").get("kommuneKode")),
            _part(place, "kommune").get("kommuneNavn"),
        ),
        "visiting": _address(place),
        "postal": _address(_current(document, "postadresse")),
        "city": line(place.get("postdistrikt")),
    }


def _name(document: dict[str, Any]) -> object:
    return _current(document, "navne").get("navn")


def _life(document: dict[str, Any]) -> tuple[str | None, str | None]:
    """Return when it began, and when it ended, if it did."""
    periods = [_part(entry, "periode") for entry in _list(document, "livsforloeb")]
    if not periods:
        names = [_part(entry, "periode") for entry in _list(document, "navne")]
        return day(min((str(p.get("gyldigFra")) for p in names), default=None)), None
    began = day(min(str(period.get("gyldigFra")) for period in periods))
    if any(period.get("gyldigTil") is None for period in periods):
        return began, None
    return began, day(max(str(period.get("gyldigTil")) for period in periods))


def _proceedings(document: dict[str, Any]) -> list[dict[str, Any]]:
    now = _current(document, "virksomhedsstatus")
    status = str(now.get("status") or "").upper().replace("_", " ")
    since = day(_part(now, "periode").get("gyldigFra"))
    return [
        stated({"kind": kind, "since": since})
        for word, kind in PROCEEDINGS
        if status.startswith(UNDER) and word in status.replace(" ", "")
    ]


def _employees(document: dict[str, Any]) -> dict[str, Any] | None:
    """Read the freshest size: a number, or an interval such as `ANTAL_10_19`."""
    for name in EMPLOYMENT:
        entries = _list(document, name)
        if not entries:
            continue
        last = max(entries, key=lambda entry: [entry.get(p) or 0 for p in ("aar", "maaned")])
        count = last.get("antalAnsatte")
        if isinstance(count, int) and not isinstance(count, bool) and count >= 0:
            return {"low": count, "high": count}
        interval = _INTERVAL.match(str(last.get("intervalKodeAntalAnsatte") or ""))
        if interval:
            low, high = interval.groups()
            return stated({"low": int(low), "high": int(high) if high else None})
    return None


def _address(place: dict[str, Any]) -> dict[str, Any] | None:
    house = " ".join(f"{place[name]}" for name in ("husnummerFra", "bogstavFra") if place.get(name))
    street = " ".join(part for part in (str(place.get("vejnavn") or ""), house) if part)
    postal_code = place.get("postnummer")
    return address(
        [place.get("conavn"), street, place.get("fritekst")],
        str(postal_code) if postal_code else None,
        place.get("postdistrikt"),
        place.get("landekode") or "DK",
    )


def _current(document: dict[str, Any], name: str) -> dict[str, Any]:
    """Return what holds now of a list of periods; an entry without a period always does."""
    present = [
        entry for entry in _list(document, name) if _part(entry, "periode").get("gyldigTil") is None
    ]
    return present[-1] if present else {}


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _padded(code: object) -> str | None:
    return f"{code:04d}" if isinstance(code, int) else None


def _part(document: dict[str, Any], name: str) -> dict[str, Any]:
    part = document.get(name)
    return part if isinstance(part, dict) else {}


def _list(document: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found = document.get(name)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
