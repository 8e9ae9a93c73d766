"""How the stand-in bureau misbehaves when it is told to, and what it never forgets."""

import json
import time
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from standins.testing import StandIn

DEMO = {"username": "demo", "password": "demo"}
NUMBER = "5570123454"
ON = [{"ruleCode": 101, "isActive": 1, "param1": "Any"}]
WAIT_SECONDS_MAX = 10.0


def listing(api: httpx2.Client) -> httpx2.Response:
    return api.get("/monitoring/portfolios")


@pytest.mark.parametrize(
    ("status", "retry_after"), [(500, None), (503, 2), (429, None), (429, 7), (403, None)]
)
def test_a_status_is_answered_as_often_as_asked_for(
    api: httpx2.Client, bureau: StandIn, status: int, retry_after: int | None
) -> None:
    bureau.control("POST", "faults", {"status": status, "times": 2, "retry_after": retry_after})
    answers = [listing(api) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [status, status, 200]
    wait = None if retry_after is None else str(retry_after)
    assert answers[0].headers.get("Retry-After") == wait


def test_only_the_calls_named_are_concerned(api: httpx2.Client, bureau: StandIn) -> None:
    bureau.control("POST", "faults", {"status": 500, "times": None, "path": "/companies"})
    assert listing(api).status_code == 200
    assert api.get("/companies", params={"countries": "SE"}).status_code == 500


def test_an_answer_may_be_garbage_or_cut_short(api: httpx2.Client, bureau: StandIn) -> None:
    bureau.control("POST", "faults", {"fail": "garbage"})
    assert "<html>" in listing(api).text
    bureau.control("POST", "faults", {"fail": "truncate"})
    with pytest.raises(json.JSONDecodeError):
        listing(api).json()
    assert listing(api).json()["correlationId"]


def test_a_connection_may_break(api: httpx2.Client, bureau: StandIn) -> None:
    bureau.control("POST", "faults", {"fail": "disconnect"})
    with pytest.raises(httpx2.RemoteProtocolError):
        listing(api)


def test_a_call_may_be_slow(api: httpx2.Client, bureau: StandIn) -> None:
    bureau.control("POST", "faults", {"slow_seconds": 5})
    with pytest.raises(httpx2.ReadTimeout):
        api.get("/monitoring/portfolios", timeout=0.2)


def test_a_report_may_lack_its_rating_or_be_anothers(api: httpx2.Client, bureau: StandIn) -> None:
    found = api.get("/companies", params={"countries": "SE", "regNo": NUMBER}).json()
    path = f"/companies/{found['companies'][0]['id']}"
    bureau.control("POST", "faults", {"fail": "partial"})
    partial = api.get(path).json()
    assert partial["failedSections"]
    assert partial["report"]["companySummary"]["creditRating"] is None
    bureau.control("POST", "faults", {"fail": "wrong-company"})
    other = api.get(path).json()["report"]["companySummary"]
    assert other["companyRegistrationNumber"] != NUMBER


def test_tokens_may_expire_all_at_once_or_soon(api: httpx2.Client, bureau: StandIn) -> None:
    bureau.control("POST", "faults", {"expire_tokens": True})
    assert listing(api).status_code == 401
    bureau.control("POST", "faults", {"token_seconds": 1})
    api.headers["Authorization"] = f"Bearer {_token(api)}"
    assert listing(api).status_code == 200
    _until(lambda: listing(api).status_code == 401)


def _token(api: httpx2.Client) -> str:
    return str(api.post("/authenticate", json=DEMO).json()["token"])


def _until(condition: Any) -> None:
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def watching(api: httpx2.Client) -> int:
    """Return a portfolio that watches the number and is told of its band."""
    made = api.post("/monitoring/portfolios", json={"name": "faults"}).json()["portfolioId"]
    api.put(f"/monitoring/portfolios/{made}/eventRules/XX", json=ON)
    found = api.get("/companies", params={"countries": "SE", "regNo": NUMBER}).json()
    body = {"id": found["companies"][0]["id"]}
    api.post(f"/monitoring/portfolios/{made}/companies", json=body)
    return int(made)


def _told(api: httpx2.Client, portfolio: int) -> list[int]:
    path = f"/monitoring/portfolios/{portfolio}/notificationEvents"
    answer = api.get(path, params={"sortBy": "eventId", "sortDir": "asc"}).json()
    return [event["notificationEventId"] for event in answer["data"]]


def _change(bureau: StandIn, times: int = 1) -> None:
    for _ in range(times):
        low = bureau.control("GET", f"companies/SE/{NUMBER}")["score"] < 50
        bureau.control("POST", f"companies/SE/{NUMBER}", {"score": 95 if low else 5})


def test_notifications_may_come_twice_anew_or_out_of_order(
    api: httpx2.Client, bureau: StandIn, watching: int
) -> None:
    _change(bureau, 4)
    in_order = _told(api, watching)
    bureau.control("POST", "faults", {"repeat": 1})
    assert _told(api, watching) == sorted([*in_order, *in_order])
    bureau.control("POST", "faults", {"repeat": 0, "reorder": True})
    assert _told(api, watching) != in_order
    assert sorted(_told(api, watching)) == in_order
    bureau.control("POST", "faults", {"reorder": False, "reissue": 2})
    _change(bureau)
    assert len(_told(api, watching)) == len(in_order) + 3


def test_notifications_may_be_late_or_never_come(
    api: httpx2.Client, bureau: StandIn, watching: int
) -> None:
    bureau.control("POST", "faults", {"hide_seconds": 1})
    _change(bureau)
    assert _told(api, watching) == []
    _until(lambda: len(_told(api, watching)) == 1)
    bureau.control("POST", "faults", {"hide_seconds": 0, "forget": 1})
    _change(bureau)
    assert len(_told(api, watching)) == 1
    _change(bureau)
    assert len(_told(api, watching)) == 2


def test_a_wish_that_is_not_understood_is_refused(bureau: StandIn) -> None:
    answer = httpx2.post(f"{bureau.url}/_control/faults", json={"explode": True})
    assert answer.status_code == 422
    answer = httpx2.post(f"{bureau.url}/_control/companies/SE/12", json={"score": 1})
    assert answer.status_code == 422


@pytest.fixture
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    """Return a stand-in that may be killed, and that changes ratings by itself."""
    with StandIn(tmp_path_factory.mktemp("own"), "--demo-every", "0.1") as running:
        yield running


def test_killed_and_started_again_it_has_forgotten_nothing(own: StandIn) -> None:
    with httpx2.Client(base_url=f"{own.url}/v1") as api:
        token = _token(api)
    own.control("POST", f"companies/SE/{NUMBER}", {"score": 63, "limit": 5})
    own.control("POST", "faults", {"forget": 3})
    ledger = own.control("GET", "ledger")
    own.kill()
    own.start()
    assert own.control("GET", "ledger") == ledger
    assert own.control("GET", "faults")["forget"] == 3
    assert own.control("GET", f"companies/SE/{NUMBER}")["score"] == 63
    headers = {"Authorization": f"Bearer {token}"}
    assert httpx2.get(f"{own.url}/v1/monitoring/portfolios", headers=headers).status_code == 200


def test_asked_to_stop_it_stops_cleanly_and_has_said_nothing_but_structured_lines(
    own: StandIn,
) -> None:
    assert own.stop() == 0
    events = [json.loads(line)["event"] for line in own.lines]
    assert (events[0], events[-1]) == ("listening", "stopped")


def test_for_a_demonstration_it_changes_watched_companies_by_itself(own: StandIn) -> None:
    with httpx2.Client(base_url=f"{own.url}/v1") as api:
        api.headers["Authorization"] = f"Bearer {_token(api)}"
        made = api.post("/monitoring/portfolios", json={"name": "demo"}).json()["portfolioId"]
        assert own.control("GET", "ledger")["changes"] == []
        found = api.get("/companies", params={"countries": "SE", "regNo": NUMBER}).json()
        body = {"id": found["companies"][0]["id"]}
        api.post(f"/monitoring/portfolios/{made}/companies", json=body)
        _until(lambda: own.control("GET", "ledger")["changes"])
    assert {row["number"] for row in own.control("GET", "ledger")["changes"]} == {NUMBER}
