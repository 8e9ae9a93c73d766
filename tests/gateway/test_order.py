"""Three services speak of a company, in any order among one another: the rows are the same."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.edge import derived_id
from chassis.projection import AnyProjection, Told
from contracts.companies.company import (
    AddressChanged,
    CompanyArchived,
    CompanyCreated,
    CompanyDetailsChanged,
    CompanyIdentified,
    CompanyIdentity,
    OwnerAdded,
    RegistryChangeAccepted,
    RegistryChangeProposed,
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
from contracts.message import Event
from contracts.values import AddressKind, CompanyDetails
from gateway.companies.projection import company_list
from gateway.company.projection import company_card

enriched = example(CompanyEnriched)
COMPANY = enriched.company_id
IDENTITY = CompanyIdentity(country="SE", number=enriched.number)
OTHER = CompanyIdentity(country="SE", number="5560360793")
created = CompanyCreated(company_id=COMPANY, origin="HAND", identity=IDENTITY, name="Snickarn")


def of(form: Any, **values: Any) -> Any:
    return example(form).model_copy(update={"company_id": COMPANY, **values})


BY_PEOPLE = st.lists(
    st.sampled_from(
        [
            CompanyDetailsChanged(company_id=COMPANY, details=CompanyDetails(name="Annat")),
            CompanyDetailsChanged(company_id=COMPANY, cleared=("name",)),
            CompanyIdentified(company_id=COMPANY, identity=OTHER),
            CompanyIdentified(company_id=COMPANY, identity=IDENTITY),
            RegistryChangeProposed(
                company_id=COMPANY, field="name", proposed=CompanyDetails(name="Sjövik")
            ),
            RegistryChangeAccepted(company_id=COMPANY, field="name"),
            RelationStarted(company_id=COMPANY, relation="customer", since=date(2026, 1, 1)),
            RelationEnded(company_id=COMPANY, relation="customer", until=date(2026, 2, 1)),
            AddressChanged(company_id=COMPANY, kind=AddressKind.POSTAL),
            of(OwnerAdded),
            of(CompanyArchived),
        ]
    ),
    max_size=6,
).map(lambda later: [created, *later])
BY_REGISTRY = st.lists(
    st.sampled_from(
        [
            enriched,
            enriched.model_copy(update={"number": OTHER.number}),
            of(CompanyNotInRegistry),
        ]
    ),
    max_size=4,
)
BY_BUREAU = st.lists(
    st.sampled_from(
        [
            of(CompanyRated),
            of(CreditRatingChanged),
            of(CreditCheckFailed),
            of(MonitoringStarted),
            of(MonitoringStopped),
            of(MonitoringExcluded),
        ]
    ),
    max_size=5,
)


def told(events: list[Event], side: str) -> list[Told]:
    """Return one service's events, each with its own place, time and id."""
    return [
        Told(
            tenant="demo",
            event=event,
            seq=0,
            version=version,
            at=f"2026-11-23T12:00:{version:02}Z",
            by=f"system:{side}",
            id=str(derived_id(side, str(version))),
            correlation="request",
            causation=None,
        )
        for version, event in enumerate(events, 1)
    ]


def shuffled(data: st.DataObject, *sides: list[Told]) -> list[Told]:
    """Interleave what each side says, which itself stays in order."""
    left = [list(side) for side in sides]
    mixed = []
    while any(left):
        mixed.append(data.draw(st.sampled_from([side for side in left if side])).pop(0))
    return mixed


@pytest.mark.parametrize("projection", [company_card, company_list], ids=lambda p: p.name)
@settings(max_examples=2 * settings.default.max_examples)
@given(data=st.data(), people=BY_PEOPLE, registry=BY_REGISTRY, bureau=BY_BUREAU)
def test_it_does_not_matter_who_speaks_first(
    projection: AnyProjection,
    data: st.DataObject,
    people: list[Event],
    registry: list[Event],
    bureau: list[Event],
) -> None:
    sides = told(people, "people"), told(registry, "registry"), told(bureau, "bureau")
    in_turn = [one for side in sides for one in side]
    assert projection.fold(shuffled(data, *sides)) == projection.fold(in_turn)
