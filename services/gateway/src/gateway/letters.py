"""How names are sorted and found: by Nordic alphabets, and without their dots and rings."""

import re
import unicodedata
from collections.abc import Callable

LAST = {"å": "{", "ä": "|", "æ": "|", "ö": "}", "ø": "}"}
"""Letters after z, as signs after z: bytewise order is then the alphabet's order."""
PLAIN = {"æ": "ae", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l"}
"""Letters that no decomposition makes plain."""
WORDS_MAX = 8
"""More words than anybody searches by; the rest is left out."""

_NUMBER = re.compile(r"^(?:[a-z]{2})?[0-9][0-9-]*$")


class Signs(dict[int, str]):
    """What becomes of each sign, found out when it is met first."""

    def __init__(self, become: Callable[[str], str]) -> None:
        super().__init__()
        self._become = become

    def __missing__(self, code: int) -> str:
        """Find out, and remember."""
        self[code] = become = self._become(chr(code))
        return become


def _bare(text: str) -> str:
    """Return a text without accents."""
    apart = unicodedata.normalize("NFKD", text)
    return "".join(sign for sign in apart if not unicodedata.combining(sign))


SORTED = Signs(lambda sign: LAST.get(sign) or _bare(sign))
SEARCHED = Signs(lambda sign: PLAIN.get(sign) or _bare(sign))


def sort_key(name: str) -> str:
    """Return what sorts bytewise as the name does in Swedish; Norwegian letters among theirs."""
    lowered = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return lowered.translate(SORTED)


def folded(text: str) -> str:
    """Return a text as it is searched: small letters without marks."""
    # Some capitals come to light only when a sign is taken apart.
    lowered = unicodedata.normalize("NFKD", text.casefold()).casefold()
    return lowered.translate(SEARCHED)


def words(typed: str) -> list[str]:
    """Return the words somebody searches by; numbers lose their hyphens and country letters."""
    found = [
        re.sub(r"[^0-9]", "", word) if _NUMBER.match(word) else word
        for word in folded(typed).split()
    ]
    return list(dict.fromkeys(found))[:WORDS_MAX]
