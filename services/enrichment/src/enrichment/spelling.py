"""What somebody may have meant whose finger slipped once: other spellings of what was typed.

One slip is a letter too many, too few, another one, or two that changed places; the space is a
letter too. What is one slip away is looked for among the starts of all words there are.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from enrichment.names import LEGAL_WORDS

START_LETTERS = 7
"""The registry knows starts of words up to so many letters; wrong ones beyond are compared."""
WORD_LETTERS_MIN = 3
"""A shorter word is one slip from hundreds."""
SPELLINGS_MAX = 60
"""Of each word, the commonest first: further ones are rare, and each is a look into an index."""


def slips(words: Sequence[str]) -> list[str]:
    """Return what wrong starts of these words have in common with right ones."""
    return list({slip for word in words for slip in _slips(word)})


def heads(words: Sequence[str]) -> list[str]:
    """Return starts that may be right, while the rest of the word is not."""
    return list({word[:START_LETTERS] for word in words if len(word) >= START_LETTERS})


def spellings(words: Sequence[str], known: Sequence[tuple[str, str, int]]) -> list[str]:
    """Return what may have been meant, the likeliest first.

    `known` are, for slips and heads of the words, the starts and words they belong to, and how
    many names have these.
    """
    found: dict[str, None] = {}
    for place, word in enumerate(words):
        own = frozenset(_slips(word))
        head = word[:START_LETTERS] if len(word) >= START_LETTERS else None
        better: dict[str, int] = {}
        for slip, start, uses in known:
            if slip == head and len(start) >= START_LETTERS:
                candidates = _ended(word, start, last=place == len(words) - 1)
            elif slip in own:
                candidates = _started(word, start)
            else:
                continue
            for candidate in candidates:
                better[candidate] = max(uses, better.get(candidate, 0))
        for candidate in sorted(better, key=lambda each: -better[each])[:SPELLINGS_MAX]:
            found[_with(words, place, candidate)] = None
    for spelling in _spaced(words):
        found[spelling] = None
    found.pop(" ".join(words), None)
    return list(found)


def one_slip(one: str, other: str) -> bool:
    """Tell whether two words are at most one slip apart."""
    if len(one) > len(other):
        one, other = other, one
    same, end = 0, len(one)
    while same < end and one[same] == other[same]:
        same += 1
    if end < len(other):
        return one[same:] == other[same + 1 :]
    if one[same + 1 :] == other[same + 1 :]:
        return True
    changed_places = one[same] == other[same + 1] and one[same + 1] == other[same]
    return changed_places and one[same + 2 :] == other[same + 2 :]


def _slips(word: str) -> Iterator[str]:
    if len(word) < WORD_LETTERS_MIN:
        return
    starts = {word[:START_LETTERS], word[: START_LETTERS - 1]} if len(word) > 6 else {word}  # noqa: PLR2004
    for start in starts:
        yield start
        for place in range(len(start)):
            yield start[:place] + start[place + 1 :]


def _started(word: str, start: str) -> Iterator[str]:
    """Put a right start in the place of a wrong one."""
    for length in (len(start), len(start) - 1, len(start) + 1):
        if length > len(word) or (len(start) < START_LETTERS and length < len(word)):
            continue
        if one_slip(start, word[:length]) and start + word[length:] != word:
            yield start + word[length:]
    if word[START_LETTERS:] and start == word[: START_LETTERS - 1] + word[START_LETTERS]:
        # Two letters changed places, and the start ends between them.
        yield start + word[START_LETTERS - 1] + word[START_LETTERS + 1 :]


def _ended(word: str, right: str, *, last: bool) -> Iterator[str]:
    """Put a right word in the place of one that begins right; of the last word, its start."""
    if one_slip(word, right):
        yield right
    elif last:
        for length in (len(word), len(word) + 1, len(word) - 1):
            if one_slip(word, right[:length]):
                yield right[:length]
                return


def _spaced(words: Sequence[str]) -> Iterator[str]:
    """Move, add and leave out spaces; and leave out a legal form that was mistyped."""
    for place, word in enumerate(words):
        for cut in range(1, len(word)):
            yield _with(words, place, f"{word[:cut]} {word[cut:]}")
            if cut < len(word) - 1:
                yield _with(words, place, f"{word[:cut]} {word[cut + 1 :]}")
    for place, (one, other) in enumerate(pairwise(words)):
        for joined in (
            one + other,
            f"{one[:-1]} {one[-1]}{other}",
            f"{one}{other[0]} {other[1:]}",
        ):
            yield " ".join(" ".join([*words[:place], joined, *words[place + 2 :]]).split())
    if len(words) > 1 and any(one_slip(words[-1], form) for form in LEGAL_WORDS):
        yield " ".join(words[:-1])


def _with(words: Sequence[str], place: int, instead: str) -> str:
    return " ".join([*words[:place], instead, *words[place + 1 :]])
