"""Other spellings of what was typed: the right one is always among them."""

from collections import Counter

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from enrichment.spelling import heads, one_slip, slips, spellings

WORDS = st.text(alphabet="abcdefghijklmno", min_size=4, max_size=14)


def known(vocabulary: list[str], typed: list[str]) -> list[tuple[str, str, int]]:
    """Say what the registry's tables say, if these are all its words."""
    starts = Counter(
        start
        for word in vocabulary
        for start in {word[:n] for n in range(4, min(len(word), 7) + 1)} | {word[:3]}
        if len(start) > 3 or len(word) == 3
    )
    wanted = set(slips(typed))
    found = [
        (slip, start, uses)
        for start, uses in starts.items()
        for slip in {start, *(start[:n] + start[n + 1 :] for n in range(len(start)))} & wanted
    ]
    for head in heads(typed):
        found += [(head, word, 1) for word in vocabulary if word.startswith(head)]
    return found


@st.composite
def slipped(draw: st.DrawFn, word: str) -> str:
    at = draw(st.integers(0, len(word) - 1))
    letter = draw(st.sampled_from("abcxyz"))
    match draw(st.sampled_from(["lost", "added", "wrong", "turned"])):
        case "lost":
            return word[:at] + word[at + 1 :]
        case "added":
            return word[:at] + letter + word[at:]
        case "wrong":
            return word[:at] + letter + word[at + 1 :]
        case _:
            return word[:at] + word[at + 1 : at + 2] + word[at : at + 1] + word[at + 2 :]


@given(st.data(), WORDS, WORDS)
def test_a_word_with_one_slip_is_set_right(data: st.DataObject, word: str, other: str) -> None:
    typed = [data.draw(slipped(word)), other]
    assume(typed[0] != word)
    assume(len(typed[0]) > 2)
    assert f"{word} {other}" in spellings(typed, known([word, other], typed))


@given(st.data(), WORDS)
def test_a_word_half_typed_with_one_slip_is_set_right(data: st.DataObject, word: str) -> None:
    begun = word[: data.draw(st.integers(4, len(word)))]
    typed = [data.draw(slipped(begun))]
    assume(len(typed[0]) > 2)
    found = [*spellings(typed, known([word], typed)), *typed]
    assert any(word.startswith(one) and len(one) >= len(begun) - 1 for one in found)


def test_a_letter_lost_behind_what_the_registry_knows_of_a_word_is_put_back() -> None:
    typed = ["lindber", "bygg"]
    assert "lindberg bygg" in spellings(typed, known(["lindberg", "bygg"], typed))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("sjoviksnickeri", "sjovik snickeri"),
        ("sjovi ksnickeri", "sjovik snickeri"),
        ("sjoviks nickeri", "sjovik snickeri"),
        ("sjo vik", "sjovik"),
        ("sjovikxsnickeri", "sjovik snickeri"),
        ("granhult ba", "granhult"),
    ],
)
def test_a_space_or_a_legal_form_may_be_the_slip(typed: str, meant: str) -> None:
    assert meant in spellings(typed.split(), [])


def test_nothing_is_offered_as_it_was_typed() -> None:
    typed = ["sjovik", "snickeri"]
    assert "sjovik snickeri" not in spellings(typed, known(["sjovik", "snickeri"], typed))


@given(st.data(), WORDS)
def test_one_slip_is_one_slip_from_either_side(data: st.DataObject, word: str) -> None:
    other = data.draw(slipped(word))
    assert one_slip(word, other)
    assert one_slip(other, word)


@pytest.mark.parametrize(("one", "other"), [("abcd", "abdcx"), ("abcd", "badc"), ("ab", "abcd")])
def test_two_slips_are_not_one(one: str, other: str) -> None:
    assert not one_slip(one, other)
