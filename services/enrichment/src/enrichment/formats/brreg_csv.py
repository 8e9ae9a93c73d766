"""Brønnøysundregistrene's bulk files as CSV: the same units as in JSON, a column for each field.

A column is called by the way to its field (`organisasjonsform.kode`); what is not set is empty. Of
the lists that JSON has, an address and the activity are one text here.
"""

import csv
import io
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, cast

from enrichment.formats import brreg
from enrichment.formats.json_objects import LOST_LETTERS_MAX
from enrichment.formats.listing import NO_LETTER, FileBroken, Listing, Skipped, require

HEADER_START = b"organisasjonsnummer,"
COLUMNS = ("organisasjonsnummer", "navn", "organisasjonsform.kode")
SUB_UNIT_COLUMNS = (*COLUMNS, "overordnetEnhet")
SUB_UNIT_MARK = b"beliggenhetsadresse."
_LISTS = frozenset({"adresse", "aktivitet"})
_FLAGS = {"true": True, "false": False}


def read_units(file: BinaryIO) -> Iterator[Listing | Skipped]:
    """Return company after company (`enheter`)."""
    return _read(file, COLUMNS, brreg.listing)


def read_sub_units(file: BinaryIO) -> Iterator[Listing | Skipped]:
    """Return sub-unit after sub-unit (`underenheter`)."""
    return _read(file, SUB_UNIT_COLUMNS, brreg.sub_unit_listing)


def _read(
    file: BinaryIO,
    wanted: tuple[str, ...],
    listing: Callable[[dict[str, Any]], Listing | Skipped],
) -> Iterator[Listing | Skipped]:
    text = io.TextIOWrapper(
        cast("io.BufferedReader", file), "utf-8-sig", errors="replace", newline=""
    )
    rows = csv.reader(text, strict=True)
    lost = 0
    try:
        columns = next(rows, [])
        require(columns, wanted)
        for row in rows:
            lost += sum(value.count(NO_LETTER) for value in row)
            if lost > LOST_LETTERS_MAX:
                raise FileBroken("the text is not UTF-8")
            yield listing(_unit(columns, row)) if len(row) == len(columns) else Skipped.BROKEN
    except csv.Error as error:
        raise FileBroken(f"no CSV: {error}") from error
    finally:
        text.detach()  # the file is closed by whoever opened it


def _unit(columns: list[str], row: list[str]) -> dict[str, Any]:
    """Return a row as the unit that JSON would have."""
    unit: dict[str, Any] = {}
    for column, value in zip(columns, row, strict=True):
        if not value:
            continue
        *way, name = column.split(".")
        part = unit
        for step in way:
            part = part.setdefault(step, {})
        part[name] = _value(name, value)
    return unit


def _value(name: str, text: str) -> Any:
    if name in _LISTS:
        return [text]
    if name == "antallAnsatte":
        return int(text) if text.isdecimal() else None
    return text if name == "navn" else _FLAGS.get(text, text)
