"""A user, told as sentences."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given as forall
from hypothesis import strategies as some

from chassis.decider import Rejected
from chassis.testing import scenario
from companies.user.model import users
from contracts.companies.user import AddUser, ChangeUser, Role, UserAdded, UserChanged
from contracts.examples import example
from contracts.values import Sealed

given = scenario(users)
add, change = example(AddUser), example(ChangeUser)
added = UserAdded(user_id=add.user_id, name=add.name, email=add.email, role=add.role)
changed = UserChanged(user_id=add.user_id, email=change.email, role=Role.ADMIN, active=False)


def test_a_user_is_added() -> None:
    given().when(add).then(added)


def test_another_user_is_not_added_under_the_same_id() -> None:
    given(added).when(add.model_copy(update={"role": Role.ADMIN})).then_rejected("user-exists")


def test_adding_the_same_user_twice_says_nothing_new() -> None:
    given(added).when(add).then_nothing()
    resealed = add.name.model_copy(update={"subject": add.command_id})
    given(added).when(add.model_copy(update={"name": resealed})).then_nothing()


def test_a_user_is_changed() -> None:
    given(added).when(change).then(changed)


def test_only_what_is_new_about_a_user_is_told() -> None:
    partly = change.model_copy(update={"email": add.email, "role": add.role})
    given(added).when(partly).then(UserChanged(user_id=add.user_id, active=False))


def test_an_unknown_user_is_not_changed() -> None:
    given().when(change).then_rejected("user-unknown")


def test_changing_a_user_twice_says_nothing_new() -> None:
    given(added, changed).when(change).then_nothing()


def test_a_user_comes_back() -> None:
    back = ChangeUser(**change.model_dump(exclude={"email", "role", "active"}), active=True)
    given(added, changed).when(back).then(UserChanged(user_id=add.user_id, active=True))


def test_an_erased_name_can_be_set_again() -> None:
    erased = added.model_copy(update={"name": Sealed(subject=add.user_id)})
    fresh = ChangeUser(
        **change.model_dump(exclude={"email", "role", "active", "name"}), name=add.name
    )
    given(erased).when(fresh).then(UserChanged(user_id=add.user_id, name=add.name))


ASKED = some.sampled_from(
    [add, change, change.model_copy(update={"active": True, "role": Role.READER})]
)


@forall(some.lists(ASKED), ASKED)
def test_asking_again_adds_nothing(past: list[Any], command: Any) -> None:
    user = users.initial
    for wish in (*past, command):
        with suppress(Rejected):
            for event in users.decide(wish, user):
                user = users.evolve(user, event)
    with suppress(Rejected):
        assert list(users.decide(command, user)) == []


@pytest.mark.parametrize("role", Role)
def test_every_role_can_be_given(role: Role) -> None:
    wanted = add.model_copy(update={"role": role})
    given().when(wanted).then(added.model_copy(update={"role": role}))
