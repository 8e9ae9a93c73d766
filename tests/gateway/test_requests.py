"""Requests as they come: what is wrong with them is said clearly, before anything is done."""

from datetime import date
from typing import Any

import httpx2
import pytest

from chassis.edge import new_id
from gateway.asking import expected_version
from gateway.company.bodies import CompanyByHand, company_identity
from gateway.door import BODY_BYTES_MAX
from gateway.problems import Refused

HAND = {"name": "Ett AB", "country": "SE"}


@pytest.mark.parametrize(("header", "version"), [('"3"', 3), ("*", None), (None, None)])
def test_if_match_names_a_version(header: str | None, version: int | None) -> None:
    assert expected_version(header) == version


@pytest.mark.parametrize("header", ["3", 'W/"3"', '"three"', '"1", "2"', '"99999999999999999999"'])
def test_an_if_match_that_was_never_given_out_is_stale(header: str) -> None:
    with pytest.raises(Refused) as refused:
        expected_version(header)
    assert refused.value.response().status_code == 412


def test_a_sole_traders_number_is_sealed_and_an_organisations_is_not() -> None:
    company_id, today = new_id(), date(2026, 11, 23)
    firm = company_identity(company_id, "SE", "556036-0793", today)
    assert (firm.number, firm.personal_number) == ("5560360793", None)
    trader = company_identity(company_id, "SE", "19811218-9876", today)
    assert trader.number is None
    assert trader.personal_number
    assert trader.personal_number.subject == company_id


def test_what_is_personal_is_marked_as_such_before_it_leaves() -> None:
    company_id = new_id()
    body = CompanyByHand(name="A", country="SE", email="a@b.example", phone="+46 8 123 45")
    details = body.details(company_id)
    assert details.email
    assert details.phone
    assert details.email.subject == details.phone.subject == company_id


BAD: dict[str, tuple[dict[str, Any], int, str]] = {
    "not-json": ({"content": b"{"}, 400, "malformed-json"),
    "nothing": ({"content": b""}, 422, "invalid"),
    "a-list": ({"content": b"[]"}, 422, "invalid"),
    "not-utf-8": ({"content": b'{"name": "\xff"}'}, 400, "malformed-json"),
    "a-lone-surrogate": (
        {"content": rb'{"name": "\ud800", "country": "SE"}'},
        400,
        "malformed-json",
    ),
    "a-surrogate-for-a-field": ({"content": rb'{"\ud800": 1}'}, 400, "malformed-json"),
    "a-nul": ({"json": {**HAND, "name": "a\0b"}}, 422, "invalid"),
    "a-control-character": ({"json": {**HAND, "name": "a\x1bb"}}, 422, "invalid"),
    "a-number-for-a-text": ({"json": {**HAND, "name": 7}}, 422, "invalid"),
    "a-text-for-a-truth": ({"json": {**HAND, "no_marketing": "true"}}, 422, "invalid"),
    "a-number-for-a-date": ({"json": {**HAND, "registered_on": 20200101}}, 422, "invalid"),
    "not-a-number": ({"content": b'{"name": "A", "employees": {"low": NaN}}'}, 422, "invalid"),
    "a-vast-number": (
        {"content": b'{"name": "A", "employees": {"low": ' + b"9" * 5000 + b"}}"},
        400,
        "malformed-json",
    ),
    "an-unknown-field": ({"json": {**HAND, "colour": "red"}}, 422, "invalid"),
    "an-unknown-field-below": (
        {"json": {**HAND, "legal_form": {"code": "AB", "x": 1}}},
        422,
        "invalid",
    ),
    "deep": ({"content": b"[" * 100_000}, 422, "too-deep"),
    "deep-behind-a-text": ({"content": b'"' + rb"\"" * 1000 + b"[" * 50}, 400, "malformed-json"),
    "large": ({"content": b" " * (BODY_BYTES_MAX + 1)}, 413, "too-large"),
    "another-type": (
        {"content": b"name=A", "headers": {"content-type": "application/x-www-form-urlencoded"}},
        422,
        "invalid",
    ),
    "a-bad-number": ({"json": {**HAND, "organisation_number": "12"}}, 422, "number-malformed"),
    "a-slip": (
        {"json": {**HAND, "organisation_number": "5560360794"}},
        422,
        "number-check-digit",
    ),
    "no-country": (
        {"json": {"name": "A", "country": "XX", "organisation_number": "1"}},
        422,
        "country-unsupported",
    ),
    "somebody-elses-owner": ({"json": {**HAND, "owners": [str(new_id())]}}, 422, "owner-unknown"),
    "somebody-elses-department": (
        {"json": {**HAND, "department_id": str(new_id())}},
        422,
        "department-unknown",
    ),
    "a-bad-key": ({"json": HAND, "headers": {"Idempotency-Key": "a b"}}, 422, "invalid"),
}


