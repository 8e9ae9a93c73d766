"""Bolagsverket's bulk file of Swedish companies: `;` between quoted fields, `$` within them.

UTF-8, one header, eleven columns. Quotes inside texts are not escaped and texts may hold line
breaks, so a strict CSV reader loses its way: fields are split at `";"`, and a row lasts until
the next one begins.
"""

import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from enrichment.formats import check_digits
from enrichment.formats.listing import (
    DESCRIPTION_CHARACTERS_MAX,
    NO_LETTER,
    FileBroken,
    Listing,
    Skipped,
    address,
    day,
    legal_form,
    line,
    named,
    require,
    stated,
)

HEADER_START = b"organisationsidentitet;"
HEADER = (
    *("organisationsidentitet", "namnskyddslopnummer", "registreringsland", "organisationsnamn"),
    *("organisationsform", "avregistreringsdatum", "avregistreringsorsak"),
    *("pagandeAvvecklingsEllerOmstruktureringsforfarande", "registreringsdatum"),
    *("verksamhetsbeskrivning", "postadress"),
)
COLUMNS = len(HEADER)
DESCRIPTION = 9
"""The one column of free text: what is split too often belongs to it."""
ROW_LINES_MAX = 200
"""A description of more lines is a missing end."""

PROCEEDINGS = {
    "KK": "bankruptcy",
    "LI": "liquidation",
    "FR": "restructuring",
    "FUOL": "merger",
    "FUOT": "merger",
}
LEGAL_FORMS = {
    "AB": "Aktiebolag",
    "BAB": "Bankaktiebolag",
    "BF": "Bostadsförening",
    "BRF": "Bostadsrättsförening",
    "EK": "Ekonomisk förening",
    "FAB": "Försäkringsaktiebolag",
    "HB": "Handelsbolag",
    "I": "Ideell förening",
    "KB": "Kommanditbolag",
    "KHF": "Kooperativ hyresrättsförening",
    "S": "Stiftelse",
    "SE": "Europabolag",
    "SF": "Sambruksförening",
}
_NUMBER = re.compile(r"^[0-9]{10}$")
_ROW_START = re.compile(r'^"[0-9]+\$[A-Z_]+-IDORG"')


def read(file: BinaryIO) -> Iterator[Listing | Skipped]:
    """Return company after company."""
    for row in _rows(file):
        yield _listing(row)


def _rows(file: BinaryIO) -> Iterator[str]:
    """Put lines together to rows."""
    row: list[str] = []
    # Both spellings of pågående are written.
    header = (
        next(file, b"").decode("utf-8-sig", errors="replace").strip().replace("pagaende", "pagande")
    )
    if header.split(";") != list(HEADER):
        require(header.split(";"), HEADER)
        raise FileBroken("the columns of the header stand in another order, or are more")
    for raw in file:
        text = raw.decode("utf-8", errors="replace").rstrip("\r\n")
        if row and (_ROW_START.match(text) or len(row) == ROW_LINES_MAX):
            yield "\n".join(row)
            row = []
        if row or text.strip():
            row.append(text)
    if row:
        yield "\n".join(row)


def _listing(row: str) -> Listing | Skipped:
    fields = row.strip().removeprefix('"').removesuffix('"').split('";"')
    if len(fields) < COLUMNS or NO_LETTER in row:
        return Skipped.BROKEN
    after = DESCRIPTION + 1 + len(fields) - COLUMNS
    fields[DESCRIPTION:after] = ['";"'.join(fields[DESCRIPTION:after])]
    number, _, kind = fields[0].partition("$")
    if kind != "ORGNR-IDORG":
        return Skipped.PERSONAL
    name = _name(fields[3])
    if not _NUMBER.match(number) or not name:
        return Skipped.BROKEN
    if not check_digits.swedish(number):
        return Skipped.NUMBER
    return Listing("SE", number, None, _facts(fields, name))


def _facts(fields: list[str], name: str) -> dict[str, Any]:
    form = fields[4].partition("-")[0]
    postal = _address(fields[10])
    return stated(
        {
            **named(name),
            "legal_form": legal_form(form, LEGAL_FORMS.get(form)),
            "deregistered_on": day(fields[5]),
            "proceedings": _proceedings(fields[7]),
            "registered_on": day(fields[8]),
            "description": line(fields[DESCRIPTION], DESCRIPTION_CHARACTERS_MAX),
            "postal": postal,
            "city": postal and postal.get("city"),
        }
    )


def _name(field: str) -> str | None:
    """Return the company's own name; `|` parts it from its secondary ones."""
    names = [entry.split("$") for entry in field.split("|")]
    for entry in names:
        if "FORETAGSNAMN-ORGNAM" in entry[1:2]:
            return line(entry[0])
    return line(names[0][0])


def _proceedings(field: str) -> list[dict[str, Any]]:
    found = []
    for entry in field.split("|"):
        code, _, since = entry.partition("$")
        kind = PROCEEDINGS.get(code.partition("-")[0])
        if kind:
            found.append(stated({"kind": kind, "since": day(since)}))
    return found


def _address(field: str) -> dict[str, Any] | None:
    street, care_of, city, postal_code, country = [*field.split("$"), *[""] * 5][:5]
    return address([care_of, street], postal_code, city, country.partition("-")[0])
