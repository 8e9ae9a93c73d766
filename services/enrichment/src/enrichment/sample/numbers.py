"""Valid numbers, one to a row: from series that, as far as is known, nobody was given.

Swedish limited companies have 557 and 558, which the register has passed over; partnerships
967 and 968, associations 767 and 768. Norwegian numbers begin with 8 or 9, as the real ones do
and every strict check demands, or with 3 or 2, which no real one does.
"""

from functools import cache
from typing import Literal

from enrichment.sample.dice import Dice

SWEDISH_MAX = 2_000_000
NORWEGIAN_MAX = 1_000_000
SUB_UNITS_MAX = 16
"""As many as the Norwegian series has room for below each company."""

Lead = Literal["8/9", "3"]
SERIES = {
    "AB": ("557", "558"),
    "HB": ("967", "968"),
    "KB": ("967", "968"),
    "EK": ("767", "768"),
    "BRF": ("767", "768"),
}
_STRIDE = 1_234_577
"""Neither even nor a multiple of five, so that multiples of it scatter over a power of ten."""
_WEIGHTS = (3, 2, 7, 6, 5, 4, 3)
_TWICE = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
_DIGITS_A_BODY = 9
"""Of ten Norwegian numbers that differ in the eighth digit, at most one has no check digit."""


def swedish(seed: int, index: int, form: str) -> str:
    """Return the organisation number of a Swedish row."""
    if index >= SWEDISH_MAX:
        raise ValueError(f"there are {SWEDISH_MAX:,} Swedish numbers")
    series, rest = divmod(_scattered(seed, index, SWEDISH_MAX), 1_000_000)
    body = f"{SERIES[form][series]}{rest:06d}"
    return body + _luhn(body)


def cfar(index: int, unit: int) -> str:
    """Return the number of a Swedish row's workplace; it has no check digit."""
    return str(20_000_000 + index * SUB_UNITS_MAX + unit)


def norwegian(seed: int, index: int, unit: int = 0, lead: Lead = "8/9") -> str:
    """Return the number of a Norwegian row (`unit` 0) or of one of its sub-units."""
    if index >= NORWEGIAN_MAX:
        raise ValueError(f"there are {NORWEGIAN_MAX:,} Norwegian numbers")
    first = ("98" if lead == "8/9" else "32")[unit // _DIGITS_A_BODY]
    start = f"{first}{_scattered(seed, index, NORWEGIAN_MAX):06d}"
    total = sum(w * int(digit) for w, digit in zip(_WEIGHTS, start, strict=True))
    # The eighth digit counts twice; the one that leads to a check digit of ten is passed over.
    checks = [(digit, -(total + 2 * digit) % 11) for digit in range(10)]
    digit, check = [each for each in checks if each[1] != 10][unit % _DIGITS_A_BODY]  # noqa: PLR2004
    return f"{start}{digit}{check}"


def _scattered(seed: int, index: int, count: int) -> int:
    """Return a place of its own for every index below `count`."""
    return (index * _STRIDE + _first(seed, count)) % count


@cache
def _first(seed: int, count: int) -> int:
    return Dice(seed, "numbers").below(count)


def _luhn(body: str) -> str:
    # Every other digit counts twice, its digits added up.
    total = sum(map(int, body[1::2])) + sum(_TWICE[int(digit)] for digit in body[::2])
    return str(-total % 10)
