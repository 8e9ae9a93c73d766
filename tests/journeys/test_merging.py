"""Two companies of the register become one over HTTP, and two again."""

from collections.abc import Iterator
from typing import Any

import pytest

from chassis.edge import new_id
from support.box import Client, RunningBox, eventually

pytestmark = [pytest.mark.servers, pytest.mark.journey]


def registered(client: Client, number: str) -> str:
    """Create a customer out of the registry, and wait until it is watched."""
    entry = {"country": "SE", "organisation_number": number}
    made = client.create(str(new_id()), registry=entry, relations=["customer"])
    client.watched(made["company_id"])
    company: str = made["company_id"]
    return company


def merge(client: Client, company: str, **body: Any) -> dict[str, Any]:
    answer = client.http.post(f"/companies/{company}/merge", json=body)
    assert answer.status_code == 200, answer.text
    merged: dict[str, Any] = answer.json()
    return merged


def stopped(client: Client, company: str) -> None:
    eventually(lambda: client.watch(company) == "stopped" or None, "the end of the watch")


def test_a_company_entered_twice_is_merged_and_what_only_it_had_is_kept(
    box: RunningBox, numbers: Iterator[str], tenant: str
) -> None:
    client = box.tenant(tenant)
    stays = registered(client, next(numbers))
    address = {"lines": ["Hamngatan 4"], "postal_code": "211 22", "city": "Malmö"}
    twin = client.create(
        str(new_id()),
        name="Samma Firma",
        country="SE",
        relations=["prospect"],
        description="Ringer helst före tio.",
        addresses={"VISITING": address},
    )["company_id"]
    after = merge(client, twin, into=stays)["position"]
    card = client.get(f"/companies/{stays}", after=after)
    assert card["description"] == "Ringer helst före tio."
    assert card["addresses"]["VISITING"]["lines"] == ["Hamngatan 4"]
    assert {one["relation"] for one in card["relations"]} == {"customer", "prospect"}
    assert [one["company_id"] for one in card["merged"]] == [twin]
    assert client.get(f"/companies/{twin}", after=after)["merged_into"] == stays
    listed = client.get("/companies", after=after)["items"]
    assert [one["company_id"] for one in listed] == [stays]
    away = client.get("/companies", archived=True)["items"]
    assert [(one["company_id"], one["merged_into"]) for one in away] == [(twin, stays)]
    refused = client.http.patch(
        f"/companies/{twin}", json={"description": "x"}, headers={"If-Match": "*"}
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "company-merged")
    assert refused.json()["company_id"] == stays


def test_who_became_anothers_part_is_watched_again_when_that_is_reversed(
    box: RunningBox, numbers: Iterator[str], tenant: str
) -> None:
    client = box.tenant(tenant)
    gone, stays = registered(client, next(numbers)), registered(client, next(numbers))
    twice = client.http.post(f"/companies/{gone}/merge", json={"into": stays})
    assert (twice.status_code, twice.json()["code"]) == (409, "merge-of-two-numbers")
    merge(client, gone, into=stays, reason="SUCCESSION")
    stopped(client, gone)
    card = client.get(f"/companies/{gone}")
    assert card["credit"]["watch"]["reason"] == "MERGED"
    number = card["organisation_number"]
    found = client.get("/registry/companies", q=number, country="SE")["items"]
    assert [one["company_id"] for one in found if one["organisation_number"] == number] == [stays]
    told = [one["event"] for one in client.get(f"/companies/{stays}/timeline")["items"]]
    assert "OtherCompanyTakenOver" in told
    key = {"Idempotency-Key": str(new_id())}
    path = f"/companies/{gone}/reverse-merge"
    answers = [client.http.post(path, headers=key).json() for _ in range(2)]
    assert answers[0] == answers[1]
    client.watched(gone)
    after = answers[0]["position"]
    assert client.get(f"/companies/{gone}", after=after)["merged_into"] is None
    assert client.get(f"/companies/{stays}", after=after)["merged"] == []


def test_a_head_company_keeps_its_workplaces(
    box: RunningBox, numbers: Iterator[str], tenant: str
) -> None:
    client = box.tenant(tenant)
    entry = next(
        found
        for number in numbers
        if (found := client.get(f"/registry/companies/SE/{number}"))["sub_units"]
    )
    number, unit = entry["organisation_number"], entry["sub_units"][0]["number"]
    head = client.create(
        str(new_id()),
        registry={"country": "SE", "organisation_number": number},
        sub_units=[unit],
    )
    other = client.create(str(new_id()), name="En till", country="SE")["company_id"]
    path = f"/companies/{head['company_id']}/merge?after={head['position']}"
    refused = client.http.post(path, json={"into": other, "reason": "SUCCESSION"})
    assert (refused.status_code, refused.json()["code"]) == (409, "merge-of-head")
    unknown = client.http.post(f"/companies/{other}/merge", json={"into": str(new_id())})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "merge-into-unknown")
