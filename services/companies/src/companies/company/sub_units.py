"""A company's workplaces: each a record of its own, begun with it or added later."""

from collections.abc import Iterator, Sequence
from typing import Literal, TypeAlias
from uuid import UUID

from chassis.decider import Rejected
from companies.company.identity import workplace_identity
from companies.company.state import Company
from contracts.companies.company import (
    AddressChanged,
    AddSubUnits,
    CompanyCreated,
    CompanyEvent,
    CompanyIdentity,
    CreateCompany,
    DismissSubUnit,
    NewSubUnit,
    SubUnitDismissed,
)
from contracts.values import AddressKind

AboutSubUnits: TypeAlias = AddSubUnits | DismissSubUnit


def decide_on_sub_units(command: AboutSubUnits, company: Company) -> list[CompanyEvent]:
    """Add workplaces later, or leave one out."""
    if isinstance(command, AddSubUnits):
        return _add(command, company)
    return _dismiss(command, company)


def _add(command: AddSubUnits, company: Company) -> list[CompanyEvent]:
    """Begin workplaces under a company, as its registry has them."""
    if company.kind == "WORKPLACE":
        raise Rejected(
            "sub-unit-of-sub-unit", "A workplace has no workplaces; add it to its head company."
        )
    return list(begun(command, company.identity.country, "REGISTRY"))


def _dismiss(command: DismissSubUnit, company: Company) -> list[CompanyEvent]:
    """Leave a workplace out, once."""
    number = _identity(company.identity.country, command.number).number
    if number is None or number in company.dismissed:
        return []
    return [SubUnitDismissed(company_id=command.company_id, number=number)]


def workplaces_created(events: Sequence[CompanyEvent]) -> dict[str, UUID]:
    """Return the ids of the workplaces that were created, by their numbers."""
    return {
        event.identity.number: event.company_id
        for event in events
        if isinstance(event, CompanyCreated) and event.kind == "WORKPLACE" and event.identity.number
    }


def begun(
    command: CreateCompany | AddSubUnits,
    country: str,
    origin: Literal["HAND", "REGISTRY", "IMPORT"],
) -> Iterator[CompanyEvent]:
    """Tell of each workplace in a stream of its own."""
    ids, numbers = {command.company_id}, set[str | None]()
    for unit in command.sub_units:
        identity = _identity(country, unit.number)
        if unit.company_id in ids or identity.number in numbers:
            raise _repeated(unit)
        ids.add(unit.company_id)
        numbers.add(identity.number)
        yield CompanyCreated(
            company_id=unit.company_id,
            kind="WORKPLACE",
            parent_id=command.company_id,
            origin=origin,
            identity=identity,
            name=unit.name,
        )
        if unit.address:
            yield AddressChanged(
                company_id=unit.company_id, kind=AddressKind.VISITING, address=unit.address
            )


def _identity(country: str, number: str) -> CompanyIdentity:
    return workplace_identity(CompanyIdentity(country=country, number=number))


def _repeated(unit: NewSubUnit) -> Rejected:
    return Rejected(
        "sub-unit-repeated",
        "Each workplace is added once, under an id of its own; leave out the second.",
        number=unit.number,
    )
