"""Workplaces over HTTP: with the company, later, and not twice."""

from collections.abc import Iterator
from typing import Any

import pytest

from chassis.edge import new_id
from support.box import RunningBox

pytestmark = [pytest.mark.servers, pytest.mark.journey]


@pytest.fixture
def chain(box: RunningBox, numbers: Iterator[str], tenant: str) -> dict[str, Any]:
    """Return a registry entry that has several workplaces."""
    client = box.tenant(tenant)
    for number in numbers:
        entry: dict[str, Any] = client.get(f"/registry/companies/SE/{number}")
        if len(entry["sub_units"]) > 1:
            return entry
    raise AssertionError("the sample has no chain")


def test_workplaces_are_added_later_all_or_none(
    box: RunningBox, tenant: str, chain: dict[str, Any]
) -> None:
    client = box.tenant(tenant)
    number = chain["organisation_number"]
    created = client.create(
        str(new_id()), registry={"country": "SE", "organisation_number": number}
    )
    company = created["company_id"]
    first, second, *_ = [unit["number"] for unit in chain["sub_units"]]
    path = f"/companies/{company}/sub-units?after={created['position']}"
    wrong = client.http.post(path, json={"sub_units": [first, "10000000"]})
    assert wrong.json()["code"] == "sub-unit-unknown"
    added = client.http.post(path, json={"sub_units": [first, second]})
    assert added.status_code == 201, added.text
    position = added.json()["position"]
    card = client.get(f"/companies/{company}", after=position)
    assert {unit["workplace_number"] for unit in card["sub_units"]} == {first, second}
    assert set(added.json()["sub_units"]) == {first, second}
    again = client.http.post(path, json={"sub_units": [second]})
    assert (again.status_code, again.json()["code"]) == (409, "company-exists")
    workplace = added.json()["sub_units"][first]
    below = client.http.post(f"/companies/{workplace}/sub-units", json={"sub_units": [second]})
    assert below.json()["code"] == "sub-unit-of-none"
