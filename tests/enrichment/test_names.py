"""Names as they are compared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrichment.names import folded, name_key, wording


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Exempel AB", "exempel"),
        ("AB Exempel", "exempel"),
        ("Aktiebolaget Exempel (publ)", "exempel"),
        ("Exempel AB (publ)", "exempel"),
        ("Handelsbolaget Å & Ö", "a o"),
        ("FJELLVIK DATA AS", "fjellvik data"),
        ("A/S NORSK DATA", "norsk data"),
        ("NORSK DATA A.S.", "norsk data"),
        ("BORETTSLAGET SOLBAKKEN", "borettslaget solbakken"),
    ],
)
def test_a_legal_form_is_left_out_wherever_it_stands(name: str, key: str) -> None:
    assert name_key(name) == key


@pytest.mark.parametrize("name", ["AB", "As", "K.B.", "HB KB"])
def test_a_name_that_is_all_legal_form_keeps_it(name: str) -> None:
    assert name_key(name) == folded(name) != ""


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("K.B. Nilsson AB", "k b nilsson"),
        ("J.P. Holm AB", "jp holm"),
        ("J.P.Holm AB", "jp holm"),
        ("Da Vinci Tak AB", "da vinci tak"),
        ("Ek & Son AB", "ek son"),
    ],
)
def test_initials_and_first_words_are_no_legal_forms(name: str, key: str) -> None:
    assert name_key(name) == key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ÅÄÖ", "aao"),
        ("Æ Ø Å", "a o a"),
        ("Café Linné", "cafe linne"),
        ("A\u030a", "å"),
        ("O\u2019Leary", "O'Leary"),
        ("Lindström-Ek", "lindstrom ek"),
        ("\uff21\uff22\uff23", "abc"),
    ],
)
def test_accents_signs_and_ways_of_writing_make_no_difference(one: str, other: str) -> None:
    assert folded(one) == folded(other)


@given(st.text(max_size=60))
def test_what_is_folded_stays_as_it_is(text: str) -> None:
    once = folded(text)
    assert folded(once) == once
    assert set(once) <= set("abcdefghijklmnopqrstuvwxyz0123456789 ")
    assert once == " ".join(once.split())


def test_a_last_word_may_be_a_legal_form_or_a_beginning() -> None:
    typed = wording("exempel ab")
    assert (typed.start, typed.name, typed.form) == ("exempel ab", "exempel", "AB")
    typed = wording("exempel akt")
    assert (typed.start, typed.name, typed.form) == ("exempel akt", "exempel", None)


def test_a_legal_form_before_the_name_is_passed_over_once_the_name_begins() -> None:
    assert wording("ab").start == "ab"
    assert wording("ab e").start == "e"
    assert wording("exempel ab b").start == "exempel b"


@given(st.text(alphabet="abcåäöæøé &-./'", min_size=1, max_size=30))
def test_whoever_types_a_name_to_its_end_means_it(name: str) -> None:
    key, typed = name_key(name), wording(name)
    assert key in {typed.start, typed.name} or key.startswith(typed.start)


@pytest.mark.parametrize("typed", ["", " ", "&", "...", "(-)"])
def test_what_holds_no_letter_means_nothing(typed: str) -> None:
    assert wording(typed).start == ""


@given(st.text(st.sampled_from("aeoåäöæøéüÅÖbk19 \t'"), max_size=30))
def test_names_without_signs_are_folded_as_those_with_some_are(name: str) -> None:
    assert folded(name) == folded(f"{name} !")
