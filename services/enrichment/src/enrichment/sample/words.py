"""The words and places that the sample is made of."""

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from enrichment.sample.dice import Dice

POPULOUS = MappingProxyType(
    {
        "SE": ("0180", "1480", "1280", "0380", "0580", "1880", "1281", "1283", "0680", "2580"),
        "NO": ("0301", "4601", "5001", "1103", "3201", "4204", "3107", "3301", "5501", "3205"),
    }
)
"""Where four of ten companies are."""
POPULOUS_PER_MILLE = 400
COMMON_TIMES = 8
"""So that about half of all people have one of the hundred commonest names."""


@dataclass(frozen=True, slots=True)
class Trade:
    """A word in a name, and the industry that goes with it."""

    word: str
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Place:
    """A municipality and how its postal codes begin."""

    code: str
    name: str
    postal_areas: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Words:
    """What one country's names are made of."""

    trades: tuple[Trade, ...]
    surnames: tuple[str, ...]
    streets: tuple[str, ...]
    starts: tuple[str, ...]
    middles: tuple[str, ...]
    ends: tuple[str, ...]
    onsets: tuple[str, ...]
    vowels: tuple[str, ...]
    codas: tuple[str, ...]
    places: tuple[Place, ...]
    populous: tuple[Place, ...]

    def place(self, dice: Dice) -> Place:
        """Return somewhere: often one of the large towns."""
        return dice.pick(self.populous if dice.chance(POPULOUS_PER_MILLE) else self.places)


@cache
def words_of(country: str) -> Words:
    """Read a country's words."""
    name = country.lower()
    lists = _lists(f"{name}_words.txt")
    places = _swedish_places() if country == "SE" else _norwegian_places()
    return Words(
        trades=tuple(Trade(**row) for row in _rows(f"{name}_trades.csv")),
        surnames=_surnames(lists),
        streets=_streets(lists["streets"]),
        starts=lists["starts"],
        middles=lists["middles"],
        ends=lists["ends"],
        onsets=lists["onsets"],
        vowels=lists["vowels"],
        codas=lists["codas"],
        places=places,
        populous=tuple(place for place in places if place.code in POPULOUS[country]),
    )


def _swedish_places() -> tuple[Place, ...]:
    areas = {row["code"]: row["postal_areas"].split() for row in _rows("se_counties.csv")}
    return tuple(
        Place(row["code"], row["name"], tuple(areas[row["code"][:2]]))
        for row in _rows("se_municipalities.csv")
    )


def _norwegian_places() -> tuple[Place, ...]:
    return tuple(
        Place(row["code"], row["name"], (row["postal_code"],))
        for row in _rows("no_municipalities.csv")
    )


def _text(name: str) -> str:
    return (files("enrichment.sample") / "data" / name).read_text(encoding="utf-8")


def _rows(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(_text(name).splitlines()))


def _lists(name: str) -> dict[str, tuple[str, ...]]:
    """Read lists of words, each below a heading."""
    lists: dict[str, list[str]] = {}
    current: list[str] = []
    for row in _text(name).splitlines():
        if row.startswith("# "):
            current = lists.setdefault(row[2:], [])
        else:
            current += row.split()
    return {heading: tuple(found) for heading, found in lists.items()}


def _surnames(lists: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return the commonest names several times, and a thousand others once."""
    others = (
        start + end
        for start in lists["surname_starts"]
        for end in lists["surname_ends"]
        if start.lower() != end and start[-1] != end[0]
    )
    return (*lists["surnames"] * COMMON_TIMES, *others)


def _streets(found: tuple[str, ...]) -> tuple[str, ...]:
    """Let an underscore stand for the space within a street's name."""
    return tuple(street.replace("_", " ") for street in found)
