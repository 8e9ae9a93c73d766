"""A tenant chooses its bureau over HTTP, and goes to another one without losing anything."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from chassis.edge import new_id
from contracts.companies.user import Role
from standins.testing import StandIn
from support.box import Client, RunningBox, eventually

pytestmark = [pytest.mark.servers, pytest.mark.journey]

PATH = "/settings/credit-bureau"
SECRET = "not-to-be-found-anywhere-else"  # noqa: S105 - a test's own
RIGHT = {"bureau": "dnb", "credentials": {"key": "demo", "secret": "demo"}}
WRONG = {"bureau": "dnb", "credentials": {"key": "demo", "secret": SECRET}}


def customer(client: Client, number: str) -> str:
    created = client.create(
        str(new_id()),
        registry={"country": "SE", "organisation_number": number},
        relations=["customer"],
    )
    return str(created["company_id"])


def rated_by(client: Client, company: str, bureau: str, **wanted: Any) -> dict[str, Any]:
    """Wait until the last rating on record is a bureau's, and as wanted."""

    def look() -> dict[str, Any] | None:
        answer = client.http.get(f"/companies/{company}/credit")
        if answer.status_code != 200:
            return None
        ratings = [item["new"] for item in answer.json()["items"] if item["new"]]
        if not ratings or ratings[0]["bureau"] != bureau:
            return None
        fits = all(ratings[0][name] == value for name, value in wanted.items())
        return ratings[0] if fits else None

    return eventually(look, f"a rating by {bureau} {wanted}")


def said(client: Client, company: str) -> list[str]:
    items = client.get(f"/companies/{company}/credit")["items"]
    return [item["event"] for item in reversed(items)]


def members(bureau: dict[str, Any], tenant: str) -> list[str]:
    mine = {p["id"] for p in bureau["portfolios"] if p["name"] == f"kundvakt-{tenant}"}
    return [row["number"] for row in bureau["members"] if row["portfolio_id"] in mine]


def test_a_tenant_that_goes_to_another_bureau_loses_nothing(
    box: RunningBox, dnb: StandIn, numbers: Iterator[str], tenant: str
) -> None:
    client, number = box.tenant(tenant), next(numbers)
    company = customer(client, number)
    client.watched(company)
    assert client.get(PATH)["bureau"] == "creditsafe"
    chosen = client.http.put(PATH, json=RIGHT)
    assert chosen.status_code == 200, chosen.text
    rated_by(client, company, "dnb")
    client.watched(company)
    assert said(client, company) == [
        "CompanyRated",
        "MonitoringStarted",
        "MonitoringStopped",
        "CompanyRated",
        "MonitoringStarted",
    ]
    eventually(
        lambda: members(box.bureau.get("/_control/ledger").json(), tenant) == [] or None,
        "the old portfolio to be empty",
    )
    assert members(dnb.control("GET", "ledger"), tenant) == [number]
    dnb.control("POST", f"companies/SE/{number}", {"grade": "C", "score": 3})
    rated_by(client, company, "dnb", grade="C", score="3", band="D")
    shown = client.get(PATH)
    assert (shown["bureau"], shown["own_credentials"], shown["leaving"]) == ("dnb", True, 0)
    assert shown["login_refused_at"] is None


