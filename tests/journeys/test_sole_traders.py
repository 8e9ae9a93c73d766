"""A sole trader over HTTP: rated for a need, watched if the tenant says so, and forgotten."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from chassis.edge import new_id
from support.box import Client, RunningBox, eventually

pytestmark = [pytest.mark.servers, pytest.mark.journey]

FOR_GRANT = {"purpose": "CREDIT_GRANT", "confirm_subject_copy": True}


def with_check_digit(digits: str) -> str:
    """Return nine digits and the check digit of all Swedish numbers (Luhn)."""
    doubled = (int(one) * (2 - place % 2) for place, one in enumerate(digits))
    return f"{digits}{-sum(one // 10 + one % 10 for one in doubled) % 10}"


def heard(client: Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Ask until whoever decides has heard of the company."""

    def ask() -> dict[str, Any] | None:
        answer = client.http.post(path, json=body)
        said: dict[str, Any] = answer.json()
        return None if answer.status_code in {404, 503} else said

    return eventually(ask, "an answer")


@pytest.fixture(scope="session")
def persons(box: RunningBox) -> Iterator[str]:
    """Yield personal numbers that the bureau knows."""
    return (
        number
        for n in count(100)
        if box.bureau.get(
            f"/_control/companies/SE/{(number := with_check_digit(f'850709{n}'))}"
        ).is_success
    )


def test_a_sole_trader_is_rated_for_a_need_and_watched_if_the_tenant_says_so(
    box: RunningBox, persons: Iterator[str], tenant: str
) -> None:
    client, number = box.tenant(tenant), next(persons)
    policy = client.get("/settings/credit-policy")
    wanted = {**policy, "watch_private_forms": True}
    assert client.http.put("/settings/credit-policy", json=wanted).status_code == 200
    created = client.create(
        str(new_id()),
        name="Annas Blommor",
        country="SE",
        organisation_number=f"{number[:6]}-{number[6:]}",
        relations=["customer"],
    )
    company = created["company_id"]
    path = f"/companies/{company}/credit-check"
    assert heard(client, path, {})["code"] == "credit-purpose-missing"
    assert heard(client, path, FOR_GRANT)["state"] == "ASKED"
    client.watched(company)
    change = {"score": 5}
    box.bureau.post(f"/_control/companies/SE/{number}", json=change).raise_for_status()

    def noted() -> str | None:
        items = client.get(f"/companies/{company}/timeline", limit=50)["items"]
        told = [one["event"] for one in items]
        return "noted" if "CreditChangeNoted" in told else None

    eventually(noted, "that something changed")
    shown = client.http.get(f"/companies/{company}/credit").text
    assert '"CreditRatingChanged"' not in shown