@pytest.mark.servers
@pytest.mark.parametrize("name", BAD)
async def test_a_bad_request_gets_a_clear_problem(ours: Any, name: str) -> None:
    request, status, code = BAD[name]
    request = {"headers": {"content-type": "application/json"}, **request}
    answer = await ours.client.post("/companies", **request)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (status, code), problem
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["status"] == status
    assert problem["detail"]
    assert problem["type"] == f"urn:kundvakt:problem:{code}"


@pytest.mark.servers
async def test_every_mistake_is_named_by_its_field(ours: Any) -> None:
    body = {"name": "", "country": "Sweden", "employees": {"low": -1}}
    problem = (await ours.client.post("/companies", json=body)).json()
    assert {error["field"] for error in problem["errors"]} == {"name", "country", "employees.low"}


@pytest.mark.servers
async def test_a_body_that_grows_past_the_limit_is_cut_off(ours: Any) -> None:
    async def endless() -> Any:
        for _ in range(1_000):
            yield b" " * 65_536

    answer = await ours.client.post("/companies", content=endless())
    assert answer.status_code == 413


@pytest.mark.servers
@pytest.mark.parametrize(
    "query",
    [
        {"colour": "red"},
        {"limit": "0"},
        {"limit": "201"},
        {"limit": "many"},
        {"sort": "band"},
        {"q": "a\0b"},
        {"owner": "me"},
        {"after": "-1"},
        {"after": str(2**63)},
        {"limit": ["1", "2"]},
    ],
    ids=str,
)
async def test_a_bad_query_gets_a_clear_problem(ours: Any, query: dict[str, Any]) -> None:
    problem = await ours.get("/companies", status=422, **query)
    assert problem["errors"][0]["field"] == next(iter(query))


@pytest.mark.servers
async def test_what_the_framework_refuses_is_a_problem_too(ours: Any) -> None:
    nowhere = await ours.client.get("/nowhere")
    assert (nowhere.status_code, nowhere.json()["code"]) == (404, "not-found")
    refused = await ours.client.put("/companies")
    assert (refused.status_code, refused.json()["code"]) == (405, "method-not-allowed")
    assert refused.headers["allow"] == "GET, POST"
    assert (await ours.client.get("/companies/not-an-id")).json()["code"] == "invalid"


@pytest.mark.servers
async def test_a_change_must_say_which_version_it_changes(ours: Any) -> None:
    answer = await ours.client.patch(f"/companies/{new_id()}", json={"name": "Två AB"})
    assert (answer.status_code, answer.json()["code"]) == (428, "version-missing")


@pytest.mark.servers
async def test_with_nobody_to_answer_a_command_is_refused_in_time_and_reads_go_on(
    ours: Any,
) -> None:
    answer = await ours.client.post("/companies", json=HAND, timeout=5)
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert answer.headers["retry-after"]
    assert answer.elapsed.total_seconds() < 3
    assert await ours.get("/companies")


@pytest.mark.servers
async def test_answers_are_kept_from_caches_and_sniffers(ours: Any) -> None:
    answer: httpx2.Response = await ours.client.get("/companies")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["kundvakt-request"]


@pytest.mark.servers
async def test_every_answer_that_is_a_problem_is_described(ours: Any) -> None:
    document = (await ours.client.get("http://gateway/openapi.json")).json()
    assert "ProblemDocument" in document["components"]["schemas"]
    for methods in document["paths"].values():
        for operation in methods.values():
            content = operation["responses"]["default"]["content"]
            assert "application/problem+json" in content


@pytest.mark.servers
async def test_requests_are_counted_by_route_and_not_by_address(ours: Any) -> None:
    company_id = new_id()
    await ours.get(f"/companies/{company_id}", status=404)
    figures = (await ours.client.get("http://gateway/metrics")).text
    assert '/{company_id}",outcome="4xx"' in figures
    assert str(company_id) not in figures


@pytest.mark.servers
async def test_with_the_database_away_a_request_is_told_to_come_again(ours: Any) -> None:
    await ours.site.reader.close()
    answer = await ours.client.get("/companies")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
