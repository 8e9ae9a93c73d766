"""From a bureau's word to a person: live, listed, mailed, acknowledged, each once."""

from collections.abc import Iterator
from typing import Any

import asyncpg
import httpx2
import pytest

from chassis.edge import new_id
from contracts.companies.user import Role
from standins.testing import StandIn
from support.box import Client, RunningBox, eventually
from support.faults.arms import Arms
from support.faults.steps import steps_of_jobs

pytestmark = [pytest.mark.servers, pytest.mark.journey]

NIGHT = 5
"""Five thousand are moved in tests/credit_monitor/test_telling.py."""
STEPS = [step for job, step in steps_of_jobs() if job == "alerts" and "night" not in step]
"""Those of a night are interrupted in tests/credit_monitor/test_telling.py."""


@pytest.fixture
def client(box: RunningBox, tenant: str) -> Client:
    return box.tenant(tenant)


def user(client: Client, name: str, role: Role = Role.USER) -> str:
    body = {"name": name, "email": f"{name.lower()}@{client.tenant}.example", "role": role}
    made = client.http.post("/users", json=body)
    assert made.status_code == 201, made.text
    user_id: str = made.json()["user_id"]
    return user_id


def owned(client: Client, number: str, *owners: str) -> str:
    """Create a customer with owners, and wait until it is watched."""
    created = client.create(
        str(new_id()),
        registry={"country": "SE", "organisation_number": number},
        relations=["customer"],
        owners=list(owners),
    )
    client.watched(created["company_id"])
    company_id: str = created["company_id"]
    return company_id


def changed(client: Client, company: str, number: str) -> None:
    """Let the bureau change its mind."""
    score = client.get(f"/companies/{company}")["credit"]["score"]
    wanted = 12 if score != "12" else 95
    answer = client.running.bureau.post(f"/_control/companies/SE/{number}", json={"score": wanted})
    assert answer.status_code == 200, answer.text


def alerts(client: Client, **query: str) -> list[dict[str, Any]]:
    """Return alerts; none while they cannot be read."""
    answer = client.http.get("/alerts", params=query)
    found: list[dict[str, Any]] = answer.json()["items"] if answer.status_code == 200 else []
    return found


def mails(box: RunningBox, client: Client) -> list[dict[str, Any]]:
    """Return the tenant's caught mails."""
    with httpx2.Client(base_url=box.box.urls["mail"], timeout=10) as http:
        caught = http.get("/_control/mails").json()
    return [one for one in caught if one["recipient"].endswith(f"@{client.tenant}.example")]


def overdue(box: RunningBox, client: Client) -> None:
    """Let three working days pass for a tenant's open alerts."""

    async def set_back() -> int:
        url = box.box.role_url("kundvakt_credit_monitor", "kundvakt_credit_monitor")
        connection = await asyncpg.connect(url)
        try:
            done = await connection.execute(
                "UPDATE alerts_open SET escalate_at = now() WHERE tenant_id = $1", client.tenant
            )
        finally:
            await connection.close()
        return int(done.rpartition(" ")[2])

    eventually(lambda: box.wait(set_back()) or None, "an alert that is kept in mind")


def test_a_change_is_live_listed_mailed_and_acknowledged(
    box: RunningBox, client: Client, numbers: Iterator[str]
) -> None:
    number, anna = next(numbers), user(client, "Anna")
    company = owned(client, number, anna)
    stranger = box.tenant(f"{client.tenant}-b")
    with client.events() as live, stranger.events(after="0") as overheard:
        changed(client, company, number)
        eventually(lambda: live.named("CreditAlertRaised") or None, "the alert, live", seconds=10)
    (alert,) = eventually(lambda: alerts(client, state="open") or None, "the alert, listed")
    assert (alert["kind"], alert["company_id"], alert["told_to"]) == (
        "RATING_CHANGED",
        company,
        [anna],
    )
    assert alert["company_name"]
    (mail,) = eventually(lambda: mails(box, client) or None, "the mail")
    assert mail["recipient"] == f"anna@{client.tenant}.example"
    assert alert["company_name"] in mail["text"]
    assert f"från {alert['old']} till {alert['new']}" in mail["text"]

    path = f"/alerts/{alert['alert_id']}/acknowledge"
    done = client.http.post(path, json={"note": "Ringt Anna."})
    assert done.status_code == 200, done.text
    (seen,) = client.get("/alerts", state="acknowledged", after=done.json()["position"])["items"]
    assert (seen["note"], seen["company_id"]) == ("Ringt Anna.", company)
    assert alerts(client, state="open") == []
    again = client.http.post(path, json={"note": "Jag också."})
    assert (again.status_code, again.json()["code"]) == (409, "alert-acknowledged")

    assert alerts(stranger) == []
    foreign = stranger.http.post(path, json={})
    assert (foreign.status_code, foreign.json()["code"]) == (404, "alert-unknown")
    assert overheard.named("CreditAlertRaised") == []


