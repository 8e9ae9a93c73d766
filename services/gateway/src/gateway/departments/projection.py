"""Departments: one row each."""

from importlib.resources import files
from typing import NamedTuple

from chassis.projection import Projection, Told
from contracts.companies.department import DepartmentAdded, DepartmentRenamed


class DepartmentRow(NamedTuple):
    """A row of `departments`."""

    department_id: str
    name: str
    created_at: str


def evolve(row: DepartmentRow | None, told: Told) -> DepartmentRow | None:
    """Take in one more fact."""
    match told.event:
        case DepartmentAdded() as event:
            return DepartmentRow(str(event.department_id), event.name, told.at)
        case DepartmentRenamed() as event if row:
            return row._replace(name=event.name)
        case _:
            return row


departments: Projection[DepartmentRow] = Projection(
    name="departments",
    version=1,
    row=DepartmentRow,
    table_sql=files("gateway.departments").joinpath("table.sql").read_text(),
    handles=(DepartmentAdded, DepartmentRenamed),
    key=lambda told: str(told.event.stream_id),
    evolve=evolve,
)
