"""Ratings asked for, a policy, its cap and the watch by hand, over HTTP and the event stream."""

import json
import re
from collections.abc import Iterator
from string import ascii_lowercase
from typing import Any

import pytest

from chassis.edge import new_id
from contracts.companies.user import Role
from support.box import Client, RunningBox, eventually

pytestmark = [pytest.mark.servers, pytest.mark.journey]

FOR_GRANT = {"purpose": "CREDIT_GRANT", "confirm_subject_copy": True}


@pytest.fixture(scope="session")
def partnerships(box: RunningBox) -> Iterator[str]:
    """Yield numbers of Swedish partnerships that registry and bureau know."""

    def found() -> Iterator[str]:
        client = box.tenant("partnership-finder")
        for letter in ascii_lowercase:
            items = client.get("/registry/companies", q=f"{letter} hb", country="SE", limit=50)
            for item in items["items"]:
                number = item["organisation_number"]
                fit = item["legal_form"] in {"HB", "KB"} and item["active"]
                if fit and box.bureau.get(f"/_control/companies/SE/{number}").is_success:
                    yield number

    return found()


def customer(client: Client, number: str) -> str:
    created = client.create(
        str(new_id()),
        registry={"country": "SE", "organisation_number": number},
        relations=["customer"],
    )
    return str(created["company_id"])


def excluded(client: Client, company: str) -> None:
    eventually(lambda: client.watch(company) == "excluded" or None, "the exclusion")


