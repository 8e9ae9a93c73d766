"""The main job, from a number to a rating change on the event stream."""

from collections.abc import Iterator
from typing import Any

import pytest

from chassis.edge import new_id
from support.box import RunningBox, eventually

pytestmark = [pytest.mark.servers, pytest.mark.journey]


def change_rating(box: RunningBox, number: str, **rating: int) -> None:
    answer = box.bureau.post(f"/_control/companies/SE/{number}", json=rating)
    assert answer.status_code == 200, answer.text


def test_a_company_is_enriched_rated_watched_and_its_rating_change_is_heard(
    box: RunningBox, numbers: Iterator[str], tenant: str
) -> None:
    client, number = box.tenant(tenant), next(numbers)
    with client.events() as events:
        created = client.create(
            str(new_id()),
            registry={"country": "SE", "organisation_number": number},
            relations=["customer"],
        )
        card = client.watched(created["company_id"])
        assert card["credit"]["band"] in "ABCDE"
        old = card["credit"]["score"]
        change_rating(box, number, score=63 if old != "63" else 44, limit=500_000)
        eventually(lambda: events.named("CreditRatingChanged") or None, "the change on the stream")
        credit = f"/companies/{created['company_id']}/credit"
        eventually(
            lambda: "CreditRatingChanged" in str(client.get(credit)) or None,
            "the change in its history",
        )
    (changed,) = events.named("CreditRatingChanged")
    assert changed["data"]["company_id"] == created["company_id"]
    assert changed["data"]["old"]["score"] == old
    assert changed["data"]["new"]["score"] in {"63", "44"}
    assert changed["data"]["new"]["limit"] == {"amount": "500000", "currency": "SEK"}
    assert changed["tenant"] == tenant
    names = [name for _, name, _ in events.seen]
    order = ["CompanyCreated", "CompanyEnriched", "CompanyRated", "MonitoringStarted"]
    assert [name for name in names if name in order] == order


def test_the_event_stream_resumes_without_a_gap(box: RunningBox, tenant: str) -> None:
    client = box.tenant(tenant)
    with client.events() as first:
        client.create(str(new_id()), name="Första AB", country="SE", relations=["other"])
        eventually(lambda: first.named("RelationStarted") or None, "the first company's events")
    seen = list(first.seen)
    client.create(str(new_id()), name="Andra AB", country="SE", relations=["other"])
    with client.events(after=seen[0][0]) as again:
        eventually(lambda: len(again.named("CompanyCreated")) == 1 or None, "the second company")
        eventually(lambda: len(again.named("RelationStarted")) == 2 or None, "both relations")
    ids = [int(number) for number, _, _ in again.seen]
    assert ids == sorted(set(ids))
    assert int(seen[0][0]) < ids[0]


def test_archiving_ends_the_watch(box: RunningBox, numbers: Iterator[str], tenant: str) -> None:
    client, number = box.tenant(tenant), next(numbers)
    created = client.create(
        str(new_id()),
        registry={"country": "SE", "organisation_number": number},
        relations=["customer"],
    )
    client.watched(created["company_id"])
    answer = client.http.post(f"/companies/{created['company_id']}/archive")
    assert answer.status_code in {200, 202}, answer.text

    def stopped() -> dict[str, Any] | None:
        card = client.get(f"/companies/{created['company_id']}")
        return card if card["credit"]["watch"]["state"] == "stopped" else None

    eventually(stopped, "the watch to end")


def test_what_was_written_is_read_at_once(box: RunningBox, tenant: str) -> None:
    client = box.tenant(tenant)
    created = client.create(str(new_id()), name="Granhult AB", country="SE", relations=["other"])
    card = client.get(f"/companies/{created['company_id']}", after=created["position"])
    assert card["name"] == "Granhult AB"


def test_the_same_number_twice_names_the_company_that_has_it(
    box: RunningBox, numbers: Iterator[str], tenant: str
) -> None:
    client, number = box.tenant(tenant), next(numbers)
    body = {"name": "Ett AB", "country": "SE", "organisation_number": number, "relations": []}
    created = client.create(str(new_id()), **body)
    answer = client.http.post("/companies", json=body)
    assert answer.status_code == 409
    assert answer.json()["code"] == "company-exists"
    assert answer.json()["company_id"] == created["company_id"]


def test_a_replayed_key_gives_the_first_answer_and_another_body_is_refused(
    box: RunningBox, tenant: str
) -> None:
    client, key = box.tenant(tenant), str(new_id())
    body = {"name": "Ett AB", "country": "SE", "relations": ["other"]}
    first = client.create(key, **body)
    assert client.create(key, **body) == first
    answer = client.http.post(
        "/companies", json={**body, "name": "Två AB"}, headers={"Idempotency-Key": key}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "command-reused")
