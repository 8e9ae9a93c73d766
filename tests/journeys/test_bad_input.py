"""Whatever is sent in, the answer is clear and never a server's error."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chassis.edge import new_id
from support.box import RunningBox

pytestmark = [pytest.mark.servers, pytest.mark.journey]

CASES = os.environ.get("KUNDVAKT_FUZZ_CASES", "3")
"""For each operation and phase."""


CHECKS = (
    "not_a_server_error",
    "content_type_conformance",
    "status_code_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
)


@pytest.mark.faults
@pytest.mark.timeout(900)
def test_a_fuzzer_that_reads_our_own_description_finds_no_server_error(
    box: RunningBox, tenant: str, tmp_path: Path
) -> None:
    client = box.tenant(tenant)
    gateway = box.box.urls["gateway"]
    command = [
        str(Path(sys.executable).with_name("schemathesis")),
        "run",
        f"{gateway}/openapi.json",
        "--header",
        f"Authorization: {client.http.headers['Authorization']}",
        # The event stream never ends by itself; it has tests of its own.
        "--exclude-path",
        "/api/v1/events",
        "--phases=examples,coverage,fuzzing",
        f"--checks={','.join(CHECKS)}",
        f"--max-examples={CASES}",
        "--seed=1",
        "--request-timeout=20",
        "--continue-on-failure",
        "--no-color",
    ]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)  # noqa: S603
    assert done.returncode == 0, done.stdout[-20_000:]


BODIES: dict[str, Any] = {
    "not-json": b"{",
    "not-an-object": b"[1]",
    "unknown-field": b'{"name": "A", "country": "SE", "relations": [], "colour": "red"}',
    "wrong-type": b'{"name": 7, "country": "SE", "relations": []}',
    "nul-character": rb'{"name": "a\u0000b", "country": "SE", "relations": []}',
    "lone-surrogate": rb'{"name": "\ud800", "country": "SE", "relations": []}',
    "not-utf-8": b'{"name": "\xff", "country": "SE", "relations": []}',
    "deep": b'{"name": ' + b"[" * 5_000 + b"]" * 5_000 + b"}",
    "huge-number": b'{"name": "A", "country": "SE", "relations": [], "parent_id": 1e400}',
    "nan": b'{"name": NaN}',
    "empty": b"",
    "empty-name": b'{"name": " ", "country": "SE", "relations": []}',
    "no-country": b'{"name": "A", "relations": []}',
    "bad-number": b'{"name":"A","country":"SE","organisation_number":"123","relations":[]}',
    "bad-check-digit": (
        b'{"name":"A","country":"SE","organisation_number":"5560360794","relations":[]}'
    ),
    "both-ways": (
        b'{"name":"A","country":"SE","relations":[],'
        b'"registry":{"country":"SE","organisation_number":"5560360793"}}'
    ),
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_a_bad_body_gets_a_problem_with_a_code_and_a_sentence(
    box: RunningBox, tenant: str, body: bytes
) -> None:
    client = box.tenant(tenant)
    answer = client.http.post(
        "/companies", content=body, headers={"Content-Type": "application/json"}
    )
    problem = answer.json()
    assert 400 <= answer.status_code < 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["status"] == answer.status_code
    assert problem["code"]
    assert problem["detail"].endswith(".")
    assert client.get("/companies")["items"] == []


def test_an_oversized_body_is_refused(box: RunningBox, tenant: str) -> None:
    client = box.tenant(tenant)
    answer = client.http.post("/companies", content=b" " * 5_000_000)
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")


def test_a_stale_version_is_refused_and_a_missing_one_asked_for(
    box: RunningBox, tenant: str
) -> None:
    client = box.tenant(tenant)
    created = client.create(str(new_id()), name="Ett AB", country="SE", relations=["other"])
    path = f"/companies/{created['company_id']}"
    first = client.http.get(path, params={"after": created["position"]})
    change = {"description": "Changed."}
    etag = {"If-Match": first.headers["ETag"]}
    assert client.http.patch(path, json=change).status_code == 428
    assert client.http.patch(path, json=change, headers=etag).status_code == 200
    stale = client.http.patch(path, json={"description": "Again."}, headers=etag)
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")


@pytest.mark.parametrize("key", ["", "Bearer", "Bearer nonsense", "Basic a2V5", "Bearer kv_a_b"])
def test_without_a_key_nothing_is_said(box: RunningBox, key: str) -> None:
    with box.tenant("anyone").http as http:
        http.headers["Authorization"] = key
        answer = http.get("/companies")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
