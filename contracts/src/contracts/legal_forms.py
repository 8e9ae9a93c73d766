"""Which legal forms are persons of law, and which stand for people: what the law goes by.

Sweden's credit information act (1973:1173) lets a legal person's rating be shown and watched as
it is. A sole trader's or a partnership's is a person's: whoever looks at it needs a reason, the
person gets a copy, and a watch may only say *that* something changed. Whoever is unsure treats
a form as a person's.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, TypeAlias

FormKind: TypeAlias = Literal["LEGAL_PERSON", "PERSONAL", "UNCLEAR"]

LEGAL_PERSONS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "SE": frozenset(
            {"AB", "BAB", "FAB", "EK", "KHF", "MB", "BRF", "BF", "SCE", "SE", "SB"}
            | {"I", "IF", "S", "SF", "TSF", "FOF", "OFB", "NYF", "EGTS"}
        ),
        "NO": frozenset(
            {"AS", "ASA", "SA", "STI", "FLI", "BRL", "BBL", "ESEK", "SPA", "GFS", "SE", "SF"}
            | {"KF", "FKF", "IKS", "KOMM", "FYLK", "STAT", "ORGL", "KIRK"}
        ),
    }
)
"""The legal persons of each country that bureaus here cover; a form that does not tell, such as a
branch, is not among them."""
PERSONAL: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "SE": frozenset({"E", "HB", "KB", "EB", "ENK", "EF"}),
        "NO": frozenset({"ENK", "ANS", "DA", "KS", "PRE"}),
    }
)
"""Sole traders and partnerships."""


def kind_of_form(country: str, form: str | None) -> FormKind:
    """Say what the law takes a form for."""
    if form is not None and form in LEGAL_PERSONS.get(country, frozenset()):
        return "LEGAL_PERSON"
    if form is not None and form in PERSONAL.get(country, frozenset()):
        return "PERSONAL"
    return "UNCLEAR"


def stands_for_people(country: str | None, form: str | None) -> bool:
    """Say whether a form is a sole trader's or a partnership's; an unknown one says nothing."""
    return kind_of_form(country or "", form) == "PERSONAL"
