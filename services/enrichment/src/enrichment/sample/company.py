"""The companies of the sample, row by row: any of them can be made alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from enrichment.sample import numbers
from enrichment.sample.dice import Dice
from enrichment.sample.naming import company_name
from enrichment.sample.numbers import Lead
from enrichment.sample.row import Row
from enrichment.sample.words import Place, Trade, Words, words_of

AS_OF = datetime(2026, 11, 1, tzinfo=UTC)
"""The day that the sample shows."""
OLDEST_DAYS = 50 * 365
DEREGISTERED_PER_MILLE = 50
INSOLVENT_PER_MILLE = 20
LIQUIDATED_PER_MILLE = 30
NO_MARKETING_PER_MILLE = 60
WEBSITE_PER_MILLE = 80
POST_BOX_PER_MILLE = 250
SMALL = 5
SMALL_WITH_ONE_PER_MILLE = 340
"""So that ten sub-units come to 23 companies."""
SIZES = (
    (520, (0, 0)),
    (270, (1, 4)),
    (90, (5, 9)),
    (60, (10, 19)),
    (38, (20, 49)),
    (12, (50, 99)),
    (5, (100, 199)),
    (3, (200, 499)),
    (1, (500, 999)),
    (1, (1000, 1499)),
)
"""How often which size class: most have nobody employed, few have many."""
FORMS = {
    "SE": ((82, "AB"), (4, "HB"), (2, "KB"), (4, "EK"), (8, "BRF")),
    "NO": ((84, "AS"), (1, "ASA"), (3, "ANS"), (3, "DA"), (4, "SA"), (3, "BRL"), (2, "NUF")),
}
"""Sole traders are not among them: their number, in Sweden, and their name are personal."""


@dataclass(frozen=True, slots=True)
class SampledUnit:
    """A workplace, or sub-unit, of a company."""

    number: str
    name: str
    place: Place
    street: str
    postal_code: str
    employees: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Sampled:
    """A company as the registries are to have it."""

    country: str
    number: str
    name: str
    form: str
    registered_on: date
    deregistered_on: date | None
    proceeding: tuple[str, date] | None
    trade: Trade
    employees: tuple[int, int]
    employed: int
    place: Place
    street: str
    postal_code: str
    post_box: str | None
    no_marketing: bool
    website: str | None
    description: str
    units: tuple[SampledUnit, ...]


def companies(seed: int, country: str, count: int, lead: Lead = "8/9") -> Iterator[Sampled]:
    """Return the first rows of a country's sample."""
    return (company(Row(seed, country, index, lead)) for index in range(count))


def company(row: Row) -> Sampled:
    """Make one row."""
    dice = row.dice("company")
    country = row.country
    words = words_of(country)
    form = dice.weighted(FORMS[country])
    name, trade = company_name(row, form, words)
    registered = AS_OF.date() - timedelta(days=1 + dice.below(OLDEST_DAYS))
    gone = _day_after(registered, dice) if dice.chance(DEREGISTERED_PER_MILLE) else None
    employees = (0, 0) if gone else dice.weighted(SIZES)
    place = words.place(dice)
    number = _number(row, form)
    return Sampled(
        country=country,
        number=number,
        name=name,
        form=form,
        registered_on=registered,
        deregistered_on=gone,
        proceeding=None if gone else _proceeding(registered, dice),
        trade=trade,
        employees=employees,
        employed=employees[0] + dice.below(employees[1] - employees[0] + 1),
        place=place,
        street=_street(words, dice),
        postal_code=_postal_code(place, dice),
        post_box=f"Box {1 + dice.below(900)}" if dice.chance(POST_BOX_PER_MILLE) else None,
        no_marketing=dice.chance(NO_MARKETING_PER_MILLE),
        website=f"www.{number}.example" if dice.chance(WEBSITE_PER_MILLE) else None,
        description=_description(country, name, trade, dice),
        units=() if gone else _units(row, name, employees, place),
    )


def _number(row: Row, form: str) -> str:
    if row.country == "SE":
        return numbers.swedish(row.seed, row.index, form)
    return numbers.norwegian(row.seed, row.index, lead=row.lead)


def _day_after(day: date, dice: Dice) -> date:
    return day + timedelta(days=dice.below((AS_OF.date() - day).days))


def _proceeding(registered: date, dice: Dice) -> tuple[str, date] | None:
    """Return what some companies are in the middle of."""
    if dice.chance(INSOLVENT_PER_MILLE):
        return "bankruptcy", _day_after(registered, dice)
    if dice.chance(LIQUIDATED_PER_MILLE):
        return "liquidation", _day_after(registered, dice)
    return None


def _street(words: Words, dice: Dice) -> str:
    return f"{dice.pick(words.streets)} {1 + dice.below(120)}"


def _postal_code(place: Place, dice: Dice) -> str:
    """Return a postal code of the place's area: four digits in Norway, five in Sweden."""
    start = dice.pick(place.postal_areas)
    return start if len(start) == len("0150") else f"{start}{dice.below(1_000):03d}"


def _description(country: str, name: str, trade: Trade, dice: Dice) -> str:
    """Return what a company is for; some put a name in quotes, as people do."""
    known_as = f' under namnet "{name}"' if dice.chance(30) else ""
    if country == "SE":
        return f"Bolaget ska bedriva {trade.text.lower()}{known_as} och därmed förenlig verksamhet."
    return f"{trade.text} og det som naturlig hører til."


def _units(row: Row, name: str, employees: tuple[int, int], home: Place) -> tuple[SampledUnit, ...]:
    """Return where a company works: nowhere of its own, in one place, or in several."""
    dice, words = row.dice("units"), words_of(row.country)
    count = int(
        employees[0] > 0 and (employees[0] >= SMALL or dice.chance(SMALL_WITH_ONE_PER_MILLE))
    )
    if employees[0] >= SMALL:
        count += dice.below(min(numbers.SUB_UNITS_MAX, 1 + employees[0] // 10))
    units = []
    for unit in range(count):
        place = home if unit == 0 else words.place(dice)
        units.append(
            SampledUnit(
                number=_unit_number(row, unit),
                name=name if unit == 0 else _branch(row.country, name, place),
                place=place,
                street=_street(words, dice),
                postal_code=_postal_code(place, dice),
                employees=employees if unit == 0 else (1, 4),
            )
        )
    return tuple(units)


def _unit_number(row: Row, unit: int) -> str:
    if row.country == "SE":
        return numbers.cfar(row.index, unit)
    return numbers.norwegian(row.seed, row.index, unit + 1, row.lead)


def _branch(country: str, name: str, place: Place) -> str:
    return f"{name} {place.name}" if country == "SE" else f"{name} AVD {place.name.upper()}"