def test_credentials_that_are_refused_are_seen_and_never_shown(
    box: RunningBox, dnb: StandIn, tenant: str
) -> None:
    client = box.tenant(tenant)
    chosen = client.http.put(PATH, json=WRONG)
    assert chosen.status_code == 200, chosen.text
    eventually(lambda: client.get(PATH)["login_refused_at"], "the refusal of the login")
    assert SECRET not in str(client.get(PATH))
    events = client.http.get("/companies").text + client.http.get("/settings").text
    assert SECRET not in events
    for log in box.box.home.logs.glob("*.log"):
        assert SECRET not in log.read_text(), log.name
    dnb.control("DELETE", "faults")
    assert client.http.put(PATH, json=RIGHT).status_code == 200

    def let_in() -> bool | None:
        found = client.get(PATH)
        return True if found["login_refused_at"] is None and found["last_read_at"] else None

    eventually(let_in, "the right credentials to be taken")
    gone = client.http.delete(f"{PATH}/credentials")
    assert gone.status_code == 200, gone.text
    assert not client.get(PATH)["credentials_set"]
    again = client.http.delete(f"{PATH}/credentials")
    assert (again.status_code, again.json()["code"]) == (404, "bureau-credentials-unknown")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"bureau": "nobody"}, "bureau-unknown"),
        ({"bureau": "dnb"}, "bureau-credentials-missing"),
        ({"bureau": "dnb", "credentials": {"key": SECRET}}, "bureau-credentials-malformed"),
        ({"bureau": "dnb", "credentials": {"key": SECRET, "secret": 7}}, "invalid"),
        ({"bureau": "dnb", "credentials": [SECRET]}, "invalid"),
        ({}, "invalid"),
    ],
)
def test_what_cannot_be_is_a_problem_that_repeats_no_secret(
    box: RunningBox, tenant: str, body: dict[str, Any], code: str
) -> None:
    client = box.tenant(tenant)
    answer = client.http.put(PATH, json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert SECRET not in answer.text
    assert re.search(r"[.]$", answer.json()["detail"])
    assert client.get(PATH)["bureau"] == "creditsafe"


def test_only_those_who_manage_bureaus_may_choose_one(box: RunningBox, tenant: str) -> None:
    client = box.tenant(tenant, Role.USER)
    assert client.http.put(PATH, json=RIGHT).status_code == 403
    assert client.http.delete(f"{PATH}/credentials").status_code == 403
    assert client.http.get(PATH).status_code == 200


def test_ratings_reported_in_a_file_rate_and_change_companies(
    box: RunningBox, numbers: Iterator[str], tenant: str
) -> None:
    client, number = box.tenant(tenant), next(numbers)
    assert client.http.put(PATH, json={"bureau": "csv"}).status_code == 200

    def report(grade: str, kind: str = "text/csv") -> Any:
        text = f"Orgnr;Betyg;Limit;Datum\n{number};{grade};450 000;2026-11-20\n"
        return client.http.post(
            "/bureaus/csv/ratings",
            params={"scale": "1-5"},
            content=text.encode("cp1252"),
            headers={"Content-Type": kind},
        )

    assert report("4").status_code == 200
    company = customer(client, number)
    rated_by(client, company, "csv", grade="4", band="B")
    client.watched(company)
    assert report("1").status_code == 200
    rated_by(client, company, "csv", grade="1", band="E")
    assert said(client, company)[-1] == "CreditRatingChanged"
    wrong = report("7")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "ratings-file-invalid")
    assert wrong.json()["errors"][0]["field"] == "row 2: grade"
    assert report("4", "application/json").status_code == 415


def test_a_push_is_answered_at_once_and_the_change_is_told(
    box: RunningBox, tic: StandIn, numbers: Iterator[str], tenant: str
) -> None:
    client, number = box.tenant(tenant), next(numbers)
    tic.control("POST", f"companies/SE/{number}", {"score": 50})
    wish = {"bureau": "tic", "credentials": {"key": "demo"}}
    assert client.http.put(PATH, json=wish).status_code == 200
    company = customer(client, number)
    rated_by(client, company, "tic", score="50", band="C")
    client.watched(company)
    tic.control("POST", f"companies/SE/{number}", {"score": 95})
    rated_by(client, company, "tic", score="95", band="A")

    def pushed() -> bool | None:
        ledger = tic.control("GET", "ledger")
        mine = {p["id"] for p in ledger["portfolios"] if p["name"] == f"kundvakt-{tenant}"}
        pushes = [e["pushes"] for e in ledger["notifications"] if e["watchlist"] in mine]
        return pushes == [1] or None

    eventually(pushed, "the push to be answered")
    lost = {"fail": "status", "status": 500, "path": "nowhere", "hide_seconds": 0.3}
    tic.control("POST", "faults", lost)
    tic.control("POST", f"companies/SE/{number}", {"score": 5})
    tic.control("DELETE", "faults")
    rated_by(client, company, "tic", score="5", band="D")
