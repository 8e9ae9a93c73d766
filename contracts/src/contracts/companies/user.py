"""What is said about a tenant's own users."""

from enum import StrEnum
from typing import Annotated, ClassVar, Literal, TypeAlias
from uuid import UUID

from pydantic import Field

from contracts.message import Command, Event
from contracts.values import Sealed


class Role(StrEnum):
    """What somebody may do: read; read and change; also manage users and keys; also operate."""

    READER = "reader"
    USER = "user"
    ADMIN = "admin"
    OPERATOR = "operator"


class UserWish(Command):
    """A wish about one user."""

    aggregate: ClassVar[str] = "user"
    user_id: UUID

    @property
    def stream_id(self) -> UUID:
        """Return the id of the stream."""
        return self.user_id


class AddUser(UserWish):
    """Let a person use the system."""

    type: Literal["add-user"] = "add-user"
    name: Sealed
    email: Sealed
    role: Role


class ChangeUser(UserWish):
    """Correct what is known of a user, or let them no longer in."""

    type: Literal["change-user"] = "change-user"
    name: Sealed | None = None
    email: Sealed | None = None
    role: Role | None = None
    active: bool | None = None


class UserFact(Event):
    """A fact about one user."""

    category: ClassVar[str] = "user"
    user_id: UUID

    @property
    def stream_id(self) -> UUID:
        """Return the id of the stream."""
        return self.user_id


class UserAdded(UserFact):
    """A person may use the system."""

    type: Literal["user-added.v1"] = "user-added.v1"
    name: Sealed
    email: Sealed
    role: Role


class UserChanged(UserFact):
    """Something about a user is another than before; what is absent stayed."""

    type: Literal["user-changed.v1"] = "user-changed.v1"
    name: Sealed | None = None
    email: Sealed | None = None
    role: Role | None = None
    active: bool | None = None


UserCommand: TypeAlias = Annotated[AddUser | ChangeUser, Field(discriminator="type")]
UserEvent: TypeAlias = Annotated[UserAdded | UserChanged, Field(discriminator="type")]
