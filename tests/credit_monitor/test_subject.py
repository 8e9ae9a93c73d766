"""What is learnt of a company from the register and the registry, in whatever order it comes."""

import itertools
from uuid import UUID

import pytest

from contracts.companies.company import (
    CompanyArchived,
    CompanyCreated,
    CompanyDetailsChanged,
    CompanyIdentified,
    CompanyIdentity,
    CompanyMerged,
    CompanyRestored,
    MergeReversed,
    RelationEnded,
    RelationStarted,
)
from contracts.enrichment import CompanyEnriched, CompanyNotInRegistry, RegistryFacts
from contracts.examples import example
from contracts.values import CompanyDetails, LegalForm, Sealed
from credit_monitor.facts.subject import Subject, SubjectEvent, learn

ID = UUID(int=7)
created = CompanyCreated(
    company_id=ID,
    origin="HAND",
    identity=CompanyIdentity(country="SE", number="5571200434"),
    name="Granhult AB",
)
started = RelationStarted(company_id=ID, relation="customer", since=example(RelationStarted).since)
enriched = example(CompanyEnriched).model_copy(
    update={
        "country": "SE",
        "number": "5571200434",
        "facts": RegistryFacts(
            details=CompanyDetails(legal_form=LegalForm(code="AB")), active=True
        ),
    }
)
missing = CompanyNotInRegistry(company_id=ID, country="SE", reason="unknown-number")


def after(*events: SubjectEvent) -> Subject:
    subject = Subject()
    for event in events:
        subject = learn(subject, event)
    return subject


@pytest.mark.parametrize("order", list(itertools.permutations([created, started, enriched])))
def test_the_order_does_not_matter(order: tuple[SubjectEvent, ...]) -> None:
    subject = after(*order)
    assert subject.created
    assert subject.registry_answered
    assert (subject.key, subject.legal_form) == ("SE5571200434", "AB")
    assert subject.relations == {"customer"}


@pytest.mark.parametrize("order", list(itertools.permutations([created, missing])))
def test_nor_when_the_registry_knows_nothing(order: tuple[SubjectEvent, ...]) -> None:
    subject = after(*order)
    assert subject.registry_answered
    assert subject.legal_form is None


def test_another_number_makes_the_registrys_answer_stale() -> None:
    other = CompanyIdentity(country="NO", number="310000007")
    subject = after(created, enriched, CompanyIdentified(company_id=ID, identity=other))
    assert not subject.registry_answered
    assert subject.legal_form is None


def test_an_answer_about_no_number_does_not_count_once_there_is_one() -> None:
    bare = created.model_copy(update={"identity": CompanyIdentity(country="SE")})
    none = missing.model_copy(update={"reason": "no-number"})
    identified = CompanyIdentified(company_id=ID, identity=created.identity)
    assert after(bare, none).registry_answered
    assert not after(bare, identified, none).registry_answered


def test_a_sole_traders_number_is_not_kept() -> None:
    sealed = Sealed(subject=UUID(int=9), text="8507099805")
    identity = CompanyIdentity(country="SE", personal_number=sealed)
    subject = after(created.model_copy(update={"identity": identity}))
    assert subject.personal
    assert "850709" not in repr(subject)


def test_relations_begin_and_end_and_companies_come_back() -> None:
    ended = RelationEnded(company_id=ID, relation="customer", until=started.since)
    assert after(created, started, ended).relations == frozenset()
    archived = CompanyArchived(company_id=ID)
    assert after(created, archived).archived
    assert not after(created, archived, CompanyRestored(company_id=ID)).archived


def test_who_became_anothers_part_is_put_away_until_that_is_reversed() -> None:
    merged = CompanyMerged(company_id=ID, into=UUID(int=9), reason="SUCCESSION")
    reversed_ = MergeReversed(company_id=ID, into=UUID(int=9))
    assert (after(created, merged).archived, after(created, merged).merged) == (True, True)
    assert after(created, merged, reversed_) == after(created)


def test_a_form_set_by_hand_can_be_cleared() -> None:
    form = CompanyDetails(legal_form=LegalForm(code="HB"))
    by_hand = CompanyDetailsChanged(company_id=ID, details=form)
    cleared = CompanyDetailsChanged(company_id=ID, cleared=("legal_form",))
    other = CompanyDetailsChanged(company_id=ID, cleared=("website",))
    assert after(created, by_hand, other).form_by_hand == "HB"
    assert after(created, by_hand, cleared).form_by_hand is None


def test_a_workplace_is_known_as_one() -> None:
    assert after(created.model_copy(update={"kind": "WORKPLACE"})).workplace
