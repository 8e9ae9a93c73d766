"""A company enters the register, and its workplaces with it."""

from collections.abc import Iterator

from chassis.decider import Rejected
from companies.company.details import checked
from companies.company.identity import understood
from companies.company.invoicing import check_profile
from companies.company.looking_after import OWNERS_MAX, owners_full
from companies.company.relations import RELATIONS_MAX, relations_full
from companies.company.state import Company, given
from companies.company.sub_units import begun
from contracts.companies.company import (
    AddressChanged,
    CompanyCreated,
    CompanyDetailsChanged,
    CompanyEvent,
    CreateCompany,
    DepartmentSet,
    InvoiceProfileChanged,
    OwnerAdded,
    RelationStarted,
)
from contracts.values import AddressKind, CompanyDetails


def create(command: CreateCompany, company: Company) -> list[CompanyEvent]:
    """Begin a company with all that is said of it, and a stream for each of its workplaces."""
    if company.status != "absent":
        raise Rejected(
            "company-exists",
            "There is a company under this id already; open that one.",
            company_id=str(command.company_id),
        )
    created = CompanyCreated(
        company_id=command.company_id,
        origin=command.origin,
        identity=understood(command.identity, command.at.date()),
        name=command.name,
    )
    events: list[CompanyEvent] = [created, *_details(command), *_addresses(command)]
    events += [*_relations(command), *_owners(command)]
    if command.department_id:
        events.append(
            DepartmentSet(company_id=command.company_id, department_id=command.department_id)
        )
    if command.invoice_profile:
        check_profile(command.invoice_profile, command.at.date())
        events.append(
            InvoiceProfileChanged(company_id=command.company_id, profile=command.invoice_profile)
        )
    return [*events, *begun(command, command.identity.country, command.origin)]


def _details(command: CreateCompany) -> Iterator[CompanyEvent]:
    """Tell what was said by hand, the name only where it is another than the company's."""
    details = given(checked(command.details))
    if details.get("name") == command.name:
        del details["name"]
    if details:
        yield CompanyDetailsChanged(
            company_id=command.company_id, details=CompanyDetails(**details)
        )


def _addresses(command: CreateCompany) -> Iterator[CompanyEvent]:
    for kind in AddressKind:
        if kind in command.addresses:
            yield AddressChanged(
                company_id=command.company_id, kind=kind, address=command.addresses[kind]
            )


def _relations(command: CreateCompany) -> Iterator[CompanyEvent]:
    relations = dict.fromkeys(command.relations)
    if len(relations) > RELATIONS_MAX:
        raise relations_full()
    for relation in relations:
        yield RelationStarted(
            company_id=command.company_id, relation=relation, since=command.at.date()
        )


def _owners(command: CreateCompany) -> Iterator[CompanyEvent]:
    owners = dict.fromkeys(command.owners)
    if len(owners) > OWNERS_MAX:
        raise owners_full()
    for user_id in owners:
        yield OwnerAdded(company_id=command.company_id, user_id=user_id)
