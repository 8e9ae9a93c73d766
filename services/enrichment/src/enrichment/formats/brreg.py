"""Brønnøysundregistrene's bulk files of Norwegian units and sub-units: JSON arrays.

Fields appear only when they are set. Sub-units have `beliggenhetsadresse` where units have
`forretningsadresse`. E-mail and telephone may be a person's own and are left out.
"""

import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from contracts.identifiers import vat_number
from contracts.values import ADDRESS_LINES_MAX
from enrichment.formats import check_digits
from enrichment.formats.json_objects import objects
from enrichment.formats.listing import (
    DESCRIPTION_CHARACTERS_MAX,
    Listing,
    Skipped,
    address,
    city,
    day,
    industries,
    legal_form,
    line,
    municipality,
    named,
    stated,
    website,
)

SCHEME = "SN2025"
INDUSTRIES = ("naeringskode1", "naeringskode2", "naeringskode3")
DELETED = "SlettetEnhet"
PROCEEDINGS = (
    ("bankruptcy", "konkurs", ("konkursdato",)),
    ("liquidation", "underAvvikling", ("underAvviklingDato",)),
    (
        "forced-dissolution",
        "underTvangsavviklingEllerTvangsopplosning",
        (
            "tvangsavvikletPgaManglendeSlettingDato",
            "tvangsopplostPgaMangelfulltStyreDato",
            "tvangsopplostPgaManglendeDagligLederDato",
            "tvangsopplostPgaManglendeRegnskapDato",
            "tvangsopplostPgaManglendeRevisorDato",
        ),
    ),
)
FIELDS = frozenset(
    {
        *("navn", "organisasjonsform", "forretningsadresse", "beliggenhetsadresse", "postadresse"),
        *("respons_klasse", "slettedato", "nedleggelsesdato", "overordnetEnhet", "hjemmeside"),
        *(*INDUSTRIES, "aktivitet"),
        *("antallAnsatte", "registreringsdatoAntallAnsatteEnhetsregisteret"),
        *("registreringsdatoEnhetsregisteret", "registrertIMvaregisteret"),
        *(name for _, flag, dates in PROCEEDINGS for name in (flag, *dates)),
    }
)
"""All that is read of a unit; changes of others are of no concern."""
_NUMBER = re.compile(r"^[0-9]{9}$")


def read_units(file: BinaryIO) -> Iterator[Listing | Skipped]:
    """Return company after company (`enheter`)."""
    for unit in objects(file):
        yield listing(unit)


def read_sub_units(file: BinaryIO) -> Iterator[Listing | Skipped]:
    """Return sub-unit after sub-unit (`underenheter`)."""
    for unit in objects(file):
        yield sub_unit_listing(unit)


def sub_unit_listing(unit: dict[str, Any]) -> Listing | Skipped:
    """Read one sub-unit; it says whose it is."""
    parent = str(unit.get("overordnetEnhet"))
    return listing(unit, parent) if _NUMBER.match(parent) else Skipped.BROKEN


def listing(unit: dict[str, Any], parent: str | None = None) -> Listing | Skipped:
    """Read one company, or one sub-unit of a parent."""
    number = str(unit.get("organisasjonsnummer"))
    if not _NUMBER.match(number) or not line(unit.get("navn")):
        return Skipped.BROKEN
    if not check_digits.norwegian(number):
        return Skipped.NUMBER
    return Listing("NO", number, parent, _facts(unit, number))


def _facts(unit: dict[str, Any], number: str) -> dict[str, Any]:
    form = _part(unit, "organisasjonsform")
    visited = _part(unit, "forretningsadresse") or _part(unit, "beliggenhetsadresse")
    posted = _part(unit, "postadresse")
    place = visited or posted
    deleted = unit.get("respons_klasse") == DELETED
    in_vat_register = unit.get("registrertIMvaregisteret") is True
    return stated(
        {
            **named(unit["navn"]),
            "legal_form": legal_form(form.get("kode"), form.get("beskrivelse")),
            "registered_on": day(unit.get("registreringsdatoEnhetsregisteret")),
            "deregistered_on": day(unit.get("slettedato") or unit.get("nedleggelsesdato")),
            "ceased": deleted or None,
            "industries": _industries(unit),
            "employees": _employees(unit),
            "municipality": municipality(place.get("kommunenummer"), place.get("kommune")),
            "vat_number": vat_number("NO", number) if in_vat_register else None,
            "website": website(unit.get("hjemmeside")),
            "description": _description(unit),
            "proceedings": _proceedings(unit),
            "visiting": _address(visited),
            "postal": _address(posted),
            "city": city(place.get("poststed")),
        }
    )


def _part(unit: dict[str, Any], name: str) -> dict[str, Any]:
    part = unit.get(name)
    return part if isinstance(part, dict) else {}


def _industries(unit: dict[str, Any]) -> list[dict[str, Any]] | None:
    found = [unit[name] for name in INDUSTRIES if isinstance(unit.get(name), dict)]
    return industries(SCHEME, *[(each.get("kode"), each.get("beskrivelse")) for each in found])


def _employees(unit: dict[str, Any]) -> dict[str, Any] | None:
    """Return the exact number; below five it is not published."""
    count = unit.get("antallAnsatte")
    if not isinstance(count, int) or isinstance(count, bool) or not 0 <= count < 10_000_000:  # noqa: PLR2004
        return None
    as_of = day(unit.get("registreringsdatoAntallAnsatteEnhetsregisteret"))
    return stated({"low": count, "high": count, "as_of": as_of})


def _description(unit: dict[str, Any]) -> str | None:
    lines = unit.get("aktivitet")
    if not isinstance(lines, list):
        return None
    text = " ".join(each for each in lines if isinstance(each, str))
    return line(text, DESCRIPTION_CHARACTERS_MAX)


def _proceedings(unit: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        stated({"kind": kind, "since": next(filter(None, (day(unit.get(d)) for d in dates)), None)})
        for kind, flag, dates in PROCEEDINGS
        if unit.get(flag) is True
    ]


def _address(part: dict[str, Any]) -> dict[str, Any] | None:
    lines = part.get("adresse")
    return address(
        lines[:ADDRESS_LINES_MAX] if isinstance(lines, list) else [],
        part.get("postnummer"),
        part.get("poststed"),
        part.get("landkode") or "NO",
    )
