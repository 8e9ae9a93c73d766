"""Numbers of companies, in every way people write them."""

from collections.abc import Callable
from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given as forall
from hypothesis import strategies as some
from stdnum import luhn

from contracts.identifiers import (
    NumberInvalid,
    NumberKind,
    identify,
    looks_like_number,
    vat_number,
    workplace,
)

TODAY = date(2026, 11, 23)
NORWEGIAN_WEIGHTS = (3, 2, 7, 6, 5, 4, 3, 2)


@some.composite
def swedish(draw: some.DrawFn) -> str:
    """Draw a Swedish organisation number."""
    digits = draw(some.from_regex(r"[1-35-9][0-9][2-9][0-9]{6}", fullmatch=True))
    return digits + luhn.calc_check_digit(digits)


@some.composite
def personal(draw: some.DrawFn) -> str:
    """Draw a Swedish personal number of twelve digits, or a coordination number."""
    born = draw(some.dates(date(1930, 1, 1), date(2008, 1, 1)))
    day = born.day + draw(some.sampled_from((0, 60)))
    digits = f"{born:%y%m}{day:02}" + draw(some.from_regex(r"[0-9]{3}", fullmatch=True))
    return f"{born:%Y}"[:2] + digits + luhn.calc_check_digit(digits)


@some.composite
def norwegian(draw: some.DrawFn) -> str:
    """Draw a Norwegian organisation number."""
    digits = draw(some.from_regex(r"[89][0-9]{7}", fullmatch=True).filter(has_check_digit))
    return digits + str(norwegian_check(digits) % 11)


def norwegian_check(digits: str) -> int:
    total = sum(w * int(d) for w, d in zip(NORWEGIAN_WEIGHTS, digits, strict=True))
    return 11 - total % 11


def has_check_digit(digits: str) -> bool:
    return norwegian_check(digits) != 10


def fullwidth(number: str) -> str:
    return "".join(chr(ord(sign) + 0xFEE0) if sign.isdigit() else sign for sign in number)


SWEDISH_WAYS = (
    "{0}{1}",
    "{0}-{1}",
    "{0} {1}",
    " {0}\u00a0{1} ",
    "{0}\u2013{1}",
    "{0}.{1}",
    "16{0}{1}",
    "16{0}-{1}",
    "SE{0}{1}",
    "SE {0}-{1}",
    "SE{0}{1}01",
    "se {0}{1} 01",
    "Org.nr: {0}-{1}",
    "organisationsnummer {0}-{1}",
    "\u200e{0}-{1}\ufeff",
)


@forall(swedish(), some.sampled_from(SWEDISH_WAYS), some.sampled_from((str, fullwidth)))
def test_a_swedish_number_is_the_same_in_every_way_of_writing_it(
    number: str, way: str, turned: Callable[[str], str]
) -> None:
    written = way.format(number[:6], number[6:])
    found = identify("SE", turned(written))
    assert (found.kind, found.number) == (NumberKind.ORGNR, number)


@forall(norwegian(), some.sampled_from(("{}", "NO{}MVA", "NO {} MVA", "{} mva", "Orgnr {}")))
def test_a_norwegian_number_is_the_same_in_every_way_of_writing_it(number: str, way: str) -> None:
    spaced = f"{number[:3]} {number[3:6]}\u00a0{number[6:]}"
    for written in (way.format(number), way.format(spaced)):
        found = identify("NO", written)
        assert (found.kind, found.number) == (NumberKind.ORGNR, number)


@forall(personal(), some.sampled_from(("{}{}{}", "{}{}-{}", "{} {} {}")))
def test_a_personal_number_keeps_the_century_it_is_given(number: str, way: str) -> None:
    found = identify("SE", way.format(number[:2], number[2:8], number[8:]))
    assert (found.kind, found.number) == (NumberKind.PERSNR, number)


@forall(personal())
def test_the_century_of_a_personal_number_follows_from_the_day_it_is_read(number: str) -> None:
    written = f"{number[2:8]}{'-' if int(number[:4]) > 1926 else '+'}{number[8:]}"
    assert identify("SE", written, TODAY).number == number
    assert identify("SE", written).number == number[2:]


def test_a_plus_means_a_hundred_years_or_more() -> None:
    assert identify("SE", "811218+9876", TODAY).number == "188112189876"
    assert identify("SE", "811218-9876", TODAY).number == "198112189876"
    assert identify("SE", "19811218+9876").number == "198112189876"


@forall(some.one_of(swedish(), personal()), some.integers(0, 9), some.integers(1, 9))
def test_one_wrong_digit_is_always_noticed_in_sweden(number: str, place: int, slip: int) -> None:
    digits = number[-10:]
    wrong = digits[:place] + str((int(digits[place]) + slip) % 10) + digits[place + 1 :]
    with pytest.raises(NumberInvalid) as refusal:
        identify("SE", wrong)
    assert refusal.value.code == "number-check-digit"


