"""What one row of a registry's file says, in the words of the contracts."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import Any

from contracts.values import ADDRESS_LINES_MAX, INDUSTRIES_MAX, NAME_CHARACTERS_MAX
from enrichment.names import name_key

DESCRIPTION_CHARACTERS_MAX = 4_000
"""What the contracts allow; a few descriptions in the registries are longer."""
WEBSITE_CHARACTERS_MAX = 300
REPEATED_MAX = 32_768
"""Dates, industries and places come again and again, and are read once; nobody changes them."""

_CONTROLS = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_CODE = re.compile(r"^[A-Z0-9]{1,8}$")
_POSTAL_CODE = re.compile(r"^[A-Za-z0-9 -]{2,12}$")
_COUNTRY = re.compile(r"^[A-Z]{2}$")
_INDUSTRY = re.compile(r"^[0-9]{2,6}$")
_MUNICIPALITY = re.compile(r"^[0-9]{4}$")
_SCHEME = re.compile(r"^https?://", re.IGNORECASE)
_HOST = re.compile(r"^[^\s/?#@]+\.[^\s/?#@.]{2,}(?:[/?#]\S*)?$")


NO_LETTER = "\ufffd"
"""Stands where bytes are no letter in the encoding that a file is to have."""


class Skipped(StrEnum):
    """Why a row leads to nothing."""

    BROKEN = "broken"
    """It cannot be read."""
    NUMBER = "wrong number"
    """Its number fails its check."""
    PERSONAL = "personal"
    """It is about a person: sole traders and estates, whose number is personal."""


class FileBroken(ValueError):
    """A file that cannot be read to its end, or is no file of a registry."""


@dataclass(frozen=True, slots=True)
class Listing:
    """One company, or one sub-unit of `parent`, as one file has it.

    `facts` holds the fields of `contracts.values.CompanyDetails` that the file knows, and
    `key`, `city`, `postal`, `visiting`, `proceedings`, `deregistered_on` and `ceased`.
    """

    country: str
    number: str
    parent: str | None
    facts: dict[str, Any]


def line(value: object, characters_max: int = NAME_CHARACTERS_MAX) -> str | None:
    """Return text as one line without control characters, or nothing."""
    if not isinstance(value, str):
        return None
    if not value.isprintable() or "  " in value:
        value = _CONTROLS.sub(" ", value)
    text = value.strip()
    return (text if len(text) <= characters_max else text[:characters_max].strip()) or None


def named(value: object) -> dict[str, Any]:
    """Return the name and what it is found by."""
    name = line(value)
    return {"name": name, "key": name_key(name)} if name else {}


def require(columns: Sequence[str], wanted: Sequence[str]) -> None:
    """Refuse a file that has not the columns it is read by."""
    missing = [name for name in wanted if name not in columns]
    if missing:
        raise FileBroken(f"the header lacks {', '.join(missing)}; it has {', '.join(columns)}")


def day(value: object) -> str | None:
    """Return the date that a date or a timestamp begins with."""
    return _day(value[:10]) if isinstance(value, str) else None


@lru_cache(REPEATED_MAX)
def _day(text: str) -> str | None:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return None


def compact_day(value: object) -> str | None:
    """Return a date written without hyphens."""
    return _compact_day(value) if isinstance(value, str) else None


@lru_cache(REPEATED_MAX)
def _compact_day(text: str) -> str | None:
    return _day(f"{text[:4]}-{text[4:6]}-{text[6:8]}")


def legal_form(code: object, text: object) -> dict[str, Any] | None:
    """Return a legal form whose code is one."""
    return _coded(_CODE, code, _text(text), "text") if isinstance(code, str) else None


def industries(scheme: str, *found: tuple[object, object]) -> list[dict[str, Any]] | None:
    """Return the first few that are industries, of codes and texts."""
    return _industries(scheme, tuple([(str(code), _text(text)) for code, text in found if code]))


@lru_cache(REPEATED_MAX)
def _industries(
    scheme: str, found: tuple[tuple[str, str | None], ...]
) -> list[dict[str, Any]] | None:
    known = [_industry(scheme, code, text) for code, text in found]
    return [each for each in known if each][:INDUSTRIES_MAX] or None


@lru_cache(REPEATED_MAX)
def _industry(scheme: str, code: str, text: str | None) -> dict[str, Any] | None:
    """Read one; Norway writes a dot into its codes, the contracts do not."""
    digits = code.replace(".", "").strip()
    if not _INDUSTRY.match(digits) or not int(digits):
        return None
    return stated({"scheme": scheme, "code": digits, "text": line(text)})


@lru_cache(REPEATED_MAX)
def _coded(form: re.Pattern[str], code: str, text: str | None, named: str) -> dict[str, Any] | None:
    return stated({"code": code, named: line(text)}) if form.match(code) else None


def municipality(code: object, name: object) -> dict[str, Any] | None:
    """Return a municipality whose code is one."""
    return _coded(_MUNICIPALITY, code, _text(name), "name") if isinstance(code, str) else None


def address(
    lines: list[object], postal_code: object, city: object, country: object = None
) -> dict[str, Any] | None:
    """Return an address that says at least where to go, or nothing."""
    written = [text for text in map(line, lines) if text][:ADDRESS_LINES_MAX]
    if not written:
        return None
    return {"lines": written, **_post(_text(postal_code), _text(city), _text(country))}


@lru_cache(REPEATED_MAX)
def _post(postal_code: str | None, city: str | None, country: str | None) -> dict[str, Any]:
    """Return what many addresses have in common."""
    code = line(postal_code)
    return stated(
        {
            "postal_code": code if code and _POSTAL_CODE.match(code) else None,
            "city": line(city),
            "country": country if country and _COUNTRY.match(country) else None,
        }
    )


def city(value: object) -> str | None:
    """Return where a company is."""
    return _city(value) if isinstance(value, str) else None


@lru_cache(REPEATED_MAX)
def _city(text: str) -> str | None:
    return line(text)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def website(value: object) -> str | None:
    """Return an address on the web with its scheme, which registries leave out."""
    text = line(value, WEBSITE_CHARACTERS_MAX)
    if text is None:
        return None
    bare = _SCHEME.sub("", text)
    scheme = "http://" if text.lower().startswith("http://") else "https://"
    fits = len(scheme + bare) <= WEBSITE_CHARACTERS_MAX
    return scheme + bare if fits and _HOST.match(bare) else None


def stated(facts: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is not known, so that it does not hide what another file knows."""
    return {name: value for name, value in facts.items() if value is not None and value != []}
