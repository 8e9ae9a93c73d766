"""What a tenant's people see of alerts, and who may choose how whom is told."""

import json
from typing import Any
from uuid import UUID

import pytest

from chassis.edge import new_id
from contracts.companies.company import CompanyCreated, CompanyDetailsChanged, CompanyIdentity
from contracts.companies.user import Role, UserAdded
from contracts.credit_alerts import (
    AlertKind,
    AlertPreferencesSet,
    AlertSettingsSet,
    CreditAlertAcknowledged,
    CreditAlertEscalated,
    CreditAlertGrew,
    CreditAlertRaised,
    alert_settings_of,
)
from contracts.examples import example
from contracts.values import CompanyDetails, LegalForm, Sealed
from gateway.access.admin import add_key
from gateway.events import queries as events

pytestmark = pytest.mark.servers


def raised(company: UUID | None, *to: UUID, **said: Any) -> CreditAlertRaised:
    alert = {"alert_id": new_id(), "company_id": company, "to": to, **said}
    return example(CreditAlertRaised).model_copy(update=alert)


def acknowledged(alert: CreditAlertRaised, note: str) -> CreditAlertAcknowledged:
    sealed = Sealed(subject=alert.company_id or alert.alert_id, text=note)
    return CreditAlertAcknowledged(
        alert_id=alert.alert_id, company_id=alert.company_id, note=sealed
    )


def user(user_id: UUID) -> UserAdded:
    return example(UserAdded).model_copy(
        update={
            "user_id": user_id,
            "name": Sealed(subject=user_id, text="Anna"),
            "email": Sealed(subject=user_id, text="anna@firma.example"),
        }
    )


async def company(ours: Any, name: str = "Ett AB") -> UUID:
    company_id = new_id()
    identity = CompanyIdentity(country="SE", number=None)
    await ours.hears(
        CompanyCreated(company_id=company_id, origin="HAND", identity=identity, name=name)
    )
    return company_id


async def ids(ours: Any, **query: Any) -> list[UUID]:
    return [UUID(one["alert_id"]) for one in (await ours.get("/alerts", **query))["items"]]


async def test_an_alert_says_what_happened_to_which_company(ours: Any) -> None:
    one, anna = await company(ours, "Åkeri AB"), new_id()
    await ours.hears(raised(one, anna))
    (alert,) = (await ours.get("/alerts"))["items"]
    assert (alert["kind"], alert["old"], alert["new"]) == ("RATING_CHANGED", "C", "B")
    assert (alert["company_name"], alert["company_id"]) == ("Åkeri AB", str(one))
    assert (alert["state"], alert["told_to"]) == ("open", [str(anna)])


async def test_of_a_company_that_is_a_persons_by_now_no_value_is_shown(ours: Any) -> None:
    one = await company(ours)
    await ours.hears(
        raised(one, new_id()),
        CompanyDetailsChanged(
            company_id=one, details=CompanyDetails(legal_form=LegalForm(code="HB"))
        ),
    )
    (alert,) = (await ours.get("/alerts"))["items"]
    assert (alert["kind"], alert["old"], alert["new"]) == ("RATING_CHANGED", None, None)
    (sent,) = [
        row
        for row in await events.after(ours.site, ours.name, 0)
        if row["type"] == "credit-alert-raised.v1"
    ]
    assert not {"old", "new"} & json.loads(sent["data"]).keys()


async def test_a_night_says_how_many_companies_and_grows(ours: Any) -> None:
    anna, bo = new_id(), new_id()
    night = raised(None, anna, kind=AlertKind.MODEL_CHANGED, old=None, new=None, count=5000)
    await ours.hears(night, CreditAlertGrew(alert_id=night.alert_id, count=5012, to=(bo,)))
    (alert,) = (await ours.get("/alerts"))["items"]
    assert (alert["companies"], alert["company_id"]) == (5012, None)
    assert alert["told_to"] == [str(anna), str(bo)]


async def test_what_was_acknowledged_says_by_whom_and_with_what_note(ours: Any) -> None:
    alert = raised(await company(ours), new_id())
    await ours.hears(alert, acknowledged(alert, "Ringt Anna."), by="user:abc")
    (seen,) = (await ours.get("/alerts", state="acknowledged"))["items"]
    assert (seen["acknowledged_by"], seen["note"]) == ("user:abc", "Ringt Anna.")
    assert await ids(ours, state="open") == []
    rows = await ours.site.pool.fetch("SELECT a::text AS row FROM alerts a")
    assert "Ringt" not in "".join(row["row"] for row in rows)


async def test_alerts_are_found_by_user_company_and_state_the_latest_first(ours: Any) -> None:
    anna, bo, chef = new_id(), new_id(), new_id()
    one, other = await company(ours), await company(ours)
    first, second = raised(one, anna), raised(other, bo)
    await ours.hears(
        first, second, CreditAlertEscalated(alert_id=first.alert_id, company_id=one, to=(chef,))
    )
    assert await ids(ours) == [second.alert_id, first.alert_id]
    assert await ids(ours, user=str(bo)) == [second.alert_id]
    assert await ids(ours, user=str(chef)) == [first.alert_id]
    assert await ids(ours, company=str(one)) == [first.alert_id]
    assert await ids(ours, company=str(one), user=str(bo)) == []


