"""What the stand-in bureau does as Creditsafe Connect does it."""

import itertools

import httpx2
import pytest

from standins.creditsafe.ratings import Rating, is_known, limit_for, rating_of
from standins.testing import StandIn

NUMBERS = (str(n) for n in itertools.count(5_570_100_000))
SWITCHED_ON = [{"ruleCode": 101, "isActive": 1, "param1": "Any"}, {"ruleCode": 102, "isActive": 1}]


@pytest.fixture
def number() -> str:
    """Return a number the bureau knows and no other test uses."""
    return next(number for number in NUMBERS if is_known("SE", number))


@pytest.fixture
def portfolio(api: httpx2.Client) -> int:
    """Return a new portfolio with the rules on that tell of ratings."""
    made = api.post("/monitoring/portfolios", json={"name": "test"}).json()["portfolioId"]
    api.put(f"/monitoring/portfolios/{made}/eventRules/XX", json=SWITCHED_ON)
    local = api.get("/monitoring/eventRules/SE").json()[0]["ruleCode"]
    body = [{"ruleCode": local, "isActive": 1}]
    api.put(f"/monitoring/portfolios/{made}/eventRules/SE", json=body)
    return int(made)


def reference(api: httpx2.Client, number: str) -> str:
    found = api.get("/companies", params={"countries": "SE", "regNo": number}).json()
    return str(found["companies"][0]["id"])


def watched(api: httpx2.Client, portfolio: int, number: str) -> str:
    identity = reference(api, number)
    body = {"id": identity, "personalReference": "demo:1"}
    assert api.post(f"/monitoring/portfolios/{portfolio}/companies", json=body).status_code == 200
    return identity


def told(api: httpx2.Client, portfolio: int, **query: str) -> list[dict[str, str]]:
    path = f"/monitoring/portfolios/{portfolio}/notificationEvents"
    return list(
        api.get(path, params={"sortBy": "eventId", "sortDir": "asc", **query}).json()["data"]
    )


@pytest.mark.parametrize(
    ("score", "band"),
    [(0, "E"), (20, "E"), (21, "D"), (29, "D"), (30, "C"), (50, "C"), (51, "B"), (71, "A")],
)
def test_bands_go_by_the_score_as_in_sweden(score: int, band: str) -> None:
    assert Rating(score, None).band == band


def test_any_number_has_one_rating_and_a_few_are_not_known() -> None:
    numbers = [str(5_570_000_000 + n) for n in range(40_000)]
    ratings = [rating_of("SE", number) for number in numbers]
    assert ratings == [rating_of("SE", number) for number in numbers]
    assert {rating.band for rating in ratings} == set("ABCDE")
    assert all(rating.limit == limit_for(rating.score or 0) for rating in ratings)
    assert 5 < sum(not is_known("SE", number) for number in numbers) < 50


def test_a_report_says_figures_as_text(api: httpx2.Client, number: str) -> None:
    report = api.get(f"/companies/{reference(api, number)}").json()["report"]
    rating = report["creditScore"]["currentCreditRating"]
    assert rating["providerValue"]["value"] == str(rating_of("SE", number).score)
    assert isinstance(rating["creditLimit"]["value"], str)
    assert report["companySummary"]["companyRegistrationNumber"] == number


def test_a_search_that_finds_nothing_is_an_answer(api: httpx2.Client) -> None:
    answer = api.get("/companies", params={"countries": "SE", "regNo": "123"})
    assert answer.status_code == 200
    assert answer.json()["messages"][0]["code"] == "NoResults"


def test_a_number_not_known_becomes_known_when_it_is_given_a_rating(
    api: httpx2.Client, bureau: StandIn
) -> None:
    number = next(number for number in NUMBERS if not is_known("SE", number))
    assert (
        api.get("/companies", params={"countries": "SE", "regNo": number}).json()["totalSize"] == 0
    )
    bureau.control("POST", f"companies/SE/{number}", {"score": 63, "limit": 500_000})
    report = api.get(f"/companies/{reference(api, number)}").json()["report"]
    assert report["companySummary"]["creditRating"]["commonValue"] == "B"


def test_another_country_is_forbidden(api: httpx2.Client) -> None:
    answer = api.get("/companies", params={"countries": "DK", "regNo": "12345678"})
    assert (answer.status_code, answer.json()) == (403, {"message": "Access forbidden"})


