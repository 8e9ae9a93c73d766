"""What is set by hand about a company: details, number, addresses."""

from chassis.testing import scenario
from companies.company.model import companies
from contracts.companies.company import (
    AddressChanged,
    AddressCopied,
    ChangeCompanyDetails,
    CompanyCreated,
    CompanyDetailsChanged,
    CompanyIdentified,
    CompanyIdentity,
    CopyAddress,
    FieldName,
    IdentifyCompany,
    SetAddress,
)
from contracts.examples import example
from contracts.values import AddressKind, CompanyDetails, Sealed

given = scenario(companies)
created = example(CompanyCreated)
change, change_told = example(ChangeCompanyDetails), example(CompanyDetailsChanged)
identify, identified = example(IdentifyCompany), example(CompanyIdentified)
put, address_changed = example(SetAddress), example(AddressChanged)
copy, address_copied = example(CopyAddress), example(AddressCopied)
ID = created.company_id
registered = created.model_copy(update={"origin": "REGISTRY"})
workplace = created.model_copy(
    update={"kind": "WORKPLACE", "identity": CompanyIdentity(country="SE", number="41875302")}
)


def wish(details: CompanyDetails, *cleared: FieldName) -> ChangeCompanyDetails:
    return change.model_copy(update={"details": details, "cleared": cleared})


def told(details: CompanyDetails, *cleared: FieldName) -> CompanyDetailsChanged:
    return CompanyDetailsChanged(company_id=ID, details=details, cleared=cleared)


website = CompanyDetails(website="https://sjovik.example")


def test_a_detail_is_set_by_hand() -> None:
    given(created).when(wish(website)).then(told(website))


def test_setting_a_detail_to_what_it_is_says_nothing_new() -> None:
    given(created, told(website)).when(wish(website)).then_nothing()
    given(created).when(wish(CompanyDetails(name=created.name))).then_nothing()


def test_only_what_is_new_is_told() -> None:
    both = website.model_copy(update={"description": "Kök"})
    given(created, told(website)).when(wish(both)).then(told(CompanyDetails(description="Kök")))


def test_false_is_a_value_and_is_not_the_same_as_nothing() -> None:
    no = CompanyDetails(no_marketing=False)
    given(created).when(wish(no)).then(told(no))
    given(created, told(no)).when(wish(no)).then_nothing()


def test_a_detail_set_by_hand_is_cleared() -> None:
    given(created, told(website)).when(wish(CompanyDetails(), "website")).then(
        told(CompanyDetails(), "website")
    )


def test_clearing_what_was_not_set_by_hand_says_nothing_new() -> None:
    given(created).when(wish(CompanyDetails(), "website")).then_nothing()
    given(created, told(website), told(CompanyDetails(), "website")).when(
        wish(CompanyDetails(), "website")
    ).then_nothing()


def test_a_field_is_not_set_and_cleared_at_once() -> None:
    given(created).when(wish(website, "website")).then_rejected("field-set-and-cleared")


def test_a_company_keeps_a_name() -> None:
    given(created).when(wish(CompanyDetails(), "name")).then_rejected("name-required")


def test_a_name_set_over_the_registrys_can_be_cleared() -> None:
    named = told(CompanyDetails(name="Sjövik"))
    given(registered, named).when(wish(CompanyDetails(), "name")).then(
        told(CompanyDetails(), "name")
    )


def test_the_same_text_under_another_key_says_nothing_new() -> None:
    one = CompanyDetails(email=Sealed(subject=ID, text="info@sjovik.example"))
    other = CompanyDetails(email=Sealed(subject=put.command_id, text="info@sjovik.example"))
    given(created, told(one)).when(wish(other)).then_nothing()


def test_a_text_that_was_erased_can_be_set_again() -> None:
    erased = CompanyDetails(email=Sealed(subject=ID))
    fresh = CompanyDetails(email=Sealed(subject=put.command_id, text="info@sjovik.example"))
    given(created, told(erased)).when(wish(fresh)).then(told(fresh))


def test_a_vat_number_with_a_persons_number_in_it_does_not_stand_readable() -> None:
    vat = CompanyDetails(vat_number="SE701063239101")
    given(created).when(wish(vat)).then_rejected("number-personal")


def test_a_company_gets_its_number() -> None:
    nameless = created.model_copy(update={"identity": CompanyIdentity(country="SE")})
    wanted = identify.model_copy(
        update={"identity": CompanyIdentity(country="NO", number="NO 974 760 673 MVA")}
    )
    given(nameless).when(wanted).then(
        CompanyIdentified(company_id=ID, identity=CompanyIdentity(country="NO", number="974760673"))
    )


def test_a_sole_trader_gets_a_personal_number_that_stays_sealed() -> None:
    given(created).when(identify).then(CompanyIdentified(company_id=ID, identity=identify.identity))


def test_a_company_that_has_a_number_is_not_left_without() -> None:
    without = identify.model_copy(update={"identity": CompanyIdentity(country="SE")})
    given(created).when(without).then_rejected("number-missing")


def test_a_wrong_number_is_not_taken() -> None:
    wrong = CompanyIdentity(country="SE", number="5571200435")
    given(created).when(identify.model_copy(update={"identity": wrong})).then_rejected(
        "number-check-digit"
    )


def test_the_number_it_has_says_nothing_new() -> None:
    again = CompanyIdentity(country="SE", number="557120-0434")
    given(created).when(identify.model_copy(update={"identity": again})).then_nothing()


def test_a_workplaces_number_is_corrected_as_a_workplaces() -> None:
    other = CompanyIdentity(country="SE", number="4187 5310")
    given(workplace).when(identify.model_copy(update={"identity": other})).then(
        CompanyIdentified(company_id=ID, identity=CompanyIdentity(country="SE", number="41875310"))
    )
    none = CompanyIdentity(country="SE")
    given(workplace).when(identify.model_copy(update={"identity": none})).then_rejected(
        "number-missing"
    )


def test_an_address_is_set() -> None:
    given(created).when(put).then(address_changed)


def test_setting_the_same_address_says_nothing_new() -> None:
    given(created, address_changed).when(put).then_nothing()


def test_an_address_is_removed() -> None:
    removal = put.model_copy(update={"address": None})
    gone = AddressChanged(company_id=ID, kind=AddressKind.POSTAL)
    given(created, address_changed).when(removal).then(gone)
    given(created, address_changed, gone).when(removal).then_nothing()


def test_an_address_is_copied() -> None:
    given(created, address_changed).when(copy).then(address_copied)


def test_what_was_not_set_by_hand_is_not_copied() -> None:
    given(created).when(copy).then_rejected("address-unknown")


def test_copying_twice_says_nothing_new() -> None:
    given(created, address_changed, address_copied).when(copy).then_nothing()


def test_a_copy_is_not_a_link() -> None:
    moved = address_changed.model_copy(
        update={"address": put.address and put.address.model_copy(update={"city": "Gävle"})}
    )
    filled = (created, address_changed, address_copied, moved)
    given(*filled).when(copy).then_rejected("address-filled")
    given(*filled).when(copy.model_copy(update={"overwrite": True})).then(
        address_copied.model_copy(update={"address": moved.address})
    )


def test_an_address_is_not_copied_to_itself() -> None:
    itself = copy.model_copy(update={"target": AddressKind.POSTAL})
    given(created, address_changed).when(itself).then_rejected("address-same")
