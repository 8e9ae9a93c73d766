"""Names are sorted as Nordic alphabets do, and found without their dots and rings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.letters import folded, sort_key, words


def test_the_last_letters_come_last_and_in_their_order() -> None:
    names = ["Östberg", "Åkesson", "Zetterlund", "Ärla", "Andersson", "Ødegård", "Ærlig"]
    assert sorted(names, key=sort_key) == [
        "Andersson",
        "Zetterlund",
        "Åkesson",
        "Ärla",
        "Ærlig",
        "Ødegård",
        "Östberg",
    ]


def test_a_capital_sorts_with_its_small_letter() -> None:
    assert sort_key("ÅHLENS") == sort_key("åhlens")


@pytest.mark.parametrize(
    ("typed", "name"),
    [("orebro", "Örebro"), ("ahlen", "Åhlén"), ("odegaard", "Ødegaard"), ("aero", "Ærø")],
)
def test_a_name_is_found_without_its_marks(typed: str, name: str) -> None:
    assert typed in folded(name)


@pytest.mark.parametrize("typed", ["556036-0793", "5560360793", "SE5560360793"])
def test_a_number_is_found_as_people_write_it(typed: str) -> None:
    assert words(typed) == ["5560360793"]


def test_each_word_counts_once() -> None:
    assert words("Bygg  bygg & Plåt") == ["bygg", "&", "plat"]


@given(st.text(max_size=100))
def test_folding_again_changes_nothing(text: str) -> None:
    assert folded(folded(text)) == folded(text)
