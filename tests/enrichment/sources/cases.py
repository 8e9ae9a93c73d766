"""What the one suite asks of every source: numbers it has, and names."""

from dataclasses import dataclass, field

from stdnum.no import orgnr as no_orgnr

from enrichment.sample.company import companies
from enrichment.sources.calls import Calls, client
from enrichment.sources.pace import Pace

SEED, ROWS = 7, 1_500
"""The sample of all enrichment tests."""


@dataclass(frozen=True)
class Case:
    """One source as the suite sees it; `kinds` are its documents at the stand-in."""

    fixture: str
    country: str
    number: str
    name: str
    unknown: str
    typed: str = ""
    path: str = ""
    units: int = 0
    kinds: dict[str, str] = field(default_factory=dict)


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
        for one in companies(SEED, "NO", ROWS // 3)
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


CASES: tuple[Case, ...] = (norwegian(),)
