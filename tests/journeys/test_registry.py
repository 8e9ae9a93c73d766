"""The registry over HTTP: a few letters find, whatever is typed and whichever edition comes."""

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest

from enrichment.load import load
from enrichment.sample.company import AS_OF
from enrichment.sample.files import companies_among, write_sample
from support.box import SAMPLE_ROWS, RunningBox

pytestmark = [pytest.mark.servers, pytest.mark.journey]

SEED = 20261101
TYPED = {
    "one letter": "b",
    "ten thousand letters": "b" * 10_000,
    "LIKE's own": "%_\\%",
    "SQL": "'; DROP TABLE registry.entries; --",
    "right to left": "\u202e\u05d0\u05d1 gran",
    "zero width": "gr\u200ban",
    "a flag": "\U0001f1f8\U0001f1ea",
    "many words": "a b c d e f g h i j k l m n o p q r s t u v w x y z",
    "combining": "a\u0301" * 40,
    "a number": "5570000000",
    "half a number": "16 557",
    "tilde": "~~~~",
}


@pytest.fixture
def client(box: RunningBox, tenant: str) -> Any:
    return box.tenant(tenant)


@pytest.mark.parametrize("typed", TYPED.values(), ids=TYPED.keys())
def test_whatever_is_typed_is_answered(client: Any, typed: str) -> None:
    answer = client.http.get("/registry/companies", params={"q": typed})
    assert answer.status_code == 200
    assert isinstance(answer.json()["items"], list)


@pytest.mark.parametrize("typed", ["\x00", "a\x1bb", "\x7f"])
def test_control_characters_are_refused_with_a_sentence(client: Any, typed: str) -> None:
    answer = client.http.get("/registry/companies", params={"q": typed})
    assert answer.status_code == 422
    assert answer.json()["detail"].endswith(".")


def test_a_hit_in_the_register_says_so_and_where_the_match_is(client: Any) -> None:
    found = client.get("/registry/companies", q="gr", country="SE", limit=50)["items"]
    hit = next(one for one in found if one["legal_form"] == "AB" and not one["parent"])
    start, end = hit["matches"][0]
    assert hit["name"][start:end].lower() == "gr"
    assert hit["company_id"] is None
    registry = {key: hit[key] for key in ("country", "organisation_number")}
    created = client.create(registry["organisation_number"], registry=registry, relations=["other"])

    def seen() -> Any:
        again = client.get("/registry/companies", q="gr", country="SE", limit=50)["items"]
        return next(one for one in again if one["company_id"])

    client.get(f"/companies/{created['company_id']}", after=created["position"])
    assert seen()["company_id"] == created["company_id"]
    assert seen()["organisation_number"] == hit["organisation_number"]


def test_a_sub_unit_is_no_company_to_be_created_alone(client: Any) -> None:
    found = client.get("/registry/companies", q="avd", country="NO", limit=50)["items"]
    unit = next(one for one in found if one["parent"])
    path = f"/registry/companies/NO/{unit['organisation_number']}"
    assert client.get(path)["parent"] == unit["parent"]
    registry = {"country": "NO", "organisation_number": unit["organisation_number"]}
    answer = client.http.post("/companies", json={"registry": registry, "relations": ["other"]})
    assert answer.status_code == 422
    assert unit["parent"] in answer.json()["detail"]


def test_who_asks_while_the_edition_changes_never_finds_nothing(
    box: RunningBox, client: Any, tmp_path: Path
) -> None:
    url = box.box.role_url("kundvakt_enrichment", "kundvakt_enrichment")
    files = write_sample(tmp_path, SEED, companies_among(SAMPLE_ROWS))
    done = threading.Event()
    found: list[int] = []

    def ask() -> None:
        while not done.is_set():
            answer = client.http.get("/registry/companies", params={"q": "s"})
            found.append(len(answer.json()["items"]) if answer.is_success else -1)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        asyncio.run(load(url, files, "the same again", AS_OF))
    finally:
        done.set()
        asking.join()
    assert set(found) == {10}
