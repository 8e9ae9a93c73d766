"""What the registry says otherwise is proposed, and somebody chooses."""

from chassis.testing import scenario
from companies.company.model import companies
from contracts.companies.company import (
    AcceptRegistryChange,
    CompanyCreated,
    CompanyDetailsChanged,
    CompanyIdentified,
    FieldName,
    NoteRegistryFacts,
    PinRegistryValue,
    RegistryChangeAccepted,
    RegistryChangeProposed,
    RegistryChangeRejected,
    RegistryChangeWithdrawn,
    RegistryValuePinned,
    RejectRegistryChange,
)
from contracts.companies.settings import RegistryPolicy
from contracts.enrichment import RegistryFacts
from contracts.examples import example
from contracts.values import CompanyDetails, Sealed

given = scenario(companies)
created = example(CompanyCreated)
registered = created.model_copy(update={"origin": "REGISTRY"})
proposed = example(RegistryChangeProposed)
accept, accepted = example(AcceptRegistryChange), example(RegistryChangeAccepted)
reject, rejected = example(RejectRegistryChange), example(RegistryChangeRejected)
ID = created.company_id


def note(details: CompanyDetails) -> NoteRegistryFacts:
    facts = RegistryFacts(details=details, active=True)
    first = {"facts": facts, "before": CompanyDetails(), "policy": "write"}
    return example(NoteRegistryFacts).model_copy(update=first)


def named(name: str) -> CompanyDetails:
    return CompanyDetails(name=name)


def by_hand(details: CompanyDetails, *cleared: FieldName) -> CompanyDetailsChanged:
    return CompanyDetailsChanged(company_id=ID, details=details, cleared=cleared)


theirs = note(named("Sjöviks Snickeri AB"))


def test_another_value_than_the_one_set_by_hand_is_proposed() -> None:
    given(created).when(theirs).then(proposed)


def test_each_field_is_proposed_on_its_own() -> None:
    ours = by_hand(CompanyDetails(website="https://a.example", no_marketing=False))
    facts = CompanyDetails(website="https://b.example", no_marketing=True)
    given(registered, ours).when(note(facts)).then(
        RegistryChangeProposed(
            company_id=ID, field="no_marketing", proposed=CompanyDetails(no_marketing=True)
        ),
        RegistryChangeProposed(
            company_id=ID, field="website", proposed=CompanyDetails(website="https://b.example")
        ),
    )


def test_where_nothing_was_set_by_hand_the_registry_reigns() -> None:
    given(registered).when(theirs).then_nothing()


def test_the_same_value_as_by_hand_is_not_proposed() -> None:
    given(created).when(note(named(created.name))).then_nothing()


def test_what_the_registry_does_not_say_is_not_proposed() -> None:
    given(created).when(note(CompanyDetails())).then_nothing()


def test_a_proposal_is_withdrawn_when_the_registry_says_again_what_was_set_by_hand() -> None:
    again = note(named(created.name))
    withdrawn = RegistryChangeWithdrawn(company_id=ID, field="name")
    given(created, proposed).when(again).then(withdrawn)
    given(created, proposed, withdrawn).when(again).then_nothing()
    given(created, proposed, withdrawn).when(accept).then_rejected("proposal-unknown")
    given(created, proposed, withdrawn).when(theirs).then(proposed)


def test_the_same_proposal_is_not_made_twice() -> None:
    given(created, proposed).when(theirs).then_nothing()


def test_a_rejected_proposal_is_not_made_again_until_the_value_is_another() -> None:
    given(created, proposed, rejected).when(theirs).then_nothing()
    given(created, proposed, rejected).when(note(named("Sjöviks Bygg AB"))).then(
        proposed.model_copy(update={"proposed": named("Sjöviks Bygg AB")})
    )


def test_the_same_text_under_another_key_is_not_proposed() -> None:
    ours = by_hand(CompanyDetails(email=Sealed(subject=ID, text="a@b.example")))
    same = CompanyDetails(email=Sealed(subject=accept.command_id, text="a@b.example"))
    given(registered, ours).when(note(same)).then_nothing()


