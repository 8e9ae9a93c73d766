"""Numbers of companies, country by country: what `python-stdnum` checks, and what it lacks."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import NoReturn

from stdnum.dk import cvr
from stdnum.exceptions import InvalidChecksum, ValidationError
from stdnum.fi import ytunnus
from stdnum.gb import vat as gb_vat
from stdnum.no import orgnr as no_orgnr
from stdnum.se import orgnr as se_orgnr

from contracts.written_numbers import NumberInvalid, compact_form, malformed

__all__ = [
    "Identified",
    "NumberInvalid",
    "NumberKind",
    "identify",
    "looks_like_number",
    "vat_number",
    "workplace",
]

SEARCH_DIGITS_MIN = 6
"""Fewer digits are as likely a part of a name (3M, 7-Eleven, Kafé 1900)."""
PERSON_YEARS_PLUS = 100
"""From this age on a Swedish personal number is written with `+` (folkbokföringslagen § 18)."""
COORDINATION_DAYS = 60
"""What a Swedish coordination number adds to the day of birth."""

_CENTURIES = frozenset({"16", "18", "19", "20"})
"""What stands before the ten digits in the long form; 16 marks an organisation."""
_GB_NUMBER = re.compile(r"^(?:[0-9]{8}|[A-Z]{2}[0-9]{5}[0-9A-Z]|R[0-9]{7})$")
_ANY_NUMBER = re.compile(r"^[A-Z0-9]{2,20}$")
_SEARCHED = re.compile(rf"^(?:[A-Z]{{2}})?[0-9]{{{SEARCH_DIGITS_MIN},12}}(?:MVA)?$")


class NumberKind(StrEnum):
    """Whose number it is: an organisation's, a person's (a sole trader), a workplace's."""

    ORGNR = "ORGNR"
    PERSNR = "PERSNR"
    WORKPLACE = "WORKPLACE"


@dataclass(frozen=True, slots=True)
class Identified:
    """A number understood: without separators, prefixes and suffixes.

    A personal number has twelve digits when its century is known, else ten.
    """

    kind: NumberKind
    number: str


def identify(country: str, typed: str, today: date | None = None) -> Identified:
    """Understand a company's number as it was typed; raises `NumberInvalid`.

    `today` lets the century of a ten-digit Swedish personal number be inferred.
    """
    compact = compact_form(typed, country)
    match country:
        case "SE":
            return _swedish(compact, today)
        case "NO":
            return Identified(NumberKind.ORGNR, _norwegian(compact, "organisation number"))
        case _:
            check = _CHECKS.get(country, _any)
            return Identified(NumberKind.ORGNR, check(compact))


def workplace(country: str, typed: str) -> Identified:
    """Understand a workplace's number (CFAR-nummer, underenhet, P-nummer) as it was typed."""
    compact = compact_form(typed, country)
    match country:
        case "SE":
            number = _digits(compact, 8, "A Swedish workplace number (CFAR)")
        case "NO":
            number = _norwegian(compact, "sub-unit's number")
        case "DK":
            number = _digits(compact, 10, "A Danish production unit number (P-nummer)")
        case _:
            number = _any(compact)
    return Identified(NumberKind.WORKPLACE, number)


def looks_like_number(typed: str) -> bool:
    """Tell whether somebody searching has typed a number rather than a name."""
    try:
        compact = compact_form(typed)
    except NumberInvalid:
        return False
    whole, plus, end = compact.partition("+")
    return bool(_SEARCHED.match(whole + end)) and (not plus or len(end) == len("NNNC"))


def vat_number(country: str, number: str) -> str | None:
    """Return the VAT number that goes with a number, where the one follows from the other."""
    match country:
        case "SE":
            return f"SE{number[-10:]}01"
        case "NO":
            return f"NO{number}MVA"
        case "DK" | "FI":
            return country + number
        case _:
            return None


