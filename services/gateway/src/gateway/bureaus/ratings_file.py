"""A file of ratings as bureaus and spreadsheets write it, read row by row: whole, or not at all.

Semicolons or commas, Swedish or English headings in any order, numbers with or without hyphens,
amounts as Swedes write them.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TypeVar

from contracts.credit_bureaus import GRADES, ROWS_MAX, ReportedRating, Scale
from contracts.identifiers import NumberInvalid, NumberKind, identify
from contracts.values import Money
from gateway.problems import ERRORS_SHOWN_MAX, Refused

T = TypeVar("T")

HEADINGS: dict[str, frozenset[str]] = {
    "number": frozenset(
        {"organisationsnummer", "orgnr", "org.nr", "org nr", "org.nummer", "orgnummer"}
        | {"number", "organisation number", "organisation_number"}
    ),
    "grade": frozenset({"betyg", "kreditbetyg", "kreditklass", "klass", "rating", "grade"}),
    "score": frozenset({"poäng", "poang", "riskpoäng", "score"}),
    "limit": frozenset({"limit", "kreditlimit", "kreditgräns", "gräns"}),
    "currency": frozenset({"valuta", "currency"}),
    "date": frozenset({"datum", "betygsdatum", "date"}),
    "country": frozenset({"land", "country"}),
}
NEEDED = ("number", "grade", "date")
CURRENCIES = {"SE": "SEK", "NO": "NOK", "DK": "DKK", "FI": "EUR", "GB": "GBP"}
"""What a limit is in where the file does not say."""
_AMOUNT = re.compile(r"^[0-9]{1,15}(?:[.,][0-9]{1,2})?$")
_DATE = re.compile(r"^([0-9]{4})-?([0-9]{2})-?([0-9]{2})$")
_SPACES = re.compile(r"[\s\u00a0\u202f']")
_FIRST_ROW = 2
"""As spreadsheets count: the headings are row 1."""


class _Wrong(Exception):
    """A cell that cannot be read, and why."""

    def __init__(self, column: str, code: str, message: str) -> None:
        super().__init__(message)
        self.column = column
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class _Reader:
    """How the rows of one file are read."""

    scale: Scale
    country: str

    def row(self, cells: dict[str, str]) -> ReportedRating:
        """Read one row."""
        country = cells.get("country", "").upper() or self.country
        if country not in CURRENCIES:
            raise _Wrong("country", "country-unsupported", "Write a country as SE, NO, DK, FI, GB")
        return ReportedRating(
            country=country,
            number=_number(country, cells["number"]),
            grade=self._grade(cells["grade"]),
            score=_line("score", cells.get("score", "")),
            limit=_limit(cells.get("limit", ""), cells.get("currency", ""), country),
            rated_on=_date(cells["date"]),
        )

    def _grade(self, text: str) -> str | None:
        if not text:
            return None
        grade = text.upper()
        if grade not in GRADES[self.scale]:
            known = ", ".join(GRADES[self.scale])
            raise _Wrong("grade", "grade-unknown", f"The grades of this scale are {known}")
        return grade


def ratings_in(body: bytes, scale: Scale, country: str) -> tuple[ReportedRating, ...]:
    """Return all ratings of a file; raises `Refused` with what is wrong, row by row."""
    rows = _rows(_text(body))
    headings = _headings(next(rows, []))
    reader = _Reader(scale, country)
    found: dict[tuple[str, str], ReportedRating] = {}
    errors: list[dict[str, str]] = []
    count = 0
    for place, cells in enumerate(rows, _FIRST_ROW):
        if not any(cell.strip() for cell in cells):
            continue
        count += 1
        try:
            _add(found, reader.row(_named(headings, cells)))
        except _Wrong as wrong:
            errors.append(_error(f"row {place}: {wrong.column}", wrong.code, wrong.message))
    if count > ROWS_MAX:
        errors.insert(0, _error("body", "too-many-rows", f"A file may have {ROWS_MAX} rows"))
    if not count:
        errors.append(_error("body", "empty", "There is no rating in the file"))
    if errors:
        raise _refused(errors)
    return tuple(found.values())


def _named(headings: list[str | None], cells: list[str]) -> dict[str, str]:
    if len(cells) != len(headings):
        raise _Wrong("row", "columns", f"The row has {len(cells)} cells, not {len(headings)}")
    return {name: cell.strip() for name, cell in zip(headings, cells, strict=True) if name}


def _add(found: dict[tuple[str, str], ReportedRating], rating: ReportedRating) -> None:
    if found.setdefault((rating.country, rating.number), rating) is not rating:
        raise _Wrong("number", "repeated", "This number stands in the file before")


def _text(body: bytes) -> str:
    """Return a file's text: UTF-8, or what spreadsheets on Windows write."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = body.decode("cp1252", "replace")
    if "\x00" in text:
        raise _refused([_error("body", "not-text", "This is no text")])
    return text


def _rows(text: str) -> Iterator[list[str]]:
    first = text.partition("\n")[0]
    delimiter = ";" if first.count(";") >= first.count(",") else ","
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    except csv.Error as error:
        raise _refused([_error("body", "not-csv", f"This is no CSV: {error}")]) from error


def _headings(cells: list[str]) -> list[str | None]:
    """Return what each column is; unknown ones are passed over."""
    named = [_heading(cell) for cell in cells]
    missing = [name for name in NEEDED if name not in named]
    if missing:
        raise _refused([_error("row 1", "column-missing", f"No column is the {missing[0]}")])
    known = [name for name in named if name]
    if len(set(known)) != len(known):
        raise _refused([_error("row 1", "column-repeated", "Two columns are the same")])
    return named


def _heading(cell: str) -> str | None:
    word = " ".join(cell.lower().split())
    return next((name for name, words in HEADINGS.items() if word in words), None)


def _number(country: str, text: str) -> str:
    try:
        found = identify(country, text)
    except NumberInvalid as error:
        raise _Wrong("number", error.code, str(error)) from error
    if found.kind is not NumberKind.ORGNR:
        raise _Wrong("number", "number-personal", "A person's number is not reported")
    return found.number


def _limit(text: str, currency: str, country: str) -> Money | None:
    figure = _SPACES.sub("", text)
    if not figure:
        return None
    if not _AMOUNT.match(figure):
        raise _Wrong("limit", "amount", "Write an amount as 450000 or 450 000,50")
    code = currency.upper() or CURRENCIES[country]
    return _read("limit", lambda: Money(amount=_decimal(figure), currency=code))


def _decimal(figure: str) -> Decimal:
    return Decimal(figure.replace(",", "."))


def _date(text: str) -> date:
    parts = _DATE.match(text)
    if parts is None:
        raise _Wrong("date", "date", "Write a date as 2026-12-31")
    year, month, day = (int(part) for part in parts.groups())
    return _read("date", lambda: date(year, month, day))


def _line(column: str, text: str) -> str | None:
    if len(text) > len("100,00 %") * 4 or not text.isprintable():
        raise _Wrong(column, "score", "This is longer than any score")
    return text or None


def _read(column: str, make: Callable[[], T]) -> T:
    try:
        return make()
    except (ValueError, InvalidOperation) as error:
        raise _Wrong(column, column, f"This is no {column}") from error


def _error(field: str, code: str, message: str) -> dict[str, str]:
    return {"field": field, "code": code, "message": message}


def _refused(errors: list[dict[str, str]]) -> Refused:
    first = errors[0]
    return Refused(
        "ratings-file-invalid",
        f"Nothing was taken. {first['field']}: {first['message']}.",
        errors=errors[:ERRORS_SHOWN_MAX],
    )
