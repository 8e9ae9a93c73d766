"""A small service for the machinery's own tests: departments, which only have names."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import assert_never

import pytest

from chassis.decider import Claim, Decider, Rejected
from chassis.service import Service
from chassis.site import Site
from contracts.companies.department import (
    AddDepartment,
    DepartmentAdded,
    DepartmentCommand,
    DepartmentEvent,
    DepartmentRenamed,
    RenameDepartment,
)
from onebox.testing import Servers


@dataclass(frozen=True, slots=True)
class Department:
    name: str | None = None


def decide(command: DepartmentCommand, department: Department) -> Sequence[DepartmentEvent]:
    match command:
        case AddDepartment():
            if department.name is not None:
                raise Rejected("department-exists", "It is there.")
            return [DepartmentAdded(department_id=command.department_id, name=command.name)]
        case RenameDepartment():
            if department.name is None:
                raise Rejected("department-unknown", "There is none.")
            if department.name == command.name:
                return []
            return [DepartmentRenamed(department_id=command.department_id, name=command.name)]
        case _:
            assert_never(command)


DEPARTMENTS: Decider[DepartmentCommand, Department, DepartmentEvent] = Decider(
    Department(),
    decide,
    lambda _, event: Department(event.name),
    claims=lambda event: Claim("name", event.name),
)
SERVICE = Service("companies", migrations="")


@pytest.fixture
def departments() -> Decider[DepartmentCommand, Department, DepartmentEvent]:
    """Return the decider of the small service."""
    return DEPARTMENTS


@pytest.fixture
async def site(servers: Servers) -> AsyncIterator[Site]:
    """Open the small service on the session's servers."""
    installation = await servers.install("machinery", SERVICE)
    async with installation.site(SERVICE) as opened:
        yield opened
