"""What holds for every company whatever its past."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, get_args

from hypothesis import given as forall
from hypothesis import strategies as some

from chassis.decider import Rejected
from companies.company.model import companies
from companies.company.state import Company
from contracts.companies.company import (
    AddSubUnits,
    ChangeCompanyDetails,
    CompanyCommand,
    CopyAddress,
    CreateCompany,
    EndRelation,
    IdentifyCompany,
    NoteRegistryFacts,
    SetAddress,
    SetInvoiceProfile,
)
from contracts.enrichment import RegistryFacts
from contracts.examples import example
from contracts.values import AddressKind, CompanyDetails, Delivery, InvoiceProfile

ID = example(CreateCompany).company_id
FORMS = tuple(form for form in get_args(get_args(CompanyCommand)[0]) if form is not AddSubUnits)
"""Workplaces stand in streams of their own: that none is added twice, their numbers' claims see to.
"""


def variants() -> list[Any]:
    """Return every command's example, and others that lead elsewhere."""
    details = [CompanyDetails(name=name) for name in ("Sjövik", "Sjöviks Snickeri AB", "Bygg")]
    facts = [RegistryFacts(details=said, active=True) for said in details]
    create, copy = example(CreateCompany), example(CopyAddress)
    return [
        *(example(form) for form in FORMS),
        *(example(ChangeCompanyDetails).model_copy(update={"details": said}) for said in details),
        example(ChangeCompanyDetails).model_copy(
            update={"details": CompanyDetails(), "cleared": ("name", "email")}
        ),
        *(example(NoteRegistryFacts).model_copy(update={"facts": said}) for said in facts),
        create.model_copy(update={"origin": "HAND", "sub_units": ()}),
        example(IdentifyCompany).model_copy(update={"identity": create.identity}),
        example(SetAddress).model_copy(update={"kind": AddressKind.INVOICE, "address": None}),
        copy.model_copy(update={"overwrite": True}),
        copy.model_copy(update={"source": AddressKind.INVOICE, "target": AddressKind.VISITING}),
        example(EndRelation).model_copy(update={"relation": "customer"}),
        example(SetInvoiceProfile).model_copy(
            update={"profile": InvoiceProfile(delivery=Delivery.PAPER)}
        ),
    ]


asked = some.sampled_from(variants())


def after(commands: Sequence[Any], company: Company = companies.initial) -> Company:
    """Return what a company becomes when these are asked of it."""
    for command in commands:
        with suppress(Rejected):
            for event in companies.decide(command, company):
                if event.stream_id == ID:
                    company = companies.evolve(company, event)
    return company


@forall(some.lists(asked, max_size=30), asked)
def test_asking_again_adds_nothing(past: list[Any], command: Any) -> None:
    company = after([example(CreateCompany), *past, command])
    with suppress(Rejected):
        assert list(companies.decide(command, company)) == []


@forall(some.lists(asked, max_size=30))
def test_only_the_first_wish_makes_a_company_of_nothing(past: list[Any]) -> None:
    company = after(past)
    begun = any(isinstance(command, CreateCompany) for command in past)
    assert (company.status == "absent") == (not begun)


@forall(some.lists(asked, max_size=30))
def test_only_a_value_set_by_hand_has_something_proposed_against_it(past: list[Any]) -> None:
    company = after([example(CreateCompany), *past])
    assert company.proposed.keys() <= company.by_hand.keys()
    assert not company.relations.keys() - {"customer", "supplier-service", "prospect"}
