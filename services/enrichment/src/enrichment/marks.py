"""Where in a name the words typed stand, so that a hit can show why it is one."""

import re
from collections.abc import Iterator, Sequence

from enrichment.names import folded

_WORD = re.compile(r"[^\W_]+(?:['\u2019`\u00b4.][^\W_]+)*")


def marks(name: str, words: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """Return start and end of what was typed, in letters of the name, from left to right."""
    left = list(words)
    found = []
    for start, end, word in _words(name):
        typed = next((each for each in left if word.startswith(each)), None)
        if typed is not None:
            left.remove(typed)
            same = len(word) == end - start
            letters = len(typed) if same else _letters(name[start:end], len(typed))
            found.append((start, start + letters))
    return tuple(found)


def _words(name: str) -> Iterator[tuple[int, int, str]]:
    for match in _WORD.finditer(name):
        word = folded(match[0])
        if " " not in word:
            yield match.start(), match.end(), word


def _letters(written: str, count: int) -> int:
    """Return how many letters of a word as written make so many of it as it is compared."""
    for length in range(1, len(written)):
        after = folded(written[: length + 1])
        if len(folded(written[:length])) >= count and len(after) > count:
            return length
    return len(written)
