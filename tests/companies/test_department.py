"""A department, and a person erased: told as sentences."""

from contextlib import suppress
from typing import Any

from hypothesis import given as forall
from hypothesis import strategies as some

from chassis.decider import AnyDecider, Rejected
from chassis.testing import scenario
from companies.department.model import departments
from companies.subject.model import subjects
from contracts.companies.department import (
    AddDepartment,
    DepartmentAdded,
    DepartmentRenamed,
    RenameDepartment,
)
from contracts.companies.subject import EraseSubject, SubjectErased
from contracts.examples import example

given, given_subject = scenario(departments), scenario(subjects)
add, added = example(AddDepartment), example(DepartmentAdded)
rename, renamed = example(RenameDepartment), example(DepartmentRenamed)
erase, erased = example(EraseSubject), example(SubjectErased)


def test_a_department_is_added() -> None:
    given().when(add).then(added)


def test_another_department_is_not_added_under_the_same_id() -> None:
    given(added, renamed).when(add).then_rejected("department-exists")


def test_adding_the_same_department_twice_says_nothing_new() -> None:
    given(added).when(add).then_nothing()


def test_a_department_is_renamed() -> None:
    given(added).when(rename).then(renamed)


def test_an_unknown_department_is_not_renamed() -> None:
    given().when(rename).then_rejected("department-unknown")


def test_giving_a_department_the_name_it_has_says_nothing_new() -> None:
    given(added, renamed).when(rename).then_nothing()


def test_an_erasure_is_recorded_once() -> None:
    given_subject().when(erase).then(erased)
    given_subject(erased).when(erase).then_nothing()


def again(decider: AnyDecider, commands: list[Any]) -> None:
    """Ask for all of it, then for the last once more."""
    state = decider.initial
    for wish in commands:
        with suppress(Rejected):
            for event in decider.decide(wish, state):
                state = decider.evolve(state, event)
    with suppress(Rejected):
        assert list(decider.decide(commands[-1], state)) == []


@forall(some.lists(some.sampled_from([add, rename]), min_size=1))
def test_asking_a_department_again_adds_nothing(commands: list[Any]) -> None:
    again(departments, commands)


@forall(some.lists(some.just(erase), min_size=1))
def test_erasing_again_adds_nothing(commands: list[Any]) -> None:
    again(subjects, commands)
