"""A sole trader over HTTP: rated for a need, watched if the tenant says so, and forgotten."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from chassis.edge import new_id
from standins.creditsafe.ratings import connect_id
from support.box import Client, RunningBox, eventually, running_box
from support.erasing import erase
from support.everywhere import found

pytestmark = [pytest.mark.servers, pytest.mark.journey]

FOR_GRANT = {"purpose": "CREDIT_GRANT", "confirm_subject_copy": True}
SABOTAGE = Path(__file__).parents[1] / "support" / "sabotage"
MAY_KNOW = {"creditsafe.log"}
"""Who may know a person's number plainly: the stand-in bureau alone, which is no part of us."""
NAME = "Annas Blommor"


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


def plainly(number: str) -> tuple[str, ...]:
    """Return how a number may be written, and what the bureau makes of it."""
    short, long = f"{number[:6]}-{number[6:]}", f"19{number[:6]}-{number[6:]}"
    return number, short, f"19{number}", long, connect_id("SE", number)


def watched_trader(box: RunningBox, client: Client, number: str) -> str:
    """Have a sole trader looked at and watched, and something change."""
    policy = client.get("/settings/credit-policy")
    wanted = {**policy, "watch_private_forms": True}
    assert client.http.put("/settings/credit-policy", json=wanted).status_code == 200
    created = client.create(
        str(new_id()),
        name=NAME,
        country="SE",
        organisation_number=f"{number[:6]}-{number[6:]}",
        relations=["customer"],
    )
    company = str(created["company_id"])
    path = f"/companies/{company}/credit-check"
    assert heard(client, path, {})["code"] == "credit-purpose-missing"
    assert heard(client, path, FOR_GRANT)["state"] == "ASKED"
    client.watched(company)
    change = {"score": 5}
    box.bureau.post(f"/_control/companies/SE/{number}", json=change).raise_for_status()
    eventually(lambda: "CreditChangeNoted" in told(client, company) or None, "that it changed")
    return company


def told(client: Client, company: str) -> list[str]:
    """Return what the timeline has of a company."""
    items = client.get(f"/companies/{company}/timeline", limit=50)["items"]
    return [one["event"] for one in items]


def test_a_sole_trader_is_rated_for_a_need_watched_blindly_and_forgotten(
    box: RunningBox, persons: Iterator[str], tenant: str
) -> None:
    client, number = box.tenant(tenant), next(persons)
    with client.events(after="0") as outside:
        company = watched_trader(box, client, number)
        eventually(lambda: outside.named("SubjectCopySent") or None, "the copy on the stream")
    assert "SubjectCopySent" in told(client, company)
    shown = client.http.get(f"/companies/{company}/credit").text
    assert '"CreditRatingChanged"' not in shown
    assert found(box, plainly(number)) == MAY_KNOW
    erase(box, tenant, company)
    eventually(lambda: client.watch(company) == "stopped" or None, "the end of the watch")
    ended = client.get(f"/companies/{company}/credit")["items"]
    assert [one["cause"] for one in ended if one["event"] == "MonitoringStopped"] == ["ERASED"]
    assert found(box, plainly(number)) == MAY_KNOW


@pytest.mark.faults
def test_where_references_are_not_hidden_the_search_finds_them(
    home: Path, persons: Iterator[str], tenant: str
) -> None:
    number = next(persons)
    sabotaged = {"PYTHONPATH": str(SABOTAGE), "KUNDVAKT_TEST_SABOTAGE": "show-persons"}
    with running_box(home / "shown", **sabotaged) as running:
        watched_trader(running, running.tenant(tenant), number)
        assert "kundvakt_credit_monitor.listings" in found(running, plainly(number))
        assert {"stream EVENTS", "kundvakt_gateway.history"} <= found(running, [NAME])