async def test_alerts_come_in_pages(ours: Any) -> None:
    alerts = [raised(await company(ours), new_id()) for _ in range(3)]
    await ours.hears(*alerts)
    page = await ours.get("/alerts", limit=2)
    rest = await ours.get("/alerts", limit=2, before=page["next_before"])
    found = [one["alert_id"] for one in page["items"] + rest["items"]]
    assert found == [str(one.alert_id) for one in reversed(alerts)]
    assert rest["next_before"] is None


async def test_mine_are_those_of_the_user_whose_own_the_key_is(ours: Any) -> None:
    anna = new_id()
    mine, theirs = raised(await company(ours), anna), raised(await company(ours), new_id())
    await ours.hears(mine, theirs)
    refused = await ours.get("/alerts", 422, mine="true")
    assert refused["code"] == "key-of-nobody"
    own = await add_key(ours.site.pool, ours.name, Role.READER, "own", user=anna)
    ours.client.headers["Authorization"] = f"Bearer {own}"
    assert await ids(ours, mine="true") == [mine.alert_id]


async def test_another_tenant_sees_no_alert(ours: Any, new_tenant: Any) -> None:
    theirs = await new_tenant(f"{ours.name}-b")
    one = await company(ours)
    await ours.hears(raised(one, new_id()))
    assert await ids(theirs) == await ids(theirs, company=str(one)) == []


@pytest.mark.parametrize(
    "query",
    [{"state": "closed"}, {"mine": "perhaps"}, {"company": "1"}, {"limit": "0"}, {"colour": "red"}],
)
async def test_what_makes_no_sense_is_refused(ours: Any, query: dict[str, str]) -> None:
    assert (await ours.get("/alerts", 422, **query))["errors"]


async def test_how_nobody_has_chosen_it_comes_at_once_and_in_swedish(ours: Any) -> None:
    anna = new_id()
    await ours.hears(user(anna))
    found = await ours.get(f"/users/{anna}/alert-preferences")
    assert found == {"email": "AT_ONCE", "digest_hour": 7, "language": "sv"}


async def test_what_a_user_chose_is_shown(ours: Any) -> None:
    anna = new_id()
    chosen = AlertPreferencesSet(user_id=anna, mail="DIGEST", digest_hour=9, language="en")
    await ours.hears(user(anna), chosen)
    found = await ours.get(f"/users/{anna}/alert-preferences")
    assert found == {"email": "DIGEST", "digest_hour": 9, "language": "en"}


async def test_ones_own_choices_are_ones_own_and_the_administrators(ours: Any) -> None:
    anna, bo = new_id(), new_id()
    await ours.hears(user(anna), user(bo))
    own = await add_key(ours.site.pool, ours.name, Role.USER, "own", user=anna)
    ours.client.headers["Authorization"] = f"Bearer {own}"
    await ours.get(f"/users/{anna}/alert-preferences")
    refused = await ours.get(f"/users/{bo}/alert-preferences", 403)
    assert refused["code"] == "not-allowed"
    body = {"email": "NONE"}
    answer = await ours.client.put(f"/users/{bo}/alert-preferences", json=body)
    assert answer.status_code == 403


async def test_choices_of_nobody_are_not_there(ours: Any) -> None:
    path = f"/users/{new_id()}/alert-preferences"
    assert (await ours.get(path, 404))["code"] == "user-unknown"
    assert (await ours.client.put(path, json={"email": "NONE"})).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"email": "SOMETIMES"},
        {"email": "DIGEST", "digest_hour": 24},
        {"email": "DIGEST", "language": "fi"},
        {"email": "NONE", "colour": "red"},
    ],
)
async def test_a_choice_that_makes_no_sense_is_refused(ours: Any, body: dict[str, Any]) -> None:
    anna = new_id()
    await ours.hears(user(anna))
    answer = await ours.client.put(f"/users/{anna}/alert-preferences", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


async def test_a_tenant_that_has_said_nothing_escalates_after_three_working_days(
    ours: Any,
) -> None:
    found = await ours.get("/settings/alerts")
    assert found == {
        "escalate_after_hours": 72,
        "escalate_to": [],
    }


async def test_what_a_tenant_decided_is_shown(ours: Any) -> None:
    vera = new_id()
    await ours.hears(
        AlertSettingsSet(
            settings_id=alert_settings_of(ours.name),
            escalate_after_hours=8,
            escalate_to=(vera,),
        )
    )
    found = await ours.get("/settings/alerts")
    assert found["escalate_to"] == [str(vera)]
    assert found["escalate_after_hours"] == 8


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"escalate_after_hours": 0},
        {"escalate_after_hours": 24, "timezone": "Europe/Oslo"},
        {"escalate_after_hours": 24, "escalate_to": ["0199a3c0-5e03-7003-8a00-6b756e640003"]},
    ],
)
async def test_rules_that_make_no_sense_are_refused(ours: Any, body: dict[str, Any]) -> None:
    answer = await ours.client.put("/settings/alerts", json=body)
    assert answer.status_code == 422
    assert answer.json()["code"] in {"invalid", "user-unknown"}


async def test_a_key_can_be_made_for_a_user_there_is(ours: Any) -> None:
    anna = new_id()
    await ours.hears(user(anna))
    key = {"role": "user", "label": "own", "user_id": str(anna)}
    made = await ours.client.post("/keys", json=key)
    assert made.status_code == 201
    listed = (await ours.get("/keys"))["items"]
    assert str(anna) in {one["user_id"] for one in listed}
    nobody = await ours.client.post("/keys", json={**key, "user_id": str(new_id())})
    assert (nobody.status_code, nobody.json()["code"]) == (422, "user-unknown")
