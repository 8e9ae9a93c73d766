"""Where in a name the match is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrichment.marks import marks
from enrichment.names import folded


@pytest.mark.parametrize(
    ("name", "words", "shown"),
    [
        ("Sjöviks Snickeri AB", ["sjo"], ["Sjö"]),
        ("Sjöviks Snickeri AB", ["snick", "sjov"], ["Sjöv", "Snick"]),
        ("HAAKON SÆTHER AS", ["hakon", "sath"], ["HAAKON", "SÆTH"]),
        ("Lindström-Ek & Co", ["ek"], ["Ek"]),
        ("O\u2019Leary AB", ["olea"], ["O\u2019Lea"]),
        ("Andersson Anders", ["anders", "anders"], ["Anders", "Anders"]),
        ("Exempel AB", ["zzz"], []),
    ],
)
def test_what_was_typed_is_marked_as_it_is_written(
    name: str, words: list[str], shown: list[str]
) -> None:
    assert [name[start:end] for start, end in marks(name, words)] == shown


@given(st.text(max_size=40), st.text(max_size=10))
def test_marks_lie_in_the_name_one_after_the_other(name: str, typed: str) -> None:
    before = 0
    for start, end in marks(name, folded(typed).split()):
        assert before <= start < end <= len(name)
        before = end