def test_what_was_erased_is_not_proposed() -> None:
    ours = by_hand(CompanyDetails(email=Sealed(subject=ID, text="a@b.example")))
    erased = CompanyDetails(email=Sealed(subject=accept.command_id))
    given(registered, ours).when(note(erased)).then_nothing()


def test_accepting_ends_the_value_set_by_hand() -> None:
    given(created, proposed).when(accept).then(accepted)
    given(created, proposed, accepted).when(note(named("Sjöviks Bygg AB"))).then_nothing()


def test_nothing_is_accepted_that_was_not_proposed() -> None:
    given(created).when(accept).then_rejected("proposal-unknown")
    given(created, proposed, rejected).when(accept).then_rejected("proposal-unknown")


def test_accepting_what_is_in_force_says_nothing_new() -> None:
    given(created, proposed, accepted).when(accept).then_nothing()


def test_rejecting_keeps_the_value_set_by_hand() -> None:
    given(created, proposed).when(reject).then(rejected)


def test_nothing_is_rejected_that_was_not_proposed() -> None:
    given(created).when(reject).then_rejected("proposal-unknown")


def test_rejecting_twice_says_nothing_new() -> None:
    given(created, proposed, rejected).when(reject).then_nothing()


def test_a_proposal_ends_when_its_value_is_set_by_hand() -> None:
    settled = (created, proposed, by_hand(proposed.proposed))
    given(*settled).when(theirs).then_nothing()
    given(*settled).when(accept).then_rejected("proposal-unknown")


def test_a_proposal_stands_when_yet_another_value_is_set_by_hand() -> None:
    given(created, proposed, by_hand(named("Sjövik"))).when(accept).then(accepted)


def test_a_proposal_ends_when_the_value_set_by_hand_is_cleared() -> None:
    ours = by_hand(named("Sjövik"))
    given(registered, ours, proposed, by_hand(CompanyDetails(), "name")).when(accept).then_nothing()


def test_another_number_ends_what_the_registry_proposed_for_the_old_one() -> None:
    identified = example(CompanyIdentified)
    given(created, proposed, identified).when(accept).then_rejected("proposal-unknown")
    given(created, proposed, rejected, identified).when(theirs).then(proposed)


def changed(old: CompanyDetails, new: CompanyDetails, policy: RegistryPolicy) -> NoteRegistryFacts:
    return note(new).model_copy(update={"before": old, "policy": policy})


def pinned(**value: str) -> RegistryValuePinned:
    [field] = value
    details = CompanyDetails.model_validate(value)
    return example(RegistryValuePinned).model_copy(update={"field": field, "value": details})


old_name, new_name = named("Sjöviks Snickeri"), named("Sjöviks Snickeri AB")


def test_where_the_tenant_follows_the_registry_its_own_values_change_by_themselves() -> None:
    given(registered).when(changed(old_name, new_name, "write")).then_nothing()


def test_where_the_tenant_wants_to_choose_the_old_value_stays_and_the_new_is_proposed() -> None:
    given(registered).when(changed(old_name, new_name, "propose")).then(
        pinned(name="Sjöviks Snickeri"), proposed
    )


def test_what_the_registry_says_for_the_first_time_is_no_change() -> None:
    given(registered).when(changed(CompanyDetails(), new_name, "propose")).then_nothing()


def test_a_pinned_value_stays_until_somebody_chooses() -> None:
    history = (registered, pinned(name="Sjöviks Snickeri"))
    given(*history).when(changed(old_name, new_name, "write")).then(proposed)
    given(*history, proposed).when(accept).then(accepted)
    given(*history, proposed, accepted).when(theirs).then_nothing()


def test_a_value_is_pinned_once_and_one_set_by_hand_stays_anyway() -> None:
    pin = example(PinRegistryValue)
    given(registered).when(pin).then(example(RegistryValuePinned))
    given(registered, example(RegistryValuePinned)).when(pin).then_nothing()
    given(created).when(pin).then_nothing()


def test_where_nothing_shows_there_is_nothing_to_pin() -> None:
    pin = example(PinRegistryValue).model_copy(update={"value": CompanyDetails()})
    given(registered).when(pin).then_rejected("nothing-to-pin")