def _swedish(compact: str, today: date | None) -> Identified:
    """Tell organisation numbers from personal ones, in their ten- and twelve-digit forms."""
    head, plus, tail = compact.removeprefix("SE").partition("+")
    digits = head + tail
    if not digits.isdigit() or (plus and len(tail) != len("NNNC")):
        malformed("A Swedish organisation number has ten digits, such as 556016-0680.")
    readings = [("", digits)] if len(digits) == 10 else []  # noqa: PLR2004
    if len(digits) == 12 and digits[:2] in _CENTURIES:  # noqa: PLR2004
        readings.append((digits[:2], digits[2:]))
    if len(digits) == 12 and digits.endswith("01"):  # noqa: PLR2004
        readings.insert(0 if compact.startswith("SE") else 1, ("", digits[:10]))
    if not readings:
        malformed(f"A Swedish organisation number has ten digits; this one has {len(digits)}.")
    # Some organisations' VAT numbers look like the twelve-digit form: the first that fits counts.
    refusals = []
    for century, ten in readings:
        try:
            return _swedish_ten(ten, century, plus, today)
        except NumberInvalid as refusal:
            refusals.append(refusal)
    raise refusals[0]


def _swedish_ten(digits: str, century: str, plus: str, today: date | None) -> Identified:
    """Check the ten digits that count."""
    if not se_orgnr.is_valid(digits):
        _check_digit()
    if digits[2] >= "2" and century in {"", "16"} and not plus:
        return Identified(NumberKind.ORGNR, digits)
    return Identified(NumberKind.PERSNR, _person(digits, century, plus, today))


def _person(digits: str, century: str, plus: str, today: date | None) -> str:
    """Return a personal number with its century, if that is known."""
    if not century and today:
        year = today.year - (PERSON_YEARS_PLUS if plus else 0)
        year -= (year - int(digits[:2])) % 100
        century = str(year // 100)
    # With the century unknown, a leap day is possible in every fourth year, 2000 included.
    if century == "16" or not _is_date((century or "20") + digits[:6]):
        raise NumberInvalid(
            "number-kind-unknown",
            "This is neither an organisation number, whose third digit is at least 2, nor a"
            " personal number, which begins with a date of birth.",
        )
    return century + digits


def _is_date(written: str) -> bool:
    """Tell whether eight digits are a date, or that of a coordination number."""
    day = int(written[6:])
    if day > COORDINATION_DAYS:
        day -= COORDINATION_DAYS
    try:
        date(int(written[:4]), int(written[4:6]), day)
    except ValueError:
        return False
    return True


def _norwegian(compact: str, what: str) -> str:
    """Check what the Brønnøysund register numbers: companies and sub-units alike."""
    number = compact.removesuffix("MVA")
    if number.isdigit() and len(number) == 11:  # noqa: PLR2004
        raise NumberInvalid(
            "number-kind-unknown",
            "Eleven digits are a person's number in Norway; a company, a sole trader's too, has"
            " an organisation number of nine.",
        )
    _digits(number, 9, f"A Norwegian {what}")
    if number[0] not in "89":
        raise NumberInvalid("number-kind-unknown", f"A Norwegian {what} begins with 8 or 9.")
    try:
        return no_orgnr.validate(number)
    except ValidationError:
        _check_digit()


def _danish(compact: str) -> str:
    try:
        return cvr.validate(_digits(compact, 8, "A Danish CVR number"))
    except InvalidChecksum:
        _check_digit()
    except ValidationError:
        malformed("A Danish CVR number does not begin with 0.")


def _finnish(compact: str) -> str:
    padded = "0" + compact if len(compact) == len("1234567") else compact
    try:
        return ytunnus.validate(_digits(padded, 8, "A Finnish Y-tunnus"))
    except ValidationError:
        _check_digit()


def _british(compact: str) -> str:
    """Check the form, all there is to check, as it has no check digit."""
    number = compact.zfill(8) if len(compact) >= SEARCH_DIGITS_MIN else compact
    if gb_vat.is_valid(compact):
        raise NumberInvalid(
            "number-kind-unknown",
            "This is a VAT number; give the company's number at Companies House.",
        )
    if not _GB_NUMBER.match(number):
        malformed("A British company number has eight characters, such as 01234567 or SC123456.")
    return number


def _any(compact: str) -> str:
    """Take what no rule is known for."""
    if not _ANY_NUMBER.match(compact):
        malformed("A company's number has 2 to 20 digits and letters.")
    return compact


def _digits(compact: str, count: int, what: str) -> str:
    if not compact.isdigit():
        malformed(f"{what} has {count} digits and no letters.")
    if len(compact) != count:
        malformed(f"{what} has {count} digits; this one has {len(compact)}.")
    return compact


def _check_digit() -> NoReturn:
    raise NumberInvalid(
        "number-check-digit", "The last digit does not fit the others; look for a slip of the keys."
    )


_CHECKS = MappingProxyType[str, Callable[[str], str]](
    {"DK": _danish, "FI": _finnish, "GB": _british}
)
