"""The sample: the same for the same seed, valid, and as mixed as the real thing."""

import hashlib
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.eu import nace
from stdnum.no import orgnr as no_orgnr
from stdnum.se import orgnr as se_orgnr

from contracts.identifiers import NumberKind, identify, workplace
from enrichment.commands import ROWS, SEED
from enrichment.sample import files, numbers
from enrichment.sample.company import FORMS, Sampled, companies, company
from enrichment.sample.dice import Dice
from enrichment.sample.files import companies_among, shares, write_sample
from enrichment.sample.row import Row
from enrichment.sample.words import words_of

COUNT = 3_000


@pytest.fixture(scope="module")
def swedish() -> list[Sampled]:
    return list(companies(7, "SE", COUNT))


@pytest.fixture(scope="module")
def norwegian() -> list[Sampled]:
    return list(companies(7, "NO", COUNT))


def digests(directory: Path, hash_seed: str) -> dict[str, str]:
    """Write a sample in a process of its own, and say what is in the files."""
    command = ["generate", "--rows", "300", "--seed", "7", "--out", str(directory)]
    subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-c", "from enrichment.commands import app; app()", *command],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        check=True,
        capture_output=True,
    )
    return {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in directory.iterdir()
    }


def test_a_seed_gives_the_same_bytes_in_every_process(tmp_path: Path) -> None:
    first = digests(tmp_path / "one", "1")
    assert len(first) == 6
    assert digests(tmp_path / "two", "2") == first


def test_another_seed_gives_other_companies() -> None:
    assert company(Row(7, "SE", 0)) != company(Row(8, "SE", 0))


def test_any_row_can_be_made_alone(norwegian: list[Sampled]) -> None:
    assert company(Row(7, "NO", 1_234)) == norwegian[1_234]


def test_swedish_numbers_are_valid_and_of_the_passed_over_series(swedish: list[Sampled]) -> None:
    assert len({one.number for one in swedish}) == COUNT
    for one in swedish:
        assert se_orgnr.is_valid(one.number)
        assert identify("SE", one.number).kind is NumberKind.ORGNR
        assert one.number[:3] in numbers.SERIES[one.form]
        assert all(workplace("SE", unit.number) for unit in one.units)


def test_norwegian_numbers_are_valid_and_no_two_are_alike(norwegian: list[Sampled]) -> None:
    found = [each for one in norwegian for each in (one.number, *(u.number for u in one.units))]
    assert len(set(found)) == len(found)
    for number in found:
        assert no_orgnr.is_valid(number)
        assert identify("NO", number).number == number


@given(st.integers(0, numbers.NORWEGIAN_MAX - 1), st.integers(0, numbers.SUB_UNITS_MAX))
def test_norwegian_numbers_can_begin_as_no_real_one_does(index: int, unit: int) -> None:
    number = numbers.norwegian(7, index, unit, "3")
    assert no_orgnr.is_valid(number)
    assert number[0] in "32"


@given(st.integers(0, numbers.SWEDISH_MAX - 1))
def test_every_swedish_number_there_is_room_for_is_valid(index: int) -> None:
    assert se_orgnr.is_valid(numbers.swedish(7, index, "AB"))


def test_more_numbers_than_there_are_are_refused() -> None:
    with pytest.raises(ValueError, match="numbers"):
        numbers.swedish(7, numbers.SWEDISH_MAX, "AB")
    with pytest.raises(ValueError, match="numbers"):
        numbers.norwegian(7, numbers.NORWEGIAN_MAX)


@pytest.mark.parametrize("country", ["SE", "NO"])
def test_industries_are_of_the_present_nomenclature(country: str) -> None:
    for trade in words_of(country).trades:
        digits = trade.code.replace(".", "")
        assert len(digits) == 5
        assert nace.is_valid(digits[:4]), trade


def test_every_swedish_municipality_is_known() -> None:
    assert len({place.code for place in words_of("SE").places}) == 290
    assert len({place.code for place in words_of("NO").places}) >= 40


def test_names_are_as_varied_as_real_ones(swedish: list[Sampled], norwegian: list[Sampled]) -> None:
    names = [one.name for one in swedish]
    assert len(set(names)) > 0.9 * COUNT
    for sign in "åäöé&-":
        assert any(sign in name for name in names), sign
    assert any(name.startswith("AB ") for name in names)
    assert any(len(name) > 100 for name in names)
    assert all(one.name == one.name.upper() for one in norwegian)
    for sign in "ÆØÅ&-":
        assert any(sign in one.name for one in norwegian), sign


def test_every_legal_form_occurs_and_no_sole_trader(
    swedish: list[Sampled], norwegian: list[Sampled]
) -> None:
    assert {one.form for one in swedish} == {form for _, form in FORMS["SE"]}
    assert {one.form for one in norwegian} == {form for _, form in FORMS["NO"]}
    assert not {"E", "ENK"} & {one.form for one in [*swedish, *norwegian]}


def test_some_have_ended_or_are_about_to(swedish: list[Sampled]) -> None:
    gone = sum(one.deregistered_on is not None for one in swedish)
    proceedings = Counter(one.proceeding[0] for one in swedish if one.proceeding)
    assert 0.035 < gone / COUNT < 0.065
    assert 0.01 < proceedings["bankruptcy"] / COUNT < 0.03
    assert proceedings["liquidation"]
    for one in swedish:
        assert one.deregistered_on is None or one.registered_on <= one.deregistered_on
        assert one.deregistered_on is None or not one.units


def test_the_default_sample_is_large_enough() -> None:
    swedish, norwegian = shares(companies_among(ROWS))
    made = [*companies(SEED, "SE", swedish), *companies(SEED, "NO", norwegian)]
    rows = len(made) + sum(len(one.units) for one in made)
    assert abs(rows - ROWS) < ROWS // 50


def test_names_have_as_many_words_as_a_register_has(swedish: list[Sampled]) -> None:
    words = Counter(word for one in swedish for word in one.name.split())
    assert sum(count == 1 for count in words.values()) > COUNT // 4


def test_a_large_sample_is_made_by_several_processes_and_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = write_sample(tmp_path / "alone", 7, 900)
    monkeypatch.setattr(files, "PART_COMPANIES", 100)
    monkeypatch.setattr(files, "PARTS_ALONE_MAX", 2)
    told: list[int] = []
    several = write_sample(tmp_path / "several", 7, 900, tell=told.append)
    assert [file.read_bytes() for file in several] == [file.read_bytes() for file in alone]
    assert sum(told) == 900


@given(st.integers(1, 10**6), st.integers())
def test_dice_stay_within_their_sides(sides: int, seed: int) -> None:
    dice = Dice(seed, "test")
    throws = [dice.below(sides) for _ in range(60)]
    assert all(0 <= throw < sides for throw in throws)
    again = Dice(seed, "test")
    assert throws == [again.below(sides) for _ in range(60)]
