"""What people type who look for a company: its name begun, mistyped, turned, without accents."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from enrichment.names import name_key

LETTERS = "abcdefghijklmnopqrstuvwxyz"
PLAIN = str.maketrans("åäöæøé", "aaoaoe")
DOUBLED = str.maketrans({"å": "aa", "ä": "ae", "æ": "ae", "ö": "oe", "ø": "oe"})
SHORT = 4
"""A shorter name cannot be mistyped and still be known."""


@dataclass(frozen=True, slots=True)
class Sought:
    """A company that somebody looks for."""

    id: int
    name: str
    key: str


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody typed, and what was meant."""

    text: str
    sought: Sought


def sought(rows: Sequence[tuple[int, str]]) -> list[Sought]:
    """Return the companies that are looked for."""
    found = [Sought(id_, name, name_key(name)) for id_, name in rows]
    return [one for one in found if len(one.key) >= SHORT]


def begun(among: Sequence[Sought], letters: int) -> list[Typed]:
    """Type the first letters."""
    return [Typed(one.key[:letters].strip(), one) for one in among if len(one.key) >= letters]


def mistyped(among: Sequence[Sought], dice: Random) -> list[Typed]:
    """Type the whole name, and slip once."""
    return [Typed(_slip(one.key, dice), one) for one in among]


def turned(among: Sequence[Sought], dice: Random, *, half: bool = False) -> list[Typed]:
    """Type the words in another order; the last of them half, if so wanted."""
    typed = []
    for one in among:
        words = one.key.split()
        if len(set(words)) < 2:  # noqa: PLR2004
            continue
        order = words[:]
        while order == words:
            dice.shuffle(order)
        if half:
            order[-1] = order[-1][: max(2, len(order[-1]) // 2)]
        typed.append(Typed(" ".join(order), one))
    return typed


def plain(among: Sequence[Sought]) -> list[Typed]:
    """Type without the signs on letters."""
    return _written(among, lambda text: text.translate(PLAIN))


def doubled(among: Sequence[Sought]) -> list[Typed]:
    """Type doubled letters for letters with signs."""
    return _written(among, lambda text: text.translate(DOUBLED))


def _written(among: Sequence[Sought], write: Callable[[str], str]) -> list[Typed]:
    names = [(one, one.name.lower()) for one in among]
    return [Typed(write(name), one) for one, name in names if write(name) != name]


def _slip(text: str, dice: Random) -> str:
    kind, at = dice.randrange(4), dice.randrange(len(text))
    if kind == 0:
        return text[:at] + text[at + 1 :]
    if kind == 1:
        return text[:at] + dice.choice(LETTERS) + text[at:]
    if kind == 2:  # noqa: PLR2004
        return text[:at] + dice.choice(LETTERS.replace(text[at], "")) + text[at + 1 :]
    places = [n for n in range(len(text) - 1) if text[n] != text[n + 1]]
    at = dice.choice(places)
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
