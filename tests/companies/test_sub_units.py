"""Workplaces that are added under a company later, or dismissed."""

import pytest

from chassis.edge import new_id
from chassis.testing import scenario
from companies.company.model import companies
from contracts.companies.company import (
    AddressChanged,
    AddSubUnits,
    CompanyArchived,
    CompanyCreated,
    CompanyIdentity,
    DismissSubUnit,
    SubUnitDismissed,
)
from contracts.examples import example
from contracts.values import AddressKind

given = scenario(companies)
created = example(CompanyCreated)
add, dismiss = example(AddSubUnits), example(DismissSubUnit)
dismissed = example(SubUnitDismissed)
[unit] = add.sub_units
workplace = CompanyCreated(
    company_id=unit.company_id,
    kind="WORKPLACE",
    parent_id=created.company_id,
    origin="REGISTRY",
    identity=CompanyIdentity(country="SE", number=unit.number),
    name=unit.name,
)


def test_each_is_a_record_of_its_own_under_its_head_company() -> None:
    address = AddressChanged(
        company_id=unit.company_id, kind=AddressKind.VISITING, address=unit.address
    )
    given(created).when(add).then(workplace, address)


def test_none_is_added_where_one_is_named_twice() -> None:
    twice = (unit, unit.model_copy(update={"company_id": new_id()}))
    given(created).when(add.model_copy(update={"sub_units": twice})).then_rejected(
        "sub-unit-repeated"
    )


def test_a_workplace_has_no_workplaces() -> None:
    at_workplace = created.model_copy(update={"kind": "WORKPLACE"})
    given(at_workplace).when(add).then_rejected("sub-unit-of-sub-unit")


@pytest.mark.parametrize("command", [add, dismiss], ids=["add", "dismiss"])
def test_an_archived_company_gets_none(command: AddSubUnits | DismissSubUnit) -> None:
    archived = example(CompanyArchived)
    given(created, archived).when(command).then_rejected("company-archived")
    given().when(command).then_rejected("company-unknown")


def test_what_is_not_wanted_is_dismissed_once() -> None:
    given(created).when(dismiss).then(dismissed)
    given(created, dismissed).when(dismiss).then()


def test_a_number_is_dismissed_however_it_is_written() -> None:
    spaced = dismiss.model_copy(update={"number": f" {unit.number[:4]} {unit.number[4:]}"})
    given(created).when(spaced).then(dismissed)


def test_what_is_no_number_is_refused() -> None:
    given(created).when(dismiss.model_copy(update={"number": "12"})).then_rejected(
        "number-malformed"
    )
