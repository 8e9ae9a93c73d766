"""A company begins, is put away and is taken back."""

from datetime import date
from uuid import UUID

import pytest

from chassis.decider import Claim, Rejected
from chassis.testing import scenario
from companies.company.model import companies
from contracts.companies.company import (
    AddressChanged,
    ArchiveCompany,
    CompanyArchived,
    CompanyCommand,
    CompanyCreated,
    CompanyDetailsChanged,
    CompanyIdentity,
    CompanyRestored,
    CreateCompany,
    DepartmentSet,
    InvoiceProfileChanged,
    NewSubUnit,
    NoteRegistryFacts,
    OwnerAdded,
    RefuseWish,
    RelationStarted,
    RestoreCompany,
    ReverseMerge,
)
from contracts.enrichment import RegistryFacts
from contracts.examples import example
from contracts.values import AddressKind, CompanyDetails, Sealed

given = scenario(companies)
create, created = example(CreateCompany), example(CompanyCreated)
archive, archived = example(ArchiveCompany), example(CompanyArchived)
restore, restored = example(RestoreCompany), example(CompanyRestored)
ID = create.company_id
PERSON = UUID("0199a3c0-5e08-7008-8a00-6b756e640008")
bare = CreateCompany(
    **create.model_dump(include={"command_id", "tenant", "by", "at", "correlation", "company_id"}),
    origin="HAND",
    identity=CompanyIdentity(country="SE"),
    name="Sjöviks Snickeri",
)


def called(number: str, country: str = "SE") -> CreateCompany:
    identity = CompanyIdentity(country=country, number=number)
    return bare.model_copy(update={"identity": identity})


def personal(number: str) -> CreateCompany:
    sealed = Sealed(subject=PERSON, text=number)
    identity = CompanyIdentity(country="SE", personal_number=sealed)
    return bare.model_copy(update={"identity": identity})


def test_a_company_begins_with_all_that_is_said_of_it() -> None:
    unit = create.sub_units[0]
    address, profile = unit.address, create.invoice_profile
    assert address
    assert profile
    since = date(2026, 11, 23)
    given().when(create).then(
        CompanyCreated(
            company_id=ID, origin="REGISTRY", identity=create.identity, name=create.name
        ),
        CompanyDetailsChanged(company_id=ID, details=create.details),
        AddressChanged(
            company_id=ID, kind=AddressKind.INVOICE, address=create.addresses[AddressKind.INVOICE]
        ),
        RelationStarted(company_id=ID, relation="customer", since=since),
        RelationStarted(company_id=ID, relation="supplier-service", since=since),
        *(OwnerAdded(company_id=ID, user_id=owner) for owner in create.owners),
        DepartmentSet(company_id=ID, department_id=create.department_id),
        InvoiceProfileChanged(company_id=ID, profile=profile),
        CompanyCreated(
            company_id=unit.company_id,
            kind="WORKPLACE",
            parent_id=ID,
            origin="REGISTRY",
            identity=CompanyIdentity(country="SE", number=unit.number),
            name=unit.name,
        ),
        AddressChanged(company_id=unit.company_id, kind=AddressKind.VISITING, address=address),
    )


def test_a_name_is_enough_to_begin_with() -> None:
    given().when(bare).then(
        CompanyCreated(company_id=ID, origin="HAND", identity=bare.identity, name=bare.name)
    )


def test_the_name_is_not_told_twice() -> None:
    repeated = bare.model_copy(update={"details": CompanyDetails(name=bare.name)})
    given().when(repeated).then(
        CompanyCreated(company_id=ID, origin="HAND", identity=bare.identity, name=bare.name)
    )


def test_a_relation_or_an_owner_said_twice_counts_once() -> None:
    twice = bare.model_copy(update={"relations": ("customer", "customer"), "owners": (ID, ID)})
    events = companies.decide(twice, companies.initial)
    assert [event.type for event in events] == [
        "company-created.v1",
        "relation-started.v1",
        "owner-added.v1",
    ]


def test_a_company_does_not_begin_twice() -> None:
    given(created).when(create).then_rejected("company-exists")
    given(created, archived).when(create).then_rejected("company-exists")


def test_the_answer_names_the_workplaces_by_their_numbers() -> None:
    events = companies.decide(create, companies.initial)
    unit = create.sub_units[0]
    assert companies.created(events) == {unit.number: unit.company_id}


def test_a_workplace_is_added_once() -> None:
    unit = create.sub_units[0]
    for second in (
        unit.model_copy(update={"number": "41875310"}),
        NewSubUnit(company_id=PERSON, number="4187 5302", name="Igen"),
        unit.model_copy(update={"company_id": ID, "number": "41875310"}),
    ):
        repeated = create.model_copy(update={"sub_units": (unit, second)})
        given().when(repeated).then_rejected("sub-unit-repeated")


