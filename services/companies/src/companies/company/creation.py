"""A company enters the register, and its workplaces with it."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from chassis.decider import Rejected
from companies.company.details import checked
from companies.company.identity import understood, workplace_identity
from companies.company.invoicing import check_profile
from companies.company.looking_after import OWNERS_MAX, owners_full
from companies.company.relations import RELATIONS_MAX, relations_full
from companies.company.state import Company, given
from contracts.companies.company import (
    AddressChanged,
    CompanyCreated,
    CompanyDetailsChanged,
    CompanyEvent,
    CompanyIdentity,
    CreateCompany,
    DepartmentSet,
    InvoiceProfileChanged,
    NewSubUnit,
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
    return [*events, *_sub_units(command)]


def workplaces_created(events: Sequence[CompanyEvent]) -> dict[str, UUID]:
    """Return the ids of the workplaces that were created, by their numbers."""
    return {
        event.identity.number: event.company_id
        for event in events
        if isinstance(event, CompanyCreated) and event.kind == "WORKPLACE" and event.identity.number
    }


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


def _sub_units(command: CreateCompany) -> Iterator[CompanyEvent]:
    ids, numbers = {command.company_id}, set[str | None]()
    for unit in command.sub_units:
        created = _workplace(command, unit)
        if unit.company_id in ids or created.identity.number in numbers:
            raise Rejected(
                "sub-unit-repeated",
                "Each workplace is added once, under an id of its own; leave out the second.",
                number=unit.number,
            )
        ids.add(unit.company_id)
        numbers.add(created.identity.number)
        yield created
        if unit.address:
            yield AddressChanged(
                company_id=unit.company_id, kind=AddressKind.VISITING, address=unit.address
            )


def _workplace(command: CreateCompany, unit: NewSubUnit) -> CompanyCreated:
    identity = CompanyIdentity(country=command.identity.country, number=unit.number)
    return CompanyCreated(
        company_id=unit.company_id,
        kind="WORKPLACE",
        parent_id=command.company_id,
        origin=command.origin,
        identity=workplace_identity(identity),
        name=unit.name,
    )
