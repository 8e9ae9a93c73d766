"""What is said about the tenant's own departments."""

from typing import Annotated, ClassVar, Literal, TypeAlias
from uuid import UUID

from pydantic import Field

from contracts.message import Command, Event
from contracts.values import Line


class DepartmentWish(Command):
    """A wish about one department."""

    aggregate: ClassVar[str] = "department"
    department_id: UUID

    @property
    def stream_id(self) -> UUID:
        """Return the id of the stream."""
        return self.department_id


class AddDepartment(DepartmentWish):
    """Add one of the tenant's own departments."""

    type: Literal["add-department"] = "add-department"
    name: Line


class RenameDepartment(DepartmentWish):
    """Give a department another name."""

    type: Literal["rename-department"] = "rename-department"
    name: Line


class DepartmentFact(Event):
    """A fact about one department."""

    category: ClassVar[str] = "department"
    department_id: UUID

    @property
    def stream_id(self) -> UUID:
        """Return the id of the stream."""
        return self.department_id


class DepartmentAdded(DepartmentFact):
    """The tenant has one more department."""

    type: Literal["department-added.v1"] = "department-added.v1"
    name: Line


class DepartmentRenamed(DepartmentFact):
    """A department has another name."""

    type: Literal["department-renamed.v1"] = "department-renamed.v1"
    name: Line


DepartmentCommand: TypeAlias = Annotated[
    AddDepartment | RenameDepartment, Field(discriminator="type")
]
DepartmentEvent: TypeAlias = Annotated[
    DepartmentAdded | DepartmentRenamed, Field(discriminator="type")
]
