"""Statistics Sweden's business register: its bulk file, and the rows of its look-up service.

The bulk file is cp1252 text with tabs, CRLF and a tab at the end of each line. The service
answers with arrays of flat rows whose values are all text, `*` where the agreement does not
include them; workplaces are published there only.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, BinaryIO

from enrichment.formats import check_digits
from enrichment.formats.json_objects import objects
from enrichment.formats.listing import (
    REPEATED_MAX,
    Listing,
    Skipped,
    address,
    city,
    compact_day,
    day,
    industries,
    legal_form,
    municipality,
    named,
    require,
    stated,
)

HEADER_MARK = b"\tPeOrgNr\t"
BULK_COLUMNS = (
    *("COAdress", "Foretagsnamn", "FtgStat", "Gatuadress", "JurForm", "Namn", "Ng1", "PeOrgNr"),
    *("PostNr", "PostOrt", "RegDatKtid", "Reklamsparrtyp"),
)
BULK_INDUSTRIES = ("Ng1", "Ng2", "Ng3", "Ng4", "Ng5")
INDUSTRIES = ("Bransch_1", "Bransch_2", "Bransch_3")
SCHEME = "SNI2025"
CEASED = "9"
"""Företagsstatus 9: was active once, is no longer; 0 never was, 1 is."""
LEGAL_FORMS = {
    "41": ("BAB", "Bankaktiebolag"),
    "42": ("FAB", "Försäkringsaktiebolag"),
    "43": ("SE", "Europabolag"),
    "49": ("AB", "Aktiebolag"),
    "51": ("EK", "Ekonomisk förening"),
    "53": ("BRF", "Bostadsrättsförening"),
    "61": ("I", "Ideell förening"),
}
"""SCB's codes that mean the same as one of Bolagsverket's; 31 is both HB and KB."""

_DIGITS = re.compile(r"^[0-9]+$")
_SIZE = re.compile(r"^([0-9]{1,7})\s*(-?)\s*([0-9]{0,7})\s+anst")


def read_bulk(file: BinaryIO) -> Iterator[Listing | Skipped]:
    """Return what the bulk file says of company after company."""
    columns = _fields(next(file, b""))
    require(columns, BULK_COLUMNS)
    for raw in file:
        if not raw.isascii() and _is_utf_8(raw):
            yield Skipped.BROKEN
        elif raw.strip():
            yield _bulk_listing(dict(zip(columns, _fields(raw), strict=False)))


def read_companies(file: BinaryIO) -> Iterator[Listing | Skipped]:
    """Return what the service says of company after company (`hamtaforetag`)."""
    for row in objects(file):
        yield company(row)


def read_workplaces(file: BinaryIO) -> Iterator[Listing | Skipped]:
    """Return workplace after workplace (`hamtaarbetsstallen`)."""
    for row in objects(file):
        yield workplace(row)


def _is_utf_8(raw: bytes) -> bool:
    """Tell whether a row is of another encoding: Swedish in cp1252 is never valid UTF-8."""
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _fields(raw: bytes) -> list[str]:
    return raw.decode("cp1252", errors="replace").rstrip("\r\n").split("\t")


def _number(row: dict[str, Any]) -> str | Skipped:
    """Return an organisation number; twelve digits that do not begin with 16 are a person's."""
    number = str(row.get("PeOrgNr") or "").strip()
    if len(number) != len("165560160680") or not _DIGITS.match(number):
        return Skipped.BROKEN
    if not number.startswith("16") or number[4] < "2":
        return Skipped.PERSONAL
    return number[2:] if check_digits.swedish(number[2:]) else Skipped.NUMBER