@forall(some.sampled_from(("SE", "NO", "DK", "FI", "GB", "DE")), some.text(max_size=80))
def test_whatever_is_typed_is_understood_or_refused_with_a_code(country: str, typed: str) -> None:
    with suppress(NumberInvalid):
        found = identify(country, typed, TODAY)
        assert found.number.isascii()
        assert found.number.isalnum()
        assert identify(country, found.number, TODAY) == found
    with suppress(NumberInvalid):
        assert workplace(country, typed).kind == NumberKind.WORKPLACE
    looks_like_number(typed)


@pytest.mark.parametrize(
    ("country", "typed", "code"),
    [
        ("SE", "556016-0681", "number-check-digit"),
        ("SE", "55601606", "number-malformed"),
        ("SE", "Volvo", "number-malformed"),
        ("SE", "", "number-malformed"),
        ("SE", "\u00a0", "number-malformed"),
        ("SE", "5560160680" * 9, "number-malformed"),
        ("SE", "+46 8 123 45 67", "number-malformed"),
        ("SE", "NO974760673MVA", "number-malformed"),
        ("SE", "556016-0680; DROP", "number-malformed"),
        ("SE", "0000000000", "number-kind-unknown"),
        ("SE", "16811218-9876", "number-kind-unknown"),
        ("NO", "500000007", "number-kind-unknown"),
        ("NO", "01010112345", "number-kind-unknown"),
        ("NO", "974760674", "number-check-digit"),
        ("NO", "97476067", "number-malformed"),
        ("DK", "13585627", "number-check-digit"),
        ("DK", "+45 13585628", "number-malformed"),
        ("DK", "01234567", "number-malformed"),
        ("FI", "2077474-1", "number-check-digit"),
        ("GB", "GB980780684", "number-kind-unknown"),
        ("GB", "99", "number-malformed"),
        ("DE", "x", "number-malformed"),
        ("XX", "12345", "country-unsupported"),
        ("se", "5560160680", "country-unsupported"),
    ],
)
def test_a_number_that_cannot_be_right_is_refused_with_its_reason(
    country: str, typed: str, code: str
) -> None:
    with pytest.raises(NumberInvalid) as refusal:
        identify(country, typed)
    assert refusal.value.code == code
    assert str(refusal.value).endswith(".")
    assert not typed or typed not in str(refusal.value)


@pytest.mark.parametrize(
    ("country", "typed", "number"),
    [
        ("DK", "DK 13 58 56 28", "13585628"),
        ("DK", "CVR-nr. 13585628", "13585628"),
        ("FI", "2077474-0", "20774740"),
        ("FI", "FI20774740", "20774740"),
        ("FI", "112038-9", "01120389"),
        ("GB", "sc123456", "SC123456"),
        ("GB", "1234567", "01234567"),
        ("DE", "HRB 12345", "HRB12345"),
    ],
)
def test_other_countries_have_their_own_ways(country: str, typed: str, number: str) -> None:
    assert identify(country, typed).number == number


def test_a_workplace_has_a_number_of_its_own() -> None:
    assert workplace("SE", "1234 5678").number == "12345678"
    assert workplace("NO", "974 760 673").number == "974760673"
    assert workplace("DK", "1003388394").number == "1003388394"
    with pytest.raises(NumberInvalid):
        workplace("SE", "5560160680")


@forall(swedish(), some.sampled_from(SWEDISH_WAYS))
def test_a_search_box_knows_a_number_when_it_sees_one(number: str, way: str) -> None:
    assert looks_like_number(way.format(number[:6], number[6:]))


@pytest.mark.parametrize(
    "typed", ["Volvo", "3M", "7-Eleven", "1177", "Kafé 1900", "+46 8 123 45 67", "", "24 7 AB"]
)
def test_a_search_box_knows_a_name_when_it_sees_one(typed: str) -> None:
    assert not looks_like_number(typed)


def test_a_vat_number_follows_from_the_number_where_it_does() -> None:
    assert vat_number("SE", "5560160680") == "SE556016068001"
    assert vat_number("SE", "198112189876") == "SE811218987601"
    assert vat_number("NO", "974760673") == "NO974760673MVA"
    assert vat_number("FI", "20774740") == "FI20774740"
    assert vat_number("GB", "SC123456") is None


def test_twelve_digits_are_read_as_what_they_can_be() -> None:
    assert identify("SE", "202100552101").number == "2021005521"
    assert identify("SE", "SE202100552101").number == "2021005521"
    assert identify("SE", "556016068001").number == "5560160680"


@forall(swedish())
def test_a_vat_number_is_read_back_as_the_number_it_came_from(number: str) -> None:
    assert identify("SE", str(vat_number("SE", number))).number == number
