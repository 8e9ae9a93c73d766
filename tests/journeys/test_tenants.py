"""No tenant sees another: every route is tried with the other's ids."""

import json
import re
from typing import Any

import pytest

from chassis.edge import new_id
from contracts.companies.user import Role
from support.box import Client, RunningBox, eventually

pytestmark = [pytest.mark.servers, pytest.mark.journey]

METHODS = ("get", "put", "post", "patch", "delete")


def filled(client: Client, canary: str) -> dict[str, str]:
    """Give a tenant one of everything, with the canary in each; return the ids."""
    company = client.create(
        str(new_id()),
        name=f"{canary} AB",
        country="SE",
        relations=["customer"],
        invoice_profile={"delivery": "EMAIL_PDF", "invoice_email": f"{canary}@a.example"},
    )
    user = client.http.post(
        "/users", json={"name": canary, "email": f"{canary}@b.example", "role": "user"}
    ).json()["user_id"]
    department = client.http.post("/departments", json={"name": canary}).json()["department_id"]
    key = client.http.post("/keys", json={"role": "reader", "label": canary}).json()["key_id"]
    own = company["company_id"]
    eventually(lambda: client.http.get(f"/companies/{own}").status_code == 200 or None, "the card")
    return {
        "company_id": own,
        "user_id": user,
        "department_id": department,
        "key_id": key,
    }


def operations(client: Client) -> list[tuple[str, str, dict[str, Any]]]:
    document = client.http.get(str(client.http.base_url.join("/openapi.json"))).json()
    return [
        (method, path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method in METHODS and path.startswith("/api/v1") and path != "/api/v1/events"
    ]


def test_what_was_added_can_be_named_at_once(box: RunningBox, tenant: str) -> None:
    ours = box.tenant(tenant)
    for _ in range(10):
        who = {"name": "Anna", "email": "anna@b.example", "role": "user"}
        user = ours.http.post("/users", json=who).json()["user_id"]
        place = ours.http.post("/departments", json={"name": "Söder"}).json()["department_id"]
        body = {"name": "Ett AB", "country": "SE", "owners": [user], "department_id": place}
        assert ours.http.post("/companies", json=body).status_code == 201


def test_another_tenants_ids_are_as_unknown_as_ids_that_never_were(
    box: RunningBox, tenant: str
) -> None:
    canary = f"canary{new_id().hex[-10:]}"
    ours, theirs = box.tenant(tenant), box.tenant(f"{tenant}-b")
    ids = filled(ours, canary)
    never = {name: str(new_id()) for name in ids}
    asked = 0
    for method, path, _ in operations(ours):
        names = re.findall(r"{(\w+)}", path)
        if not set(names) & set(ids):
            continue
        rest = {"field": "name", "kind": "POSTAL", "relation": "customer", "country": "SE"}
        answers = [
            theirs.http.request(
                method,
                path.removeprefix("/api/v1").format(**rest, number="5560360793", **known),
                headers={"If-Match": '"1"'},
                json=None if method in {"get", "delete"} else {},
            )
            for known in (ids, never)
        ]
        foreign, unknown = ((a.status_code, _without_ids(a.text, ids, never)) for a in answers)
        assert foreign == unknown, (method, path)
        assert foreign[0] < 500, (method, path)
        assert canary not in answers[0].text, (method, path)
        asked += 1
    assert asked > 15


def test_no_list_search_or_stream_shows_another_tenants_things(
    box: RunningBox, tenant: str
) -> None:
    canary = f"canary{new_id().hex[-10:]}"
    ours, theirs = box.tenant(tenant), box.tenant(f"{tenant}-b")
    with theirs.events(after="0") as overheard, ours.events(after="0") as own:
        filled(ours, canary)
        filled(theirs, "other")
        eventually(lambda: own.named("CompanyCreated") or None, "our own event")
        eventually(lambda: overheard.named("CompanyCreated") or None, "their own event")
    assert canary in json.dumps([document for *_, document in own.seen])
    assert canary not in json.dumps([document for *_, document in overheard.seen])
    for path in ("/companies", "/users", "/departments", "/keys"):
        assert canary in ours.http.get(path).text, path
        assert canary not in theirs.http.get(path).text, path
    assert theirs.get("/companies", q=canary)["items"] == []


def test_a_reader_may_not_write_and_a_user_may_not_manage(box: RunningBox, tenant: str) -> None:
    ids = filled(box.tenant(tenant), "ours")
    reader = Client(box, box.key(tenant, Role.READER), tenant)
    user = Client(box, box.key(tenant, Role.USER), tenant)
    body = {"name": "Ett AB", "country": "SE", "relations": []}
    assert reader.http.get("/companies").status_code == 200
    assert reader.http.post("/companies", json=body).status_code == 403
    assert reader.http.post(f"/companies/{ids['company_id']}/archive").status_code == 403
    assert user.http.post("/companies", json=body).status_code == 201
    assert user.http.post("/keys", json={"role": "admin", "label": "mine"}).status_code == 403


def _without_ids(text: str, *known: dict[str, str]) -> str:
    """Return an answer with the ids that were asked for made alike."""
    for ids in known:
        for value in ids.values():
            text = text.replace(value, "<id>")
    return re.sub(r'"(instance|trace_?id|correlation)": ?"[^"]*"', "", text)
