"""Workplaces that the registry gets later are offered on the card until somebody decides."""

from collections.abc import Callable
from datetime import date
from itertools import permutations
from typing import Any

import pytest

from contracts.companies.company import CompanyCreated, CompanyIdentity, SubUnitDismissed
from contracts.enrichment import CompanyEnriched, SubUnitAppeared, SubUnitClosed
from contracts.examples import example
from gateway.company import view
from gateway.company.projection import company_card
from gateway.reading import plain

enriched = example(CompanyEnriched)
HEAD = enriched.company_id
created = CompanyCreated(
    company_id=HEAD,
    origin="REGISTRY",
    identity=CompanyIdentity(country="SE", number=enriched.number),
    name="Sjöviks Snickeri",
)
appeared = example(SubUnitAppeared).model_copy(update={"company_id": HEAD})
UNIT = appeared.unit
closed = SubUnitClosed(**{**appeared.model_dump(exclude={"type"}), "unit": UNIT})
dismissed = SubUnitDismissed(company_id=HEAD, number=UNIT.number)


@pytest.fixture
def offered(fold: Callable[..., Any]) -> Callable[..., list[str]]:
    """Return what folds events into a card and says which workplaces it offers."""

    def numbers(*events: Any, here: tuple[str, ...] = ()) -> list[str]:
        row = plain(fold(company_card, *events)._asdict())
        units = [
            {"company_id": str(HEAD), "known": {**row["known"], "identity": {"number": number}}}
            for number in here
        ]
        answer = view.answer(row, units, date(2026, 11, 27))
        return [unit.workplace_number for unit in answer.sub_unit_proposals]

    return numbers


Offered = Callable[..., list[str]]


def test_one_that_appears_is_offered(offered: Offered) -> None:
    assert offered(created) == []
    assert offered(created, appeared) == [UNIT.number]


def test_one_that_is_here_is_not_offered(offered: Offered) -> None:
    assert offered(created, appeared, here=(UNIT.number,)) == []


def test_one_that_closes_again_is_not_offered(offered: Offered) -> None:
    assert offered(created, appeared, closed) == []
    assert offered(created, appeared, closed, appeared) == [UNIT.number]


def test_what_is_dismissed_is_not_offered_in_whatever_order_the_services_speak(
    offered: Offered,
) -> None:
    assert {tuple(offered(*events)) for events in permutations((created, appeared, dismissed))} == {
        ()
    }
