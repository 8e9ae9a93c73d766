"""Whom to rate and to watch, told as sentences."""

from dataclasses import replace

import pytest

from contracts.credit_monitor import CompanyRated
from contracts.credit_policy import CreditPolicy
from contracts.examples import example
from credit_monitor.credit.state import Credit
from credit_monitor.facts.subject import Subject
from credit_monitor.policy.next_step import Dealings, Step, next_step

rating = example(CompanyRated).rating
customer = Subject(
    created=True,
    country="SE",
    number="5571200434",
    relations=frozenset({"customer"}),
    form_by_registry="AB",
    registry_key="SE5571200434",
)
asked = Dealings(rated_key=customer.key)
watched = Dealings(rated_key=customer.key, listed="yes")
nothing, is_rated, is_watched = Credit(), Credit(rating), Credit(rating, watched=True)


def step(subject: Subject, credit: Credit = nothing, dealings: Dealings = asked) -> Step:
    return next_step(subject, credit, dealings)[0]


@pytest.mark.parametrize("relation", ["customer", "prospect"])
def test_customers_and_prospects_are_rated(relation: str) -> None:
    assert step(replace(customer, relations=frozenset({relation}))) is Step.RATE


@pytest.mark.parametrize("relations", [set(), {"supplier-product"}, {"other", "partner"}])
def test_nobody_else_is(relations: set[str]) -> None:
    assert step(replace(customer, relations=frozenset(relations))) is Step.NOTHING


@pytest.mark.parametrize("form", ["AB", "EK", "BRF", "I", "S", "BAB"])
def test_swedish_legal_persons_may_be_checked(form: str) -> None:
    assert step(replace(customer, form_by_registry=form)) is Step.RATE


@pytest.mark.parametrize("form", ["AS", "ASA", "SA", "STI", "FLI", "BRL"])
def test_norwegian_legal_persons_may_be_checked(form: str) -> None:
    norwegian = replace(
        customer,
        country="NO",
        number="310000007",
        registry_key="NO310000007",
        form_by_registry=form,
    )
    assert step(norwegian) is Step.RATE


@pytest.mark.parametrize("form", ["E", "HB", "KB", "EB", "FL", "XYZ"])
def test_sole_traders_partnerships_and_unknown_forms_are_left_out(form: str) -> None:
    left_out = replace(customer, form_by_registry=form)
    assert next_step(left_out, nothing, asked) == (Step.EXCLUDE, "LEGAL_FORM")


@pytest.mark.parametrize("form", ["ENK", "ANS", "DA", "KS", "NUF"])
def test_norwegian_ones_too(form: str) -> None:
    left_out = replace(
        customer,
        country="NO",
        number="310000007",
        registry_key="NO310000007",
        form_by_registry=form,
    )
    assert next_step(left_out, nothing, asked) == (Step.EXCLUDE, "LEGAL_FORM")


def test_a_form_that_is_not_known_yet_is_waited_for() -> None:
    waiting = replace(customer, registry_key=None, form_by_registry=None)
    assert step(waiting) is Step.NOTHING


def test_what_people_say_of_the_form_counts_only_once_the_registry_was_asked() -> None:
    waiting = replace(customer, registry_key=None, form_by_registry=None, form_by_hand="AB")
    assert step(waiting) is Step.NOTHING
    assert step(replace(waiting, registry_key=waiting.key)) is Step.RATE
    disputed = replace(waiting, registry_key=waiting.key, form_by_registry="HB")
    assert step(disputed) is Step.EXCLUDE


def test_a_form_nobody_knows_is_left_out_until_it_is_known() -> None:
    unknown = replace(customer, form_by_registry=None)
    assert next_step(unknown, nothing, asked) == (Step.EXCLUDE, "LEGAL_FORM")
    out = Credit(excluded="LEGAL_FORM")
    assert step(unknown, out) is Step.NOTHING
    assert step(replace(unknown, form_by_hand="AB"), out) is Step.RATE


