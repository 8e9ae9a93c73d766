"""What becomes of a registry's own values when it says otherwise: pinned, proposed, or written."""

from collections.abc import Iterator
from typing import Any

import pytest

from chassis.edge import new_id
from support.box import RunningBox, eventually

pytestmark = [pytest.mark.servers, pytest.mark.journey]


def test_a_pinned_value_shows_as_such_until_it_is_cleared(
    box: RunningBox, numbers: Iterator[str], tenant: str
) -> None:
    client = box.tenant(tenant)
    created = client.create(
        str(new_id()), registry={"country": "SE", "organisation_number": next(numbers)}
    )
    path = f"/companies/{created['company_id']}"

    def enriched() -> dict[str, Any] | None:
        found = client.get(path, after=created["position"])
        return found if found["registry"]["registry"] else None

    card = eventually(enriched, "the registry's values")
    pinned = client.http.put(f"{path}/pins/legal_form")
    assert pinned.status_code == 200, pinned.text
    shown = client.get(path, after=pinned.json()["position"])
    assert shown["legal_form"] == card["legal_form"]
    assert shown["sources"]["legal_form"]["source"] == "pinned"
    nothing = client.http.put(f"{path}/pins/website")
    assert (nothing.status_code, nothing.json()["code"]) == (409, "nothing-to-pin")
    cleared = client.http.patch(path, json={"legal_form": None}, headers={"If-Match": "*"})
    assert cleared.status_code == 200, cleared.text
    shown = client.get(path, after=cleared.json()["position"])
    assert shown["sources"]["legal_form"]["source"] == "registry"


def test_a_tenant_decides_whether_it_follows_the_registry(box: RunningBox, tenant: str) -> None:
    client = box.tenant(tenant)
    assert client.get("/settings") == {"registry_policy": "write"}
    chosen = client.http.put("/settings/registry-policy", json={"policy": "propose"})
    assert chosen.status_code == 200, chosen.text
    after = chosen.json()["position"]
    assert client.get("/settings", after=after) == {"registry_policy": "propose"}
    wrong = client.http.put("/settings/registry-policy", json={"policy": "never"})
    assert wrong.status_code == 422
