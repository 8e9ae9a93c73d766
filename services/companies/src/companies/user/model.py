"""A person who uses the system: added, corrected, let in or not."""

from dataclasses import dataclass, replace
from typing import Any, assert_never

from chassis.decider import Decider, Rejected
from contracts.companies.user import (
    AddUser,
    ChangeUser,
    Role,
    UserAdded,
    UserChanged,
    UserCommand,
    UserEvent,
)
from contracts.values import Sealed


@dataclass(frozen=True, slots=True)
class User:
    """Only what `decide` needs to know about the past; who has no role was never added."""

    name: Sealed | None = None
    email: Sealed | None = None
    role: Role | None = None
    active: bool = True

    @property
    def is_active(self) -> bool:
        """Say whether they were added and are let in."""
        return self.role is not None and self.active


def decide(command: UserCommand, user: User) -> list[UserEvent]:
    """Say what follows from a command; say nothing when it is already so."""
    match command:
        case AddUser():
            return add(command, user)
        case ChangeUser():
            return change(command, user)
        case _:
            assert_never(command)


def add(command: AddUser, user: User) -> list[UserEvent]:
    """Add a user who is not there."""
    if user.role is not None:
        if not news(command, user):
            return []
        raise Rejected("user-exists", "There is a user under this id already; change that one.")
    return [
        UserAdded(
            user_id=command.user_id, name=command.name, email=command.email, role=command.role
        )
    ]


def change(command: ChangeUser, user: User) -> list[UserEvent]:
    """Tell only what is another than before."""
    if user.role is None:
        raise Rejected("user-unknown", "There is no such user.")
    changed = news(command, user)
    return [UserChanged(user_id=command.user_id, **changed)] if changed else []


def news(command: UserCommand, user: User) -> dict[str, Any]:
    """Return what a command says of a user that is not so already."""
    found: dict[str, Any] = {}
    for field in ("name", "email", "role", "active"):
        wanted, had = getattr(command, field, None), getattr(user, field)
        if wanted is not None and not same(wanted, had):
            found[field] = wanted
    return found


def same(one: Any, other: Any) -> bool:
    """Tell whether two values say the same, whichever key they are sealed under."""
    if isinstance(one, Sealed) and isinstance(other, Sealed):
        return one.text == other.text
    return bool(one == other)


def evolve(user: User, event: UserEvent) -> User:
    """Take in one more fact."""
    match event:
        case UserAdded():
            return User(event.name, event.email, event.role)
        case UserChanged():
            return replace(
                user,
                name=event.name or user.name,
                email=event.email or user.email,
                role=event.role or user.role,
                active=user.active if event.active is None else event.active,
            )
        case _:
            assert_never(event)


users: Decider[UserCommand, User, UserEvent] = Decider(User(), decide, evolve)