def test_a_workplace_has_a_valid_number() -> None:
    unit = create.sub_units[0].model_copy(update={"number": "12"})
    wrong = create.model_copy(update={"sub_units": (unit,)})
    given().when(wrong).then_rejected("number-malformed")


@pytest.mark.parametrize("written", ["557120-0434", "16557120 0434", "SE557120043401"])
def test_a_number_is_kept_and_claimed_in_one_form(written: str) -> None:
    (event,) = companies.decide(called(written), companies.initial)
    assert isinstance(event, CompanyCreated)
    assert event.identity.number == "5571200434"
    assert companies.claims(event) == Claim("company-number", "SE:5571200434")


@pytest.mark.parametrize("written", ["701063-2391", "19701063-2391", "7010632391"])
def test_a_personal_number_is_claimed_in_one_form_and_stays_sealed(written: str) -> None:
    (event,) = companies.decide(personal(written), companies.initial)
    assert isinstance(event, CompanyCreated)
    assert event.identity.number is None
    assert companies.claims(event) == Claim("company-number", "SE:197010632391")


def test_a_workplaces_number_is_claimed_too() -> None:
    claims = [companies.claims(event) for event in companies.decide(create, companies.initial)]
    assert [claim.key for claim in claims if claim] == ["SE:5571200434", "SE:41875302"]


def test_a_taken_number_names_the_company_that_has_it() -> None:
    refusal = companies.taken(ID)
    assert (refusal.code, refusal.details) == ("company-exists", {"company_id": str(ID)})


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (called("557120-0435"), "number-check-digit"),
        (called("Sjövik"), "number-malformed"),
        (called("0000000000"), "number-kind-unknown"),
        (called("701063-2391"), "number-personal"),
        (called("1234", "XX"), "country-unsupported"),
        (called("974760673", "QQ"), "country-unsupported"),
        (personal("557120-0434"), "number-not-personal"),
        (personal("701063-2390"), "number-check-digit"),
        (personal(""), "number-malformed"),
    ],
)
def test_a_wrong_number_is_refused_with_its_reason(command: CreateCompany, code: str) -> None:
    given().when(command).then_rejected(code)


def test_a_country_that_is_none_is_refused_without_a_number_too() -> None:
    nowhere = bare.model_copy(update={"identity": CompanyIdentity(country="ZZ")})
    given().when(nowhere).then_rejected("country-unsupported")


def test_a_company_has_one_number_not_two() -> None:
    both = CompanyIdentity(
        country="SE",
        number="5571200434",
        personal_number=Sealed(subject=PERSON, text="197010632391"),
    )
    given().when(bare.model_copy(update={"identity": both})).then_rejected("number-ambiguous")


def test_nobody_has_a_thousand_relations_or_owners() -> None:
    relations = tuple(f"kind-{n}" for n in range(1000))
    given().when(bare.model_copy(update={"relations": relations})).then_rejected("relations-full")
    owners = tuple(UUID(int=n) for n in range(1000))
    given().when(bare.model_copy(update={"owners": owners})).then_rejected("owners-full")


def test_a_company_is_archived() -> None:
    given(created).when(archive).then(archived)


def test_an_unknown_company_is_not_archived() -> None:
    given().when(archive).then_rejected("company-unknown")


def test_archiving_twice_says_nothing_new() -> None:
    given(created, archived).when(archive).then_nothing()


def test_an_archived_company_is_restored() -> None:
    given(created, archived).when(restore).then(restored)


def test_an_unknown_company_is_not_restored() -> None:
    given().when(restore).then_rejected("company-unknown")


def test_restoring_an_active_company_says_nothing_new() -> None:
    given(created).when(restore).then_nothing()


OTHERS = [
    form
    for form in CompanyCommand.__args__[0].__args__
    if form not in {CreateCompany, ArchiveCompany, RestoreCompany, ReverseMerge, RefuseWish}
]


@pytest.mark.parametrize("form", OTHERS, ids=lambda form: str(form.__name__))
def test_nothing_else_is_done_about_an_archived_or_unknown_company(
    form: type[CompanyCommand],
) -> None:
    given(created, archived).when(example(form)).then_rejected("company-archived")
    given().when(example(form)).then_rejected("company-unknown")


def test_what_was_found_against_a_wish_is_why_it_is_refused() -> None:
    refusal = example(RefuseWish)
    given(created).when(refusal).then_rejected(refusal.problem.code)
    given().when(refusal).then_rejected(refusal.problem.code)


def test_a_restored_company_is_worked_on_as_before() -> None:
    facts = RegistryFacts(details=CompanyDetails(name="Sjöviks Snickeri AB"), active=True)
    note = example(NoteRegistryFacts).model_copy(update={"facts": facts})
    given(created, archived, restored).when(note).then(
        companies.decide(note, companies.fold([created]))[0]
    )


def test_every_refusal_is_a_sentence() -> None:
    with pytest.raises(Rejected) as refusal:
        companies.decide(archive, companies.initial)
    assert refusal.value.message.endswith(".")