def _bulk_listing(row: dict[str, str]) -> Listing | Skipped:
    number = _number(row)
    if isinstance(number, Skipped):
        return number
    postal = address(
        [row.get("COAdress"), row.get("Gatuadress")], row.get("PostNr"), row.get("PostOrt")
    )
    facts = {
        **named(row.get("Namn") or row.get("Foretagsnamn")),
        "legal_form": _legal_form(row.get("JurForm")),
        "registered_on": compact_day(row.get("RegDatKtid")) or day(row.get("RegDatKtid")),
        "industries": industries(SCHEME, *[(row.get(name), None) for name in BULK_INDUSTRIES]),
        "no_marketing": _no_marketing(row.get("Reklamsparrtyp")),
        "ceased": row.get("FtgStat") == CEASED or None,
        "postal": postal,
        "city": city(row.get("PostOrt")),
    }
    return Listing("SE", number, None, stated(facts))


def company(row: dict[str, Any]) -> Listing | Skipped:
    """Read one company of the service."""
    number = _number(row)
    if isinstance(number, Skipped):
        return number
    known = {name: value for name, value in row.items() if value not in ("*", "")}
    facts = {
        **named(known.get("Företagsnamn")),
        "legal_form": _legal_form(known.get("Juridisk form, kod")),
        "registered_on": day(known.get("Registreringsdatum")),
        "municipality": municipality(known.get("Säteskommun, kod"), known.get("Säteskommun")),
        "employees": _employees(known.get("Storleksklass")),
        "industries": _industries(known),
        "no_marketing": _no_marketing(known.get("Reklam, kod")),
        "ceased": known.get("Företagsstatus, kod") == CEASED or None,
        "postal": _postal(known),
        "city": city(known.get("PostOrt")),
    }
    return Listing("SE", number, None, stated(facts))


def workplace(row: dict[str, Any]) -> Listing | Skipped:
    """Read one workplace of the service."""
    parent = _number(row)
    if isinstance(parent, Skipped):
        return parent
    known = {name: value for name, value in row.items() if value not in ("*", "")}
    number = str(known.get("CfarNr", ""))
    name = named(known.get("Benämning") or known.get("Företagsnamn"))
    if len(number) != len("12345678") or not _DIGITS.match(number) or not name:
        return Skipped.BROKEN
    facts = {
        **name,
        "municipality": municipality(known.get("Kommun, kod"), known.get("Kommun")),
        "employees": _employees(known.get("Storleksklass")),
        "industries": _industries(known),
        "ceased": known.get("Arbetsställestatus, kod") == CEASED or None,
        "deregistered_on": day(known.get("Slutdatum")),
        "postal": _postal(known),
        "visiting": address(
            [known.get("BesöksAdress")], known.get("BesöksPostNr"), known.get("BesöksPostOrt")
        ),
    }
    return Listing("SE", number, parent, stated(facts))


def _postal(row: dict[str, Any]) -> dict[str, Any] | None:
    return address(
        [row.get("COAdress"), row.get("PostAdress")], row.get("PostNr"), row.get("PostOrt")
    )


def _industries(row: dict[str, Any]) -> list[dict[str, Any]] | None:
    return industries(SCHEME, *[(row.get(f"{name}, kod"), row.get(name)) for name in INDUSTRIES])


def _legal_form(code: object) -> dict[str, Any] | None:
    known = LEGAL_FORMS.get(str(code))
    return legal_form(*known) if known else None


def _no_marketing(code: object) -> bool | None:
    """Tell whether advertising is blocked: 21, 22 and 23 say so, 11, 12 and 13 that it is not."""
    text = str(code or "")
    return text.startswith("2") if text[:1] in {"1", "2"} else None


def _employees(size_class: object) -> dict[str, Any] | None:
    return _size(str(size_class))


@lru_cache(REPEATED_MAX)
def _size(size_class: str) -> dict[str, Any] | None:
    """Read a size class off its text: `5-9 anställda`, `10000- anställda`, `0 anställda`."""
    match = _SIZE.match(size_class)
    if not match:
        return None
    low, dash, high = match.groups()
    return stated({"low": int(low), "high": int(high) if high else None if dash else int(low)})