def test_a_user_and_a_tenant_say_how_they_want_to_hear(
    box: RunningBox, client: Client, numbers: Iterator[str]
) -> None:
    number, anna, vera = next(numbers), user(client, "Anna"), user(client, "Vera")
    path = f"/users/{anna}/alert-preferences"
    eventually(lambda: client.http.get(path).status_code == 200 or None, "Anna")
    wish = {"email": "NONE", "digest_hour": 9, "language": "en"}
    done = client.http.put(path, json=wish)
    assert client.get(path, after=done.json()["position"]) == wish
    rules = {"escalate_after_hours": 8, "escalate_to": [vera]}
    eventually(
        lambda: client.http.put("/settings/alerts", json=rules).status_code == 200 or None,
        "rules with Vera",
    )
    company = owned(client, number, anna)
    changed(client, company, number)
    eventually(lambda: alerts(client) or None, "the alert")
    overdue(box, client)
    (mail,) = eventually(lambda: mails(box, client) or None, "the mail to Vera")
    assert mail["recipient"] == f"vera@{client.tenant}.example"
    assert client.get("/settings/alerts") == rules
    (alert,) = eventually(
        lambda: [one for one in alerts(client) if one["escalated_at"]] or None, "the escalation"
    )
    assert alert["escalated_to"] == [vera]


def test_who_is_let_in_no_longer_is_not_let_in_by_a_key_of_their_own(client: Client) -> None:
    anna = user(client, "Anna")
    wish = {"role": "user", "label": "own", "user_id": anna}
    made = eventually(
        lambda: made if (made := client.http.post("/keys", json=wish)).is_success else None,
        "a key of Anna's own",
    )
    own = {"Authorization": f"Bearer {made.json()['key']}"}
    assert client.http.get("/alerts", params={"mine": "true"}, headers=own).status_code == 200
    gone = client.http.patch(f"/users/{anna}", json={"active": False})
    assert gone.status_code == 200, gone.text
    eventually(
        lambda: client.http.get("/alerts", headers=own).status_code == 401 or None, "a shut door"
    )


@pytest.mark.faults
def test_a_night_in_which_the_bureaus_model_moves_all_is_a_change_each_and_one_alert(
    box: RunningBox, client: Client, dnb: StandIn, numbers: Iterator[str]
) -> None:
    anna, bo = user(client, "Anna"), user(client, "Bo")
    bureau = {"bureau": "dnb", "credentials": {"key": "demo", "secret": "demo"}}
    assert client.http.put("/settings/credit-bureau", json=bureau).status_code == 200
    graded = (n for n in numbers if dnb.control("GET", f"companies/SE/{n}")["grade"])
    companies = [owned(client, next(graded), anna if n % 3 else bo) for n in range(NIGHT)]
    dnb.control("POST", "model", {"version": f"Failure Score of {client.tenant}"})

    def causes(company: str) -> list[str]:
        items = client.get(f"/companies/{company}/credit")["items"]
        return [item["cause"] for item in items if item["event"] == "CreditRatingChanged"]

    for company in companies:
        eventually(lambda one=company: causes(one) == ["MODEL"] or None, "its own change")
    eventually(
        lambda: [one["companies"] for one in alerts(client)] == [NIGHT] or None,
        "one alert that counts them all",
    )
    (alert,) = alerts(client)
    assert (alert["kind"], alert["company_id"]) == ("MODEL_CHANGED", None)
    assert set(alert["told_to"]) == {anna, bo}
    told = eventually(
        lambda: found if len(found := mails(box, client)) > 1 else None, "a mail to each"
    )
    assert sorted(one["recipient"].partition("@")[0] for one in told) == ["anna", "bo"]


@pytest.mark.faults
@pytest.mark.parametrize("step", STEPS)
def test_killed_at_any_step_an_alert_is_told_escalated_and_mailed_once(
    box: RunningBox, client: Client, arms: Arms, numbers: Iterator[str], step: str
) -> None:
    number, anna = next(numbers), user(client, "Anna")
    user(client, "Chef", Role.ADMIN)
    company = owned(client, number, anna)
    before = box.box.processes["credit-monitor"]
    arms.arm(f"credit-monitor={step}:1:kill")
    changed(client, company, number)
    eventually(lambda: alerts(client) or None, "the alert")
    overdue(box, client)
    eventually(
        lambda: box.box.processes.get("credit-monitor", before) != before or None,
        f"a death at {step}",
    )
    arms.disarm()
    box.ready()

    # Between the server's word and ours nobody can know: there alone it is the same mail again,
    # for each that was being handed over just then, one or both.
    many = (3, 4) if step == "credit-monitor.mail-accepted" else (2,)

    def told() -> list[str] | None:
        to = [one["recipient"].partition("@")[0] for one in mails(box, client)]
        return to if set(to) == {"anna", "chef"} and len(to) in many else None

    eventually(told, "both mails", seconds=60)
    (alert,) = alerts(client)
    assert alert["escalated_at"]
    ids = [one["message_id"] for one in mails(box, client)]
    assert len(ids) in many
    assert len(set(ids)) == 2
