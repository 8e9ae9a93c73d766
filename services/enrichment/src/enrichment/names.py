"""Names as they are compared: the one folding that both loading and searching use."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

FORM_WORDS = {
    "AB": ("ab", "aktiebolag", "aktiebolaget", "publ"),
    "HB": ("hb", "handelsbolag", "handelsbolaget"),
    "KB": ("kb", "kommanditbolag", "kommanditbolaget"),
    "EK": ("ek",),
    "AS": ("as", "aksjeselskap"),
    "ASA": ("asa", "allmennaksjeselskap"),
    "ANS": ("ans",),
    "DA": ("da",),
    "SA": ("sa", "ba"),
    "BRL": ("brl",),
    "NUF": ("nuf",),
    "KS": ("ks",),
    "ENK": ("enk",),
}
"""How each legal form is written in a name."""
FORMS = {word: code for code, words in FORM_WORDS.items() for word in words}
LEGAL_WORDS = frozenset(FORMS)
"""What is left out when names are compared."""
LEADING_WORDS = frozenset(
    [*FORM_WORDS["AB"], *FORM_WORDS["HB"], *FORM_WORDS["KB"], "as", "brl"]
) - {"publ"}
"""Those that also stand before a name; `da` and `sa` do not: they begin real names."""
MISTAKABLE_WORDS = frozenset(["as", "da", "sa", "ba", "ek", "publ", "enk", "ans", "nuf"])
"""Those that may be a word of the name unless they stand at its end."""
_ALWAYS_LEGAL = LEGAL_WORDS - MISTAKABLE_WORDS

_LETTERS = str.maketrans(
    {"æ": "a", "ø": "o", "ð": "d", "þ": "th", "ß": "ss", "ł": "l", "đ": "d"}
    | {"å": "a", "ä": "a", "ö": "o", "é": "e", "ü": "u"}
    | dict.fromkeys("'\u2018\u2019`\u00b4.", "")
)
_DOTTED = re.compile(r"(?<![^\s(])(?:[^\W\d_]\.){2,}(?=(.*))")
_SLASHED = re.compile(r"(?<!\w)([ak])/s(?!\w)")
_APART = re.compile(r"[^0-9a-z]+")
_DOUBLED = re.compile(r"a[ae]+|oe+")
"""How å, ä and ö are written without them: Haakon, Saeter, Oestlund."""
_COMMON = (("å", "a"), ("ä", "a"), ("ö", "o"), ("æ", "a"), ("ø", "o"), ("é", "e"))
"""All that most names need, of millions; `_LETTERS` says the same, and takes longer."""


def folded(text: str) -> str:
    """Return lower-case letters and digits, without accents, words apart by one space.

    Of doubled letters one is kept, so that every way to write å, ä, æ, ö and ø gives the same.
    """
    bare = plain(text)
    if "aa" in bare or "ae" in bare or "oe" in bare:
        return _DOUBLED.sub(lambda doubled: doubled[0][0], bare)
    return bare


def plain(text: str) -> str:
    """Return the same with doubled letters as they were typed: one may be a slip."""
    lower = text.lower()
    common = lower
    if not common.isascii():
        for letter, instead in _COMMON:
            common = common.replace(letter, instead)
    words = common.split()
    if common.isascii() and "".join(words).isalnum():
        return " ".join(words)
    if "." in lower or "/" in lower:
        lower = _SLASHED.sub(r"\1s", _DOTTED.sub(_initials, lower))
    bare = lower.translate(_LETTERS)
    if not bare.isascii():
        bare = unicodedata.normalize("NFKD", bare).lower().translate(_LETTERS)
        bare = "".join(sign for sign in bare if not unicodedata.combining(sign))
    return _APART.sub(" ", bare).strip()


def _initials(dotted: re.Match[str]) -> str:
    """Write initials together, unless they would then be read as a legal form: K.B. Nilsson."""
    letters = dotted[0].replace(".", "")
    apart = letters in LEGAL_WORDS and folded(dotted[1])
    return " ".join([*(letters if apart else [letters]), ""])


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
    on the way to Exempel Abonnemang); `form` is the code of the legal form once it is complete.
    """

    start: str
    name: str
    form: str | None


def wording(typed: str, fold: Callable[[str], str] = folded) -> Wording:
    """Return what somebody may mean who typed this; empty when nothing typed counts."""
    words = fold(typed).split()
    if not words:
        return Wording("", "", None)
    *before, last = words
    kept = [word for word in _without_leading(before) if word not in _ALWAYS_LEGAL]
    maybe_form = any(form.startswith(last) for form in LEGAL_WORDS)
    name = _without_legal_form(before) if maybe_form else []
    return Wording(" ".join([*kept, last]), " ".join(name), FORMS.get(last))


def _without_leading(words: list[str]) -> list[str]:
    return words[1:] if words and words[0] in LEADING_WORDS else words


def _without_legal_form(words: list[str]) -> list[str]:
    kept = words
    while kept and kept[-1] in LEGAL_WORDS:
        kept = kept[:-1]
    kept = _without_leading(kept)
    return [word for word in kept if word not in _ALWAYS_LEGAL]
