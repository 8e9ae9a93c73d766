"""What a company is to the tenant, who looks after it, and how it wants its invoices."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from chassis.testing import scenario
from companies.company.looking_after import OWNERS_MAX
from companies.company.model import companies
from companies.company.relations import RELATIONS_MAX
from contracts.companies.company import (
    AddOwner,
    CompanyCreated,
    DepartmentSet,
    EndRelation,
    InvoiceProfileChanged,
    OwnerAdded,
    OwnerRemoved,
    RelationEnded,
    RelationStarted,
    RemoveOwner,
    SetDepartment,
    SetInvoiceProfile,
    StartRelation,
)
from contracts.examples import example
from contracts.values import Delivery, ElectronicAddress, InvoiceProfile, Sealed

given = scenario(companies)
created = example(CompanyCreated)
start, started = example(StartRelation), example(RelationStarted)
end, ended = example(EndRelation), example(RelationEnded)
add, added = example(AddOwner), example(OwnerAdded)
remove, removed = example(RemoveOwner), example(OwnerRemoved)
put, put_told = example(SetDepartment), example(DepartmentSet)
invoice = example(SetInvoiceProfile)
ID = created.company_id
EMAIL = Sealed(subject=ID, text="faktura@sjovik.example")


def test_a_relation_starts() -> None:
    given(created).when(start).then(started)


def test_a_relation_that_runs_does_not_start_on_another_day() -> None:
    earlier = start.model_copy(update={"since": date(2026, 1, 1)})
    given(created, started).when(earlier).then_rejected("relation-running")


def test_starting_the_same_relation_twice_says_nothing_new() -> None:
    given(created, started).when(start).then_nothing()


def test_a_company_has_several_relations_at_once() -> None:
    other = start.model_copy(update={"relation": "customer"})
    given(created, started).when(other).then(started.model_copy(update={"relation": "customer"}))


def test_a_company_has_only_so_many_relations() -> None:
    many = [started.model_copy(update={"relation": f"kind-{n}"}) for n in range(RELATIONS_MAX)]
    given(created, *many).when(start).then_rejected("relations-full")


def test_a_relation_ends() -> None:
    given(created, started).when(end).then(ended)


def test_a_relation_that_is_not_there_does_not_end() -> None:
    given(created).when(end).then_rejected("relation-unknown")
    later = end.model_copy(update={"until": date(2027, 6, 1)})
    given(created, started, ended).when(later).then_rejected("relation-unknown")


def test_the_end_it_had_says_nothing_new() -> None:
    given(created, started, ended).when(end).then_nothing()


def test_a_relation_does_not_end_before_it_began() -> None:
    early = end.model_copy(update={"until": date(2026, 11, 22)})
    given(created, started).when(early).then_rejected("relation-ends-early")


def test_a_relation_starts_anew_after_its_end_and_not_before() -> None:
    given(created, started, ended).when(start).then_rejected("relation-overlaps")
    anew = start.model_copy(update={"since": end.until})
    given(created, started, ended).when(anew).then(started.model_copy(update={"since": end.until}))


def test_an_owner_is_added() -> None:
    given(created).when(add).then(added)


def test_a_company_has_only_so_many_owners() -> None:
    many = [OwnerAdded(company_id=ID, user_id=UUID(int=n)) for n in range(OWNERS_MAX)]
    given(created, *many).when(add).then_rejected("owners-full")


def test_adding_an_owner_twice_says_nothing_new() -> None:
    given(created, added).when(add).then_nothing()


def test_an_owner_is_removed() -> None:
    given(created, added).when(remove).then(removed)


def test_removing_who_is_no_owner_says_nothing_new() -> None:
    given(created).when(remove).then_nothing()
    given(created, added, removed).when(remove).then_nothing()


def test_a_department_is_set_and_unset() -> None:
    given(created).when(put).then(put_told)
    none = put.model_copy(update={"department_id": None})
    given(created, put_told).when(none).then(DepartmentSet(company_id=ID))


def test_setting_the_same_department_says_nothing_new() -> None:
    given(created, put_told).when(put).then_nothing()
    given(created).when(put.model_copy(update={"department_id": None})).then_nothing()


def profile(delivery: Delivery, **more: Any) -> SetInvoiceProfile:
    return invoice.model_copy(update={"profile": InvoiceProfile(delivery=delivery, **more)})


def changed(command: SetInvoiceProfile) -> InvoiceProfileChanged:
    return InvoiceProfileChanged(company_id=ID, profile=command.profile)


def test_an_invoice_profile_is_set() -> None:
    given(created).when(invoice).then(changed(invoice))


def test_setting_the_same_profile_says_nothing_new() -> None:
    given(created, changed(invoice)).when(invoice).then_nothing()


def test_the_same_profile_under_another_key_says_nothing_new() -> None:
    one = profile(Delivery.EMAIL_PDF, invoice_email=EMAIL)
    resealed = EMAIL.model_copy(update={"subject": put.command_id})
    other = profile(Delivery.EMAIL_PDF, invoice_email=resealed)
    given(created, changed(one)).when(other).then_nothing()


def test_paper_needs_nothing_more() -> None:
    paper = profile(Delivery.PAPER)
    given(created).when(paper).then(changed(paper))


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (
            profile(Delivery.EMAIL_TRACKING_LINK, automatic_handling=True, invoice_email=EMAIL),
            "invoice-link-unreadable",
        ),
        (
            profile(
                Delivery.PAPER,
                fallback=Delivery.EMAIL_TRACKING_LINK,
                automatic_handling=True,
                invoice_email=EMAIL,
            ),
            "invoice-link-unreadable",
        ),
        (profile(Delivery.EMAIL_PDF), "invoice-email-missing"),
        (profile(Delivery.EMAIL_TRACKING_LINK), "invoice-email-missing"),
        (profile(Delivery.PAPER, fallback=Delivery.EMAIL_PDF), "invoice-email-missing"),
        (
            profile(Delivery.EMAIL_PDF, invoice_email=Sealed(subject=ID)),
            "invoice-email-missing",
        ),
        (profile(Delivery.PEPPOL), "electronic-address-missing"),
        (profile(Delivery.PAPER, fallback=Delivery.PEPPOL), "electronic-address-missing"),
        (profile(Delivery.PAPER, fallback=Delivery.PAPER), "invoice-fallback-same"),
        (
            profile(
                Delivery.PEPPOL,
                electronic_address=ElectronicAddress(scheme="0192", id="974760674"),
            ),
            "number-check-digit",
        ),
        (
            profile(
                Delivery.PEPPOL,
                electronic_address=ElectronicAddress(scheme="0007", id="7010632391"),
            ),
            "number-personal",
        ),
    ],
)
def test_a_profile_that_cannot_work_is_refused(command: SetInvoiceProfile, code: str) -> None:
    given(created).when(command).then_rejected(code)


def test_automatic_handling_reads_a_pdf() -> None:
    pdf = profile(Delivery.EMAIL_PDF, automatic_handling=True, invoice_email=EMAIL)
    given(created).when(pdf).then(changed(pdf))