def history(client: Client, company: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = client.get(f"/companies/{company}/credit")["items"]
    return items


def answered(client: Client, company: str, check: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        return next(
            (
                one
                for one in history(client, company)
                if one["check_id"] == check and one["event"] == "CreditCheckAnswered"
            ),
            None,
        )

    return eventually(look, "the bureau's answer")


def test_a_rating_is_asked_for_and_paid_for_once(
    box: RunningBox, numbers: Iterator[str], tenant: str
) -> None:
    client = box.tenant(tenant)
    company = customer(client, next(numbers))
    client.watched(company)
    path = f"/companies/{company}/credit-check"
    key = {"Idempotency-Key": str(new_id())}
    asked = client.http.post(path, json={"purpose": "CREDIT_GRANT"}, headers=key)
    assert asked.status_code == 202, asked.text
    assert asked.json()["state"] == "ASKED"
    again = client.http.post(path, json={"purpose": "CREDIT_GRANT"}, headers=key)
    assert again.json() == asked.json()
    said = answered(client, company, asked.json()["check_id"])
    assert said["new"]["band"] in "ABCDE"
    assert said["purpose"] == "CREDIT_GRANT"
    on_record = client.http.post(path, json={"purpose": "CONTRACT"}).json()
    assert on_record["state"] == "ON_RECORD"
    assert on_record["check_id"] == asked.json()["check_id"]
    lines = client.get("/credit/costs")["items"]
    assert {line["purpose"]: line["calls"] for line in lines} == {
        "first-rating": 1,
        "CREDIT_GRANT": 1,
    }


def test_a_partnerships_report_is_seen_by_its_asker_and_nobody_else(
    box: RunningBox, partnerships: Iterator[str], tenant: str
) -> None:
    client, colleague = box.tenant(tenant), Client(box, box.key(tenant), tenant)
    company = customer(client, next(partnerships))
    excluded(client, company)
    path = f"/companies/{company}/credit-check"
    for lacking, code in (
        ({}, "credit-purpose-missing"),
        ({"purpose": "OTHER"}, "credit-reason-missing"),
        ({"purpose": "CREDIT_GRANT"}, "credit-copy-unconfirmed"),
    ):
        refused = client.http.post(path, json=lacking)
        assert refused.json()["code"] == code, refused.text
    with colleague.events(after="0") as outside:
        asked = client.http.post(path, json=FOR_GRANT)
        assert asked.status_code == 202, asked.text
        mine = answered(client, company, asked.json()["check_id"])
        eventually(lambda: outside.named("SubjectCopySent") or None, "the copy on the stream")
    assert mine["new"]["score"]
    assert mine["shown"] == "ASKER_ONLY"
    theirs = answered(colleague, company, asked.json()["check_id"])
    assert theirs["new"] is None
    shown = (
        colleague.http.get(f"/companies/{company}").text,
        colleague.http.get(f"/companies/{company}/timeline").text,
        colleague.http.get("/companies").text,
        json.dumps([document for *_, document in outside.seen]),
    )
    # The figure alone may stand anywhere, as the code of a legal form for one.
    told = re.compile(rf'score\w*"\s*:\s*"{mine["new"]["score"]}"')
    assert not any(told.search(text) for text in shown)


def test_a_company_that_becomes_a_partnership_shows_no_values_any_more(
    box: RunningBox, tenant: str
) -> None:
    client = box.tenant(tenant)
    created = client.create(
        str(new_id()),
        name="Ett bolag",
        country="NO",
        organisation_number="974760673",
        legal_form={"code": "AS"},
        relations=["customer"],
    )
    company = created["company_id"]
    card = client.watched(company)
    assert card["credit"]["band"]
    etag = client.http.get(f"/companies/{company}").headers["ETag"]
    changed = client.http.patch(
        f"/companies/{company}", json={"legal_form": {"code": "DA"}}, headers={"If-Match": etag}
    )
    assert changed.status_code == 200, changed.text
    excluded(client, company)
    assert client.get(f"/companies/{company}")["credit"]["band"] is None
    assert all(one["new"] is None for one in history(client, company))
    score = f'"{card["credit"]["score"]}"'
    assert score not in client.http.get(f"/companies/{company}/timeline").text
    with client.events(after="0") as outside:
        (rated,) = eventually(lambda: outside.named("CompanyRated") or None, "the rating")
    assert "rating" not in rated["data"]


def test_at_the_cap_nothing_more_is_bought_until_it_is_raised(
    box: RunningBox, numbers: Iterator[str], tenant: str
) -> None:
    client = box.tenant(tenant)
    policy = client.get("/settings/credit-policy")
    capped = {
        **policy,
        "monthly_cap": {"amount": "50", "currency": "SEK"},
        "prices": {"creditsafe": {"amount": "30", "currency": "SEK"}},
    }
    put = client.http.put("/settings/credit-policy", json=capped)
    assert put.status_code == 200, put.text
    assert (
        client.get("/settings/credit-policy", after_credit=put.json()["position"])["monthly_cap"]
        == capped["monthly_cap"]
    )
    first = customer(client, next(numbers))
    client.watched(first)
    second = customer(client, next(numbers))
    excluded(client, second)
    assert client.get(f"/companies/{second}")["credit"]["watch"]["reason"] == "COST_CAP"
    refused = client.http.post(f"/companies/{first}/credit-check", json={"purpose": "CONTRACT"})
    assert (refused.status_code, refused.json()["code"]) == (409, "credit-cap-reached")
    costs = client.get("/credit/costs")
    assert (costs["total"]["amount"], costs["left"]["amount"]) == ("30", "20")
    capped["monthly_cap"]["amount"] = "100"
    assert client.http.put("/settings/credit-policy", json=capped).status_code == 200
    client.watched(second)


def test_a_watch_stopped_by_hand_says_why_and_begins_again_when_asked(
    box: RunningBox, numbers: Iterator[str], tenant: str
) -> None:
    client = box.tenant(tenant)
    company = customer(client, next(numbers))
    client.watched(company)
    path = f"/companies/{company}/credit-watch"
    stopped = client.http.post(f"{path}/stop", json={"reason": "Betalar i förskott."})
    assert stopped.status_code == 200, stopped.text
    eventually(lambda: client.watch(company) == "stopped" or None, "the end of the watch")
    watch = client.get(f"/companies/{company}")["credit"]["watch"]
    assert (watch["reason"], watch["note"]) == ("MANUAL", "Betalar i förskott.")
    assert client.http.post(f"{path}/resume").status_code == 200
    assert client.watched(company)["credit"]["watch"]["bureau"] == "creditsafe"
    assert client.http.post(f"{path}/exclude", json={"reason": "Ett dotterbolag."}).is_success
    excluded(client, company)


def test_what_a_bureau_takes_back_is_told_to_whoever_saw_it(
    box: RunningBox, numbers: Iterator[str], tenant: str
) -> None:
    client, number = box.tenant(tenant), next(numbers)
    user = client.http.post(
        "/users", json={"name": "Maj", "email": "maj@firm.example", "role": "user"}
    ).json()["user_id"]
    made = client.http.post("/keys", json={"role": "user", "label": "Maj", "user_id": user})
    assert made.status_code == 201, made.text
    maj = Client(box, made.json()["key"], tenant)
    # A supplier is not watched: nobody but the correction tells of the change.
    created = client.create(
        str(new_id()),
        registry={"country": "SE", "organisation_number": number},
        relations=["supplier-product"],
    )
    company = created["company_id"]

    def asked_for(**body: Any) -> str:
        # Until the registry has said which form it has, a company is treated as a person.
        def ask() -> str | None:
            asked = client.http.post(f"/companies/{company}/credit-check", json=body)
            return str(asked.json()["check_id"]) if asked.status_code == 202 else None

        return eventually(ask, "the question to be taken")

    wrong = answered(client, company, asked_for(purpose="CONTRACT"))["new"]["score"]
    assert maj.get(f"/companies/{company}/credit")["items"]
    box.bureau.post(f"/_control/companies/SE/{number}", json={"score": 97, "limit": 1})
    with client.events(after="0") as events:

        def seen_by_maj() -> bool | None:
            # Who bought it has seen it too, and may be told of alone.
            seen = [one["data"]["viewed_by"] for one in events.named("CreditReportViewed")]
            return f"user:{user}" in seen or None

        eventually(seen_by_maj, "that Maj saw it")
        asked_for(correction=True)
        (corrected,) = eventually(
            lambda: events.named("CreditReportCorrected") or None, "the correction"
        )
    assert f"user:{user}" in corrected["data"]["seen_by"]

    def told() -> list[dict[str, Any]] | None:
        entries = history(client, company)
        found = [one["told"] for one in entries if one["event"] == "CreditReportCorrected"]
        return found[0] if found and found[0] else None

    (telling,) = eventually(told, "who was told")
    assert user in telling["told_to"]
    rated = [one for one in history(client, company) if one["event"] == "CompanyRated"]
    assert rated[0]["corrected"]
    assert rated[0]["new"]["score"] == "97" != wrong


def test_a_reader_asks_for_nothing_and_a_user_sets_no_policy(
    box: RunningBox, numbers: Iterator[str], tenant: str
) -> None:
    company = customer(box.tenant(tenant), next(numbers))
    reader = Client(box, box.key(tenant, Role.READER), tenant)
    user = Client(box, box.key(tenant, Role.USER), tenant)
    assert reader.http.post(f"/companies/{company}/credit-check", json={}).status_code == 403
    assert reader.http.get("/settings/credit-policy").status_code == 200
    assert user.http.put("/settings/credit-policy", json={}).status_code == 403
