"""What the one suite asks of every source: numbers it has, and names."""

from collections.abc import Callable
from dataclasses import dataclass, field

from enrichment.sample.company import companies
from enrichment.sources.port import Source

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
Opened = Callable[[Case], Source]
