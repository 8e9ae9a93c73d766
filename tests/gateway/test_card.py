"""The card: by hand before registry, every value with its source, the watch as it stands."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from contracts.companies.company import (
    AddressChanged,
    AddressCopied,
    CompanyArchived,
    CompanyCreated,
    CompanyDetailsChanged,
    CompanyIdentified,
    CompanyIdentity,
    CompanyMerged,
    CompanyRestored,
    DepartmentSet,
    InvoiceProfileChanged,
    MergeReversed,
    OtherCompanyGivenBack,
    OtherCompanyTakenOver,
    OwnerAdded,
    OwnerRemoved,
    RegistryChangeAccepted,
    RegistryChangeProposed,
    RegistryChangeRejected,
    RegistryChangeWithdrawn,
    RelationEnded,
    RelationStarted,
)
from contracts.credit_monitor import (
    CompanyRated,
    CreditCheckFailed,
    CreditRatingChanged,
    MonitoringExcluded,
    MonitoringStarted,
    MonitoringStopped,
)
from contracts.enrichment import CompanyEnriched, CompanyNotInRegistry
from contracts.examples import example
from contracts.values import AddressKind, CompanyDetails
from gateway.company import view
from gateway.company.answers import CompanyAnswer
from gateway.company.projection import company_card
from gateway.reading import plain

Fold = Callable[..., Any]
TODAY = date(2026, 11, 23)

enriched = example(CompanyEnriched)
COMPANY = enriched.company_id
NUMBER = CompanyIdentity(country="SE", number=enriched.number)
by_hand = CompanyCreated(company_id=COMPANY, origin="HAND", identity=NUMBER, name="Snickarn")
from_registry = by_hand.model_copy(update={"origin": "REGISTRY", "name": "Sjöviks Snickeri"})
customer = RelationStarted(company_id=COMPANY, relation="customer", since=date(2026, 11, 1))
rated = example(CompanyRated)
watched = example(MonitoringStarted)


def details(**values: Any) -> CompanyDetailsChanged:
    return CompanyDetailsChanged(company_id=COMPANY, details=CompanyDetails(**values))


def of(form: Any, **values: Any) -> Any:
    return example(form).model_copy(update={"company_id": COMPANY, **values})


@pytest.fixture
def card(fold: Fold) -> Callable[..., CompanyAnswer]:
    """Return what folds events into a card and answers with it."""

    def answered(*events: Any) -> CompanyAnswer:
        row = fold(company_card, *events)._asdict()
        return view.answer(plain(row), [], TODAY)

    return answered


Card = Callable[..., CompanyAnswer]


def test_a_company_of_which_only_the_registry_spoke_is_not_there_yet(fold: Fold) -> None:
    assert fold(company_card, enriched).created_at is None


def test_what_the_registry_says_is_shown_with_its_source(card: Card) -> None:
    found = card(from_registry, enriched)
    assert found.name == "Sjöviks Snickeri AB"
    assert found.legal_form
    assert found.legal_form.code == "AB"
    assert found.sources["legal_form"].source == "registry"
    assert found.sources["legal_form"].registry == "bolagsverket"
    assert found.registry.state == "found"
    assert found.active is True


def test_a_name_given_by_hand_stays_when_the_registry_has_another(card: Card) -> None:
    found = card(by_hand, enriched)
    assert (found.name, found.sources["name"].source) == ("Snickarn", "hand")


def test_until_the_registry_is_asked_a_name_from_it_stands(card: Card) -> None:
    found = card(from_registry)
    assert (found.name, found.sources["name"].source) == ("Sjöviks Snickeri", "registry")
    assert found.registry.state == "awaited"


def test_a_value_set_by_hand_hides_the_registrys_until_it_is_cleared(card: Card) -> None:
    changed = details(vat_number="SE000000000001")
    cleared = CompanyDetailsChanged(company_id=COMPANY, cleared=("vat_number",))
    assert card(by_hand, enriched, changed).vat_number == "SE000000000001"
    assert card(by_hand, changed, enriched).sources["vat_number"].source == "hand"
    found = card(by_hand, changed, cleared, enriched)
    assert found.vat_number == "SE557120043401"
    assert found.sources["vat_number"].source == "registry"


def test_what_a_registry_said_of_another_number_is_not_shown(card: Card) -> None:
    other = CompanyIdentity(country="SE", number="5560360793")
    found = card(by_hand, enriched, CompanyIdentified(company_id=COMPANY, identity=other))
    assert found.legal_form is None
    assert found.registry.state == "awaited"
    assert found.organisation_number == "5560360793"


def test_a_number_no_registry_knows_is_said_so(card: Card) -> None:
    missing = of(CompanyNotInRegistry, reason="unknown-number")
    found = card(by_hand, missing)
    assert (found.registry.state, found.registry.reason) == ("missing", "unknown-number")


def test_a_proposal_waits_until_it_is_accepted(card: Card) -> None:
    proposed = RegistryChangeProposed(
        company_id=COMPANY, field="name", proposed=CompanyDetails(name="Sjöviks Snickeri AB")
    )
    waiting = card(by_hand, enriched, proposed)
    assert [(one.field, one.proposed) for one in waiting.proposals] == [
        ("name", "Sjöviks Snickeri AB")
    ]
    accepted = RegistryChangeAccepted(company_id=COMPANY, field="name")
    found = card(by_hand, enriched, proposed, accepted)
    assert (found.name, found.proposals) == ("Sjöviks Snickeri AB", [])
    rejected = RegistryChangeRejected(company_id=COMPANY, field="name")
    kept = card(by_hand, enriched, proposed, rejected)
    assert (kept.name, kept.proposals) == ("Snickarn", [])
    withdrawn = RegistryChangeWithdrawn(company_id=COMPANY, field="name")
    alone = card(by_hand, enriched, proposed, withdrawn)
    assert (alone.name, alone.proposals) == ("Snickarn", [])


def test_a_proposal_ends_where_just_that_is_set_by_hand(card: Card) -> None:
    proposed = RegistryChangeProposed(
        company_id=COMPANY, field="name", proposed=CompanyDetails(name="Sjöviks Snickeri AB")
    )
    renamed = details(name="Sjöviks Snickeri AB")
    assert card(by_hand, enriched, proposed, renamed).proposals == []
    assert card(by_hand, enriched, proposed, details(name="Ett annat")).proposals != []


def test_addresses_come_by_hand_by_copy_and_from_the_registry(card: Card) -> None:
    postal = enriched.facts.addresses[AddressKind.POSTAL]
    changed = AddressChanged(company_id=COMPANY, kind=AddressKind.VISITING, address=postal)
    copied = AddressCopied(
        company_id=COMPANY, source=AddressKind.POSTAL, target=AddressKind.INVOICE, address=postal
    )
    found = card(by_hand, enriched, changed, copied)
    assert found.addresses["VISITING"] == postal
    sources = {name: one.source for name, one in found.sources.items() if "addresses" in name}
    assert sources == {
        "addresses.VISITING": "hand",
        "addresses.INVOICE": "copy",
        "addresses.POSTAL": "registry",
    }
    assert found.sources["addresses.INVOICE"].copied_from == "POSTAL"


def test_an_address_removed_by_hand_leaves_the_registrys(card: Card) -> None:
    postal = enriched.facts.addresses[AddressKind.POSTAL]
    changed = AddressChanged(company_id=COMPANY, kind=AddressKind.VISITING, address=postal)
    removed = AddressChanged(company_id=COMPANY, kind=AddressKind.VISITING)
    found = card(by_hand, enriched, changed, removed)
    assert found.addresses["VISITING"] == enriched.facts.addresses[AddressKind.VISITING]


def test_a_relation_may_run_end_and_run_again(card: Card) -> None:
    ended = RelationEnded(company_id=COMPANY, relation="customer", until=date(2026, 11, 10))
    again = customer.model_copy(update={"since": date(2026, 11, 20)})
    periods = card(by_hand, customer, ended, again).relations
    assert [(one.since.day, one.until and one.until.day) for one in periods] == [
        (1, 10),
        (20, None),
    ]


def test_owners_department_and_invoices_are_what_was_last_said(card: Card) -> None:
    owner = example(OwnerAdded).user_id
    added, removed = of(OwnerAdded, user_id=owner), of(OwnerRemoved, user_id=owner)
    department, profile = of(DepartmentSet), of(InvoiceProfileChanged)
    found = card(by_hand, added, added, department, profile)
    assert [one.user_id for one in found.owners] == [owner]
    assert found.department_id == department.department_id
    assert found.invoice_profile
    assert found.invoice_profile.delivery == profile.profile.delivery
    assert card(by_hand, added, removed).owners == []


def test_archived_is_seen_and_taken_back(card: Card) -> None:
    archived, restored = of(CompanyArchived), of(CompanyRestored)
    assert card(by_hand, archived).archived
    assert not card(by_hand, archived, restored).archived


def test_a_company_that_became_anothers_part_says_whose(card: Card) -> None:
    merged, reversed_ = of(CompanyMerged), of(MergeReversed)
    found = card(by_hand, customer, merged)
    assert (found.merged_into, found.merged_at is not None) == (merged.into, True)
    assert found.credit.watch is None
    assert card(by_hand, merged, reversed_).merged_into is None


def test_a_company_lists_those_that_became_its_parts(card: Card) -> None:
    taken, given_back = of(OtherCompanyTakenOver), of(OtherCompanyGivenBack)
    assert [one.company_id for one in card(by_hand, taken).merged] == [taken.merged_id]
    assert card(by_hand, taken, given_back).merged == []


def test_a_customers_rating_is_awaited(card: Card) -> None:
    watch = card(by_hand, customer).credit.watch
    assert watch
    assert (watch.state, watch.reason) == ("pending", None)


def test_nobody_waits_for_a_suppliers_rating(card: Card) -> None:
    supplier = customer.model_copy(update={"relation": "supplier-product"})
    assert card(by_hand, supplier).credit.watch is None
    assert card(by_hand, customer, of(CompanyArchived)).credit.watch is None


def test_a_rating_is_kept_as_the_bureau_gave_it_and_watched(card: Card) -> None:
    credit = card(by_hand, customer, rated, watched).credit
    assert (credit.band, credit.grade, credit.score) == ("C", "C", "48")
    assert credit.limit
    assert str(credit.limit.amount) == "350000"
    assert credit.watch
    assert (credit.watch.state, credit.watch.reason) == ("active", "RATED")


def test_a_changed_rating_takes_the_place_of_the_old_and_says_since_when(card: Card) -> None:
    changed = of(CreditRatingChanged)
    assert card(by_hand, rated).credit.changed_at is None
    credit = card(by_hand, rated, changed).credit
    assert credit.score == changed.new.score
    assert credit.changed_at


def test_a_watch_that_ended_or_never_was_says_why(card: Card) -> None:
    stopped, excluded = of(MonitoringStopped, cause="ARCHIVED"), of(MonitoringExcluded)
    watch = card(by_hand, rated, watched, stopped).credit.watch
    assert watch
    assert (watch.state, watch.reason) == ("stopped", "ARCHIVED")
    watch = card(by_hand, customer, excluded).credit.watch
    assert watch
    assert (watch.state, watch.reason) == ("excluded", excluded.cause)


def test_a_check_that_failed_is_said_so(card: Card) -> None:
    failed = of(CreditCheckFailed)
    credit = card(by_hand, customer, failed).credit
    assert credit.failure == failed.code
    assert credit.watch
    assert credit.watch.state == "excluded"


def test_only_the_companys_own_facts_count_as_versions(fold: Fold) -> None:
    assert fold(company_card, by_hand, customer, enriched, rated, watched).version == 2
