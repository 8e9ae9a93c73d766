"""What a legal form lets be rated, watched and shown, told as sentences."""

from dataclasses import replace

import pytest

from contracts.legal_forms import LEGAL_PERSONS, PERSONAL, kind_of_form
from credit_monitor.facts.forms import treatment
from credit_monitor.facts.subject import Subject

limited = Subject(
    created=True,
    country="SE",
    number="5571200434",
    relations=frozenset({"customer"}),
    form_by_registry="AB",
    registry_key="SE5571200434",
)


def of_form(form: str, country: str = "SE") -> Subject:
    return replace(
        limited, country=country, form_by_registry=form, registry_key=f"{country}5571200434"
    )


@pytest.mark.parametrize("form", sorted(LEGAL_PERSONS["SE"]))
def test_a_legal_person_is_rated_watched_and_shown_with_its_values(form: str) -> None:
    treated = treatment(of_form(form))
    assert (treated.rated, treated.watched, treated.shows_values) == (True, True, True)
    assert not treated.needs_purpose
    assert not treated.is_copied


@pytest.mark.parametrize(
    ("country", "form"), [(c, f) for c, forms in PERSONAL.items() for f in sorted(forms)]
)
def test_sole_traders_and_partnerships_are_looked_at_with_a_purpose_and_a_copy(
    country: str, form: str
) -> None:
    for watch in (False, True):
        treated = treatment(of_form(form, country), watch_private=watch)
        assert not treated.rated
        assert treated.watched is watch
        assert not treated.shows_values
        assert treated.needs_purpose
        assert treated.is_copied


@pytest.mark.parametrize("form", ["FL", "XYZ", "NUF"])
def test_whoever_is_unsure_treats_a_form_as_a_persons(form: str) -> None:
    treated = treatment(of_form(form), watch_private=True)
    assert not treated.watched
    assert treated.needs_purpose


def test_a_persons_number_speaks_louder_than_any_form() -> None:
    entered_as_limited = replace(limited, number="7001011236", registry_key="SE7001011236")
    assert treatment(entered_as_limited).kind == "PERSONAL"
    assert treatment(replace(limited, personal=True, number=None)).kind == "PERSONAL"


def test_a_form_the_registry_has_not_spoken_of_yet_is_unclear() -> None:
    assert treatment(replace(limited, registry_key=None)).kind == "UNCLEAR"


def test_no_form_is_a_legal_persons_and_a_persons() -> None:
    for country, forms in PERSONAL.items():
        assert not forms & LEGAL_PERSONS[country]
    assert kind_of_form("SE", None) == "UNCLEAR"
