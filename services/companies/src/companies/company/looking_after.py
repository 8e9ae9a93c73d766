"""Who looks after a company: any number of persons, and one of the tenant's departments."""

from chassis.decider import Rejected
from companies.company.state import Company
from contracts.companies.company import (
    AddOwner,
    CompanyEvent,
    DepartmentSet,
    OwnerAdded,
    OwnerRemoved,
    RemoveOwner,
    SetDepartment,
)

OWNERS_MAX = 200
"""As many as anybody wants, yet a card and a message can still hold them."""


def add_owner(command: AddOwner, company: Company) -> list[CompanyEvent]:
    """Add an owner who is not one."""
    if command.user_id in company.owners:
        return []
    if len(company.owners) >= OWNERS_MAX:
        raise owners_full()
    return [OwnerAdded(company_id=command.company_id, user_id=command.user_id)]


def remove_owner(command: RemoveOwner, company: Company) -> list[CompanyEvent]:
    """Remove an owner who is one."""
    if command.user_id not in company.owners:
        return []
    return [OwnerRemoved(company_id=command.company_id, user_id=command.user_id)]


def set_department(command: SetDepartment, company: Company) -> list[CompanyEvent]:
    """Set the department, or none."""
    if command.department_id == company.department_id:
        return []
    return [DepartmentSet(company_id=command.company_id, department_id=command.department_id)]


def owners_full() -> Rejected:
    """Refuse more owners than a company can have."""
    return Rejected("owners-full", f"A company has at most {OWNERS_MAX} owners; remove one first.")
