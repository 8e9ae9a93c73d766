"""Names as they are compared: the one folding that both loading and searching use."""

import re
import unicodedata
from dataclasses import dataclass

LEGAL_WORDS = frozenset(
    "ab aktiebolag aktiebolaget publ hb handelsbolag handelsbolaget kb kommanditbolag"
    " kommanditbolaget as asa aksjeselskap allmennaksjeselskap ans da nuf sa ks enk ba brl"
    " ek".split()
)
"""How a legal form is written in a name; left out of what is compared."""
LEADING_WORDS = frozenset(
    "ab aktiebolag aktiebolaget hb handelsbolag handelsbolaget kb kommanditbolag"
    " kommanditbolaget as brl".split()
)
"""Those that also stand before a name; `da` and `sa` do not: they begin real names."""
UNMISTAKABLE_WORDS = LEGAL_WORDS - frozenset("as da sa ba ek publ enk ans nuf".split())
"""Those that mean nothing else, so that they count for nothing wherever they stand."""
_LETTERS = str.maketrans(
    {"æ": "a", "ø": "o", "ð": "d", "þ": "th", "ß": "ss", "ł": "l", "đ": "d"}
    | dict.fromkeys("'’‘`´.", "")  # noqa: RUF001 - O’Leary and O'Leary are one name
)
_APART = re.compile(r"[^0-9a-z]+")


def folded(text: str) -> str:
    """Return lower-case letters and digits, without accents, words apart by one space."""
    plain = text.lower().translate(_LETTERS)
    if not plain.isascii():
        plain = unicodedata.normalize("NFKD", plain).translate(_LETTERS)
        plain = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return _APART.sub(" ", plain).strip()


def name_key(name: str) -> str:
    """Return what a name is found by: folded, without its legal form, unless that is all."""
    words = folded(name).split()
    kept = _without_legal_form(words)
    return " ".join(kept or words)


@dataclass(frozen=True, slots=True)
class Wording:
    """What somebody may mean who typed something.

    `start` is how the name begins, or one of its words. `name` is a whole name to which the
    last word typed is the legal form, or the beginning of it (`exempel ab` is Exempel AB, and
    on the way to Exempel Abonnemang); `form_typed` says that it is one already.
    """

    start: str
    name: str
    form_typed: bool


def wording(typed: str) -> Wording:
    """Return what somebody may mean who typed this; empty when nothing typed counts."""
    words = folded(typed).split()
    if not words:
        return Wording("", "", form_typed=False)
    *before, last = words
    kept = [word for word in _without_leading(before) if word not in UNMISTAKABLE_WORDS]
    maybe_form = any(form.startswith(last) for form in LEGAL_WORDS)
    name = _without_legal_form(before) if maybe_form else []
    return Wording(" ".join([*kept, last]), " ".join(name), last in LEGAL_WORDS)


def _without_leading(words: list[str]) -> list[str]:
    return words[1:] if words and words[0] in LEADING_WORDS else words


def _without_legal_form(words: list[str]) -> list[str]:
    kept = words
    while kept and kept[-1] in LEGAL_WORDS:
        kept = kept[:-1]
    kept = _without_leading(kept)
    return [word for word in kept if word not in UNMISTAKABLE_WORDS]
