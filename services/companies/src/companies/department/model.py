"""One of the tenant's own departments: it has a name, and may get another."""

from dataclasses import dataclass
from typing import assert_never

from chassis.decider import Decider, Rejected
from contracts.companies.department import (
    AddDepartment,
    DepartmentAdded,
    DepartmentCommand,
    DepartmentEvent,
    DepartmentRenamed,
    RenameDepartment,
)


@dataclass(frozen=True, slots=True)
class Department:
    """Only what `decide` needs to know about the past."""

    name: str = ""


def decide(command: DepartmentCommand, department: Department) -> list[DepartmentEvent]:
    """Say what follows from a command; say nothing when it is already so."""
    match command:
        case AddDepartment():
            return add(command, department)
        case RenameDepartment():
            return rename(command, department)
        case _:
            assert_never(command)


def add(command: AddDepartment, department: Department) -> list[DepartmentEvent]:
    """Add a department that is not there."""
    if department.name == command.name:
        return []
    if department.name:
        raise Rejected(
            "department-exists", "There is a department under this id already; rename that one."
        )
    return [DepartmentAdded(department_id=command.department_id, name=command.name)]


def rename(command: RenameDepartment, department: Department) -> list[DepartmentEvent]:
    """Give a department that is there another name."""
    if not department.name:
        raise Rejected("department-unknown", "There is no such department.")
    if department.name == command.name:
        return []
    return [DepartmentRenamed(department_id=command.department_id, name=command.name)]


def evolve(_department: Department, event: DepartmentEvent) -> Department:
    """Take in one more fact."""
    match event:
        case DepartmentAdded() | DepartmentRenamed():
            return Department(event.name)
        case _:
            assert_never(event)


departments: Decider[DepartmentCommand, Department, DepartmentEvent] = Decider(
    Department(), decide, evolve
)
