"""An erased person is found nowhere: not by asking, and not byte by byte."""

from pathlib import Path
from typing import Any

import pytest

from chassis.edge import new_id
from support.box import Client, RunningBox, eventually
from support.erasing import erase

pytestmark = [pytest.mark.servers, pytest.mark.journey]

PERSON = "canary.of.anna@person.example"
REFERENCE = "Canary Annasdotter"
NAME = "Canary Karlsdotter"
OWN_ADDRESS = "canary.of.karla@person.example"


def files_with(home: Path, canary: str) -> list[str]:
    """Return every file below the home that holds these bytes, in the usual encodings."""
    found = []
    for file in home.rglob("*"):
        if file.is_file():
            data = file.read_bytes()
            if any(canary.encode(code) in data for code in ("utf-8", "utf-16-le")):
                found.append(str(file.relative_to(home)))
    return found


def person(client: Client) -> tuple[str, str]:
    """Add a company that names a person, and a user."""
    company = client.create(
        str(new_id()),
        name="Granhult Enskild Firma",
        country="SE",
        relations=["customer"],
        invoice_profile={
            "delivery": "EMAIL_PDF",
            "invoice_email": PERSON,
            "your_reference": REFERENCE,
        },
    )["company_id"]
    answer = client.http.post("/users", json={"name": NAME, "email": OWN_ADDRESS, "role": "user"})
    assert answer.status_code == 201, answer.text
    return company, answer.json()["user_id"]


def profile(client: Client, company: str) -> dict[str, Any]:
    answer = client.http.get(f"/companies/{company}")
    found: dict[str, Any] = answer.json().get("invoice_profile") or {}
    return found


def test_an_erased_person_is_found_nowhere(box: RunningBox, tenant: str) -> None:
    client = box.tenant(tenant)
    company, user = person(client)
    eventually(lambda: profile(client, company) or None, "the profile on the card")
    assert profile(client, company)["invoice_email"] == PERSON
    eventually(lambda: NAME in client.http.get("/users").text or None, "the user in the list")
    erase(box, tenant, company)
    erase(box, tenant, user)
    eventually(
        lambda: profile(client, company).get("invoice_email") is None or None, "the key forgotten"
    )
    eventually(lambda: NAME not in client.http.get("/users").text or None, "the name forgotten")
    assert profile(client, company)["delivery"] == "EMAIL_PDF"
    for canary in (PERSON, REFERENCE, NAME, OWN_ADDRESS):
        assert files_with(box.box.home.path, canary) == [], canary


def test_the_search_for_bytes_finds_what_is_not_sealed(box: RunningBox, tenant: str) -> None:
    client = box.tenant(tenant)
    name = f"Plainly {new_id().hex} AB"
    client.create(str(new_id()), name=name, country="SE", relations=["other"])
    assert any("postgres" in file for file in files_with(box.box.home.path, name))
    assert any("nats" in file for file in files_with(box.box.home.path, name))


@pytest.mark.faults
def test_an_erasure_that_was_interrupted_is_completed_by_asking_again(
    box: RunningBox, tenant: str
) -> None:
    client = box.tenant(tenant)
    company, _ = person(client)
    assert erase(box, tenant, company, "erase.key-destroyed:1:kill") != 0
    erase(box, tenant, company)
    with client.events(after="0") as events:
        eventually(lambda: events.named("SubjectErased") or None, "everybody told")
    assert len(events.named("SubjectErased")) == 1
    assert profile(client, company).get("invoice_email") is None


def test_nothing_more_is_written_about_an_erased_person(box: RunningBox, tenant: str) -> None:
    client = box.tenant(tenant)
    company, _ = person(client)
    erase(box, tenant, company)

    def refused() -> str | None:
        answer = client.http.put(
            f"/companies/{company}/invoice-profile",
            json={"delivery": "EMAIL_PDF", "invoice_email": "again@person.example"},
        )
        return answer.json().get("code") if answer.status_code == 409 else None

    assert eventually(refused, "a refusal") == "subject-erased"