def test_without_a_token_nothing_is_told(bureau: StandIn) -> None:
    answer = httpx2.get(f"{bureau.url}/v1/monitoring/portfolios")
    assert (answer.status_code, answer.json()) == (401, {"error": "Invalid token."})


def test_a_malformed_call_is_a_400_with_its_reason(api: httpx2.Client) -> None:
    answer = api.get("/companies")
    assert answer.status_code == 400
    assert answer.json().keys() == {"correlationId", "message", "details"}


def test_a_new_portfolio_tells_nothing_until_its_rules_are_on(
    api: httpx2.Client, bureau: StandIn, number: str
) -> None:
    made = api.post("/monitoring/portfolios", json={"name": "silent"}).json()["portfolioId"]
    watched(api, made, number)
    bureau.control("POST", f"companies/SE/{number}", {"score": 3})
    assert told(api, made) == []
    api.put(f"/monitoring/portfolios/{made}/eventRules/XX", json=SWITCHED_ON)
    bureau.control("POST", f"companies/SE/{number}", {"score": 95})
    assert [event["ruleCode"] for event in told(api, made)] == [101]


def test_one_change_is_told_by_each_rule_it_concerns(
    api: httpx2.Client, bureau: StandIn, portfolio: int, number: str
) -> None:
    watched(api, portfolio, number)
    bureau.control("POST", f"companies/SE/{number}", {"score": 100, "limit": 1})
    bureau.control("POST", f"companies/SE/{number}", {"score": 10, "limit": None})
    first, second = (list(group) for _, group in itertools.groupby(told(api, portfolio), _when))
    assert [event["newValue"] for event in second] == ["E", "No Credit Limit", "10"]
    assert [event["oldValue"] for event in second] == ["A", "1", "100"]
    assert {event["company"]["portfolioId"] for event in (*first, *second)} == {portfolio}


def _when(event: dict[str, str]) -> str:
    return event["eventDate"]


def test_a_change_that_changes_nothing_is_not_told(
    api: httpx2.Client, bureau: StandIn, portfolio: int, number: str
) -> None:
    watched(api, portfolio, number)
    bureau.control("POST", f"companies/SE/{number}", {"score": rating_of("SE", number).score})
    assert told(api, portfolio) == []


def test_the_list_is_paged_and_sorted_and_cut_by_when_it_was_published(
    api: httpx2.Client, bureau: StandIn, portfolio: int, number: str
) -> None:
    watched(api, portfolio, number)
    for score in (90, 10, 90):
        bureau.control("POST", f"companies/SE/{number}", {"score": score})
    everything = told(api, portfolio, pageSize="1000")
    pages = [told(api, portfolio, pageSize="2", page=str(page)) for page in range(5)]
    assert [event for page in pages for event in page] == everything
    backwards = told(api, portfolio, sortDir="desc")
    assert backwards == everything[::-1]
    late = {"startDate": "2999-01-01", "filterByCreatedDate": "true"}
    assert told(api, portfolio, **late) == []


def test_adding_twice_is_a_conflict_and_removing_twice_finds_nothing(
    api: httpx2.Client, portfolio: int, number: str
) -> None:
    identity = watched(api, portfolio, number)
    path = f"/monitoring/portfolios/{portfolio}/companies"
    assert api.post(path, json={"id": identity}).status_code == 409
    listed = api.get(path, params={"searchQuery": identity}).json()
    assert [row["personalReference"] for row in listed["data"]] == ["demo:1"]
    assert api.delete(f"{path}/{identity}").status_code == 204
    assert api.delete(f"{path}/{identity}").status_code == 404


def test_the_ledger_knows_every_report_that_was_sold(
    api: httpx2.Client, bureau: StandIn, number: str
) -> None:
    api.get(f"/companies/{reference(api, number)}", params={"callRef": "why"})
    sold = [row for row in bureau.control("GET", "ledger")["reports"] if row["number"] == number]
    assert [row["call_ref"] for row in sold] == ["why"]


def test_the_third_wrong_password_locks_the_account_until_somebody_unlocks_it(
    bureau: StandIn,
) -> None:
    def log_in(password: str) -> httpx2.Response:
        body = {"username": "demo", "password": password}
        return httpx2.post(f"{bureau.url}/v1/authenticate", json=body)

    assert [log_in("wrong").status_code for _ in range(3)] == [401, 401, 401]
    assert "locked" in log_in("demo").json()["message"]
    bureau.control("DELETE", "faults")
    assert log_in("demo").status_code == 200
