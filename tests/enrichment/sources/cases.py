"""What the one suite asks of every source: numbers it has, and names."""

from dataclasses import dataclass

from stdnum.no import orgnr as no_orgnr

from chassis.pace import Pace
from enrichment.sample.company import companies
from enrichment.sources.calls import Calls, client
from standins.registries import foreign

SEED, ROWS = 7, 1_500
"""The sample of all enrichment tests."""
SWEDISH, NORWEGIAN = 400, 200
"""So many of its companies, at least, are in its files."""
UNITS = 2


@dataclass(frozen=True)
class Case:
    """One source as the suite sees it."""

    fixture: str
    country: str
    number: str
    name: str
    unknown: str
    typed: str = ""
    path: str = ""
    units: int = 0


def quick(name: str, url: str) -> Calls:
    """Return calls that need no patience."""
    return Calls(name, client(url), Pace(10_000, 10_000))


def norwegian_number(place: int) -> str:
    """Return a valid number that is not in the sample."""
    numbers = (f"91{n:07d}" for n in range(place * 1_000, 10_000_000))
    return next(number for number in numbers if no_orgnr.is_valid(number))


def norwegian() -> Case:
    one = next(
        one
        for one in companies(SEED, "NO", NORWEGIAN)
        if len(one.units) > 1 and not one.deregistered_on
    )
    return Case(
        fixture="brreg",
        country="NO",
        number=one.number,
        name=one.name,
        unknown="974760673",
        typed=one.name[:6].lower(),
        path="/enhetsregisteret",
        units=len(one.units),
    )


def swedish(fixture: str, path: str, units: int) -> Case:
    one = next(
        one
        for one in companies(SEED, "SE", SWEDISH)
        if len(one.units) == UNITS and not one.deregistered_on
    )
    return Case(
        fixture=fixture,
        country="SE",
        number=one.number,
        name=one.name,
        unknown="5560160680",
        typed=one.name[:6].lower(),
        path=path,
        units=units,
    )


def finnish() -> Case:
    name = next(n["name"] for n in foreign.finnish(2, "90000000")["names"] if not n["endDate"])
    return Case(
        fixture="prh",
        country="FI",
        number=nth(foreign.FINNISH_WEIGHTS, 9_000_000, 2),
        name=name,
        unknown="01120389",
        typed=name[2:9].lower(),
        path="/opendata",
    )


def danish() -> Case:
    name = foreign.danish(2, "1")["navne"][1]["navn"]
    return Case(
        fixture="cvr",
        country="DK",
        number=nth(foreign.DANISH_WEIGHTS, 9_500_000, 2),
        name=name,
        unknown="13585628",
        typed=name[:7].lower(),
        path="/cvr-permanent",
        units=2,
    )


def british() -> Case:
    name = foreign.british(2)["attributes"]["entity"]["legalName"]["name"]
    return Case(
        fixture="gleif",
        country="GB",
        number="90000002",
        name=name,
        unknown="01234567",
        typed=name.lower(),
        path="/api/v1",
    )


def nth(weights: tuple[int, ...], first: int, place: int) -> str:
    """Return the number of one of the companies that the stand-in makes up."""
    return list(foreign.numbers(weights, first))[place]


CASES: tuple[Case, ...] = (
    norwegian(),
    swedish("bolagsverket", "/organisationer", 0),
    swedish("scb", "/sokpavar", UNITS),
    finnish(),
    danish(),
    british(),
)
