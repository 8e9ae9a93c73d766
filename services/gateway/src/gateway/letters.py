"""How names are sorted and found: by Nordic alphabets, and without their dots and rings."""

import re
import unicodedata
from functools import lru_cache

LAST = {"å": "{", "ä": "|", "æ": "|", "ö": "}", "ø": "}"}
"""Letters after z, as signs after z: bytewise order is then the alphabet's order."""
PLAIN = {"æ": "ae", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l"}
"""Letters that no decomposition makes plain."""
WORDS_MAX = 8
"""More words than anybody searches by; the rest is left out."""

SIGNS_MAX = 2_000
"""Letters whose place is remembered: more than all alphabets here have."""

_NUMBER = re.compile(r"^(?:[a-z]{2})?[0-9][0-9-]*$")


def sort_key(name: str) -> str:
    """Return what sorts bytewise as the name does in Swedish; Norwegian letters among theirs."""
    lowered = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return "".join(map(_place, lowered))


@lru_cache(maxsize=SIGNS_MAX)
def _place(sign: str) -> str:
    """Return what a letter sorts as."""
    return LAST.get(sign) or _bare(sign)


def folded(text: str) -> str:
    """Return a text as it is searched: small letters without marks."""
    # Some capitals come to light only when a sign is taken apart.
    lowered = unicodedata.normalize("NFKD", text.casefold()).casefold()
    return "".join(PLAIN.get(sign, sign) for sign in _bare(lowered))


def words(typed: str) -> list[str]:
    """Return the words somebody searches by; numbers lose their hyphens and country letters."""
    found = [
        re.sub(r"[^0-9]", "", word) if _NUMBER.match(word) else word
        for word in folded(typed).split()
    ]
    return list(dict.fromkeys(found))[:WORDS_MAX]


def _bare(text: str) -> str:
    """Return a text without accents."""
    if text.isascii():
        return text
    apart = unicodedata.normalize("NFKD", text)
    return "".join(sign for sign in apart if not unicodedata.combining(sign))