def test_a_persons_number_is_asked_about_by_people_alone() -> None:
    person = replace(customer, number=None, personal=True, registry_key="SE", person="one")
    assert next_step(person, nothing, asked) == (Step.EXCLUDE, "LEGAL_FORM")
    wanted = CreditPolicy(watch_private_forms=True)
    looked_at = replace(asked, rated_key="SEone")
    assert next_step(person, nothing, Dealings(), wanted) == (Step.NOTHING, None)
    assert next_step(person, Credit(opened=True), looked_at, wanted) == (Step.WATCH, None)
    another = replace(person, person="two")
    watching = Credit(opened=True, watched=True)
    assert next_step(another, watching, looked_at, wanted) == (Step.STOP, "NUMBER_CHANGED")


def test_a_persons_number_in_a_companys_place_is_never_asked_about() -> None:
    mistaken = replace(customer, number="8507099805", registry_key="SE8507099805")
    assert next_step(mistaken, nothing, asked) == (Step.EXCLUDE, "LEGAL_FORM")


def test_without_a_number_or_in_another_country_nobody_is_rated() -> None:
    bare = replace(customer, number=None, registry_key="SE")
    assert next_step(bare, nothing, asked) == (Step.EXCLUDE, "NO_NUMBER")
    danish = replace(customer, country="DK", number="12345674")
    assert next_step(danish, nothing, asked) == (Step.EXCLUDE, "COUNTRY")


def test_workplaces_are_not_rated() -> None:
    assert step(replace(customer, workplace=True)) is Step.NOTHING


def test_a_rating_starts_the_watch() -> None:
    assert step(customer, is_rated) is Step.WATCH
    assert step(customer, is_watched, watched) is Step.NOTHING


def test_a_watch_the_bureau_may_not_know_of_is_asked_for_again() -> None:
    assert step(customer, is_rated, replace(watched, listed="maybe")) is Step.WATCH
    assert step(customer, is_watched, replace(watched, listed="maybe")) is Step.WATCH


def test_what_the_bureau_tells_is_settled() -> None:
    assert step(customer, is_watched, replace(watched, told=True)) is Step.SETTLE


@pytest.mark.parametrize(
    ("left", "cause"),
    [
        (replace(customer, archived=True), "ARCHIVED"),
        (replace(customer, archived=True, merged=True), "MERGED"),
        (replace(customer, relations=frozenset({"other"})), "RELATION_ENDED"),
    ],
)
def test_an_end_is_said_first_and_then_the_bureau_is_told(left: Subject, cause: str) -> None:
    assert next_step(left, is_watched, watched) == (Step.STOP, cause)
    assert step(left, is_rated, watched) is Step.UNLIST
    assert step(left, is_rated, replace(watched, listed="maybe")) is Step.UNLIST
    assert step(left, is_rated, asked) is Step.NOTHING


def test_whoever_comes_back_is_watched_again() -> None:
    assert step(customer, is_rated, asked) is Step.WATCH


def test_another_number_ends_the_watch_and_is_rated_anew() -> None:
    moved = replace(customer, number="5571200442", registry_key="SE5571200442")
    assert next_step(moved, is_watched, watched) == (Step.STOP, "NUMBER_CHANGED")
    assert step(moved, nothing, watched) is Step.UNLIST
    assert step(moved, nothing, asked) is Step.RATE
    assert step(moved, is_rated, asked) is Step.RATE


def test_another_number_ends_the_watch_even_before_the_registry_has_answered() -> None:
    moved = replace(customer, number="5571200442")
    assert next_step(moved, is_watched, watched) == (Step.STOP, "NUMBER_CHANGED")
    assert step(moved, nothing, asked) is Step.NOTHING


def test_a_company_found_to_be_a_partnership_is_left_out_at_once() -> None:
    partnership = replace(customer, form_by_registry="HB")
    assert next_step(partnership, is_watched, watched) == (Step.EXCLUDE, "LEGAL_FORM")
    assert step(partnership, Credit(rating, excluded="LEGAL_FORM"), watched) is Step.UNLIST


def test_whom_the_bureau_would_not_rate_is_left_in_peace_for_some_time() -> None:
    failed = Credit(failed="unknown-at-bureau", excluded="NOT_RATED")
    assert step(customer, failed) is Step.REST
    assert step(customer, failed, replace(asked, asked_long_ago=True)) is Step.RATE
    moved = replace(customer, number="5571200442", registry_key="SE5571200442")
    assert step(moved, failed) is Step.RATE


def test_a_company_nobody_has_created_yet_is_waited_for() -> None:
    assert step(Subject(), nothing, Dealings()) is Step.NOTHING
