"""Credit as people see it: what its form lets be shown, over time, and under another policy."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given as forall
from hypothesis import strategies as some

from chassis.edge import new_id
from chassis.failpoints import Failure, arm
from contracts.companies.company import CompanyCreated, CompanyDetailsChanged, CompanyIdentity
from contracts.credit_monitor import (
    CompanyRated,
    CreditCheckRequested,
    CreditRatingChanged,
    CreditReportCorrected,
    CreditReportExpired,
)
from contracts.credit_policy import DecisionPolicy, DecisionRule
from contracts.examples import example
from contracts.values import Band, CompanyDetails, CreditRating, LegalForm, Money
from gateway.credit import what_if
from gateway.credit.periods import first_moment, last_moment
from gateway.credit.ruling import ruled
from gateway.views import note_view, tell_once

rated = example(CompanyRated)
MANY = 1_500
servers = pytest.mark.servers


def rating(band: str, score: str) -> CreditRating:
    return rated.rating.model_copy(update={"band": Band(band), "grade": band, "score": score})


def created(name: str = "Ett bolag", form: str = "AB") -> list[Any]:
    company = new_id()
    identity = CompanyIdentity(country="SE", number="5571200434")
    details = CompanyDetails(legal_form=LegalForm(code=form))
    return [
        CompanyCreated(company_id=company, origin="HAND", identity=identity, name=name),
        CompanyDetailsChanged(company_id=company, details=details),
    ]


def first(company: UUID, band: str, score: str) -> CompanyRated:
    return CompanyRated(company_id=company, rating=rating(band, score), purpose="credit-watch")


def change(company: UUID, old: tuple[str, str], new: tuple[str, str]) -> CreditRatingChanged:
    return CreditRatingChanged(
        company_id=company, old=rating(*old), new=rating(*new), cause="COMPANY"
    )


@servers
async def test_a_chart_is_one_call_and_begins_with_how_it_was_before(ours: Any) -> None:
    events = created()
    company = events[0].company_id
    await ours.hears(
        *events,
        first(company, "B", "60"),
        change(company, ("B", "60"), ("C", "41")),
        change(company, ("C", "41"), ("A", "88")),
    )
    path = f"/companies/{company}/credit"
    whole = await ours.get(f"{path}/chart")
    assert [point["score"] for point in whole["points"]] == ["60", "41", "88"]
    assert [point["cause"] for point in whole["points"]] == [None, "COMPANY", "COMPANY"]
    since = whole["points"][1]["at"]
    later = await ours.get(f"{path}/chart", **{"from": since.replace("Z", "+00:00")})
    assert [point["score"] for point in later["points"]] == ["41", "88"]
    then = await ours.get(path, as_of=since.replace("Z", "+00:00"))
    assert [one["new"]["score"] for one in then["items"]] == ["41", "60"]


@servers
async def test_a_period_may_be_given_in_days_of_the_tenants_own_clock(ours: Any) -> None:
    events = created()
    company = events[0].company_id
    await ours.hears(*events, first(company, "B", "60"))
    path = f"/companies/{company}/credit/chart"
    (point,) = (await ours.get(path))["points"]
    day = datetime.fromisoformat(point["at"]).astimezone(ZoneInfo("Europe/Stockholm")).date()
    before = day - timedelta(days=1)
    assert (await ours.get(path, **{"from": str(day), "to": str(day)}))["points"] == [point]
    assert (await ours.get(path, to=str(before)))["points"] == []
    for until, count in ((day, 1), (before, 0)):
        asked = {"policy": {"otherwise": "decline"}, "from": str(before), "to": str(until)}
        answer = (await ours.client.post("/credit/what-if", json=asked)).json()
        assert answer["looked_at"] == count


@pytest.mark.parametrize(
    ("day", "first", "last"),
    [
        ("2026-03-29", "2026-03-28T23:00:00", "2026-03-29T21:59:59.999999"),
        ("2026-10-25", "2026-10-24T22:00:00", "2026-10-25T22:59:59.999999"),
        ("2028-02-29", "2028-02-28T23:00:00", "2028-02-29T22:59:59.999999"),
    ],
)
def test_a_day_is_as_long_as_its_clock_makes_it(day: str, first: str, last: str) -> None:
    zone, asked = ZoneInfo("Europe/Stockholm"), date.fromisoformat(day)
    assert first_moment(asked, zone).astimezone(UTC).isoformat() == f"{first}+00:00"
    assert last_moment(asked, zone).astimezone(UTC).isoformat() == f"{last}+00:00"


@servers
async def test_who_asked_about_a_person_leaves_the_timeline_when_it_is_forgotten(ours: Any) -> None:
    events = created(form="HB")
    company = events[0].company_id
    asked = example(CreditCheckRequested).model_copy(update={"company_id": company})
    gone = CreditReportExpired(company_id=company, check_id=asked.check_id, what="REPORT")
    await ours.hears(*events, asked, gone)
    path = f"/companies/{company}/timeline"

    async def names() -> list[str]:
        return [one["event"] for one in (await ours.get(path))["items"]]

    assert "CreditCheckRequested" in await names()
    await ours.hears(gone.model_copy(update={"what": "ENQUIRY"}))
    assert not {"CreditCheckRequested", "CreditReportExpired"} & set(await names())
    assert "CompanyCreated" in await names()


@servers
async def test_what_was_taken_back_is_shown_as_it_is_right(ours: Any) -> None:
    events = created()
    company = events[0].company_id
    await ours.hears(
        *events,
        first(company, "D", "25"),
        CreditReportCorrected(company_id=company, wrong=rating("D", "25"), right=rating("A", "91")),
    )
    shown = (await ours.get(f"/companies/{company}/credit"))["items"]
    assert shown[-1]["corrected"]
    assert shown[-1]["new"]["score"] == "91"
    assert shown[0]["event"] == "CreditReportCorrected"
    assert (await ours.get(f"/companies/{company}"))["credit"]["score"] == "91"
    (point,) = (await ours.get(f"/companies/{company}/credit/chart"))["points"]
    assert point["score"] == "91"


@servers
@pytest.mark.parametrize("form", ["HB", "KB", "E"])
async def test_of_a_form_that_stands_for_people_no_value_is_shown_anywhere(
    ours: Any, form: str
) -> None:
    events = created(form=form)
    company = events[0].company_id
    await ours.hears(
        *events, first(company, "B", "8823"), change(company, ("B", "8823"), ("D", "1177"))
    )
    for path in ("", "/credit", "/credit/chart", "/timeline"):
        text = str(await ours.get(f"/companies/{company}{path}"))
        # Within an id the digits may stand by chance.
        assert not re.findall(r"(?<![\w-])(?:8823|1177)(?![\w-])", text), path
    assert (await ours.get(f"/companies/{company}/credit/chart"))["withheld"]
    assert (await ours.get("/companies"))["items"][0]["credit_band"] is None
    assert (await ours.get("/companies", credit_band="D"))["items"] == []


@servers
async def test_a_partnership_that_becomes_a_limited_company_shows_its_values_again(
    ours: Any,
) -> None:
    events = created(form="HB")
    company = events[0].company_id
    await ours.hears(*events, first(company, "B", "8823"))
    details = CompanyDetails(legal_form=LegalForm(code="AB"))
    await ours.hears(CompanyDetailsChanged(company_id=company, details=details))
    assert "8823" in str(await ours.get(f"/companies/{company}/timeline"))
    assert (await ours.get(f"/companies/{company}"))["credit"]["band"] == "B"


@servers
async def test_who_saw_how_a_company_is_rated_is_kept_once_until_there_is_something_new(
    ours: Any,
) -> None:
    events = created()
    company = events[0].company_id
    await ours.hears(*events, first(company, "B", "60"))

    async def views() -> list[Any]:
        rows = await ours.site.pool.fetch(
            "SELECT seq, noted FROM report_views WHERE company_id = $1", company
        )
        return [tuple(row) for row in rows]

    assert await views() == []
    await ours.get(f"/companies/{company}/credit")
    seen = await views()
    await ours.get(f"/companies/{company}/credit/chart")
    assert await views() == seen
    await ours.site.pool.execute("UPDATE report_views SET noted = true")
    await ours.get(f"/companies/{company}/credit")
    assert [noted for _, noted in await views()] == [True]
    await ours.hears(change(company, ("B", "60"), ("C", "41")))
    await ours.get(f"/companies/{company}/credit")
    assert [noted for _, noted in await views()] == [False]


@servers
async def test_thousands_are_run_through_another_policy_page_by_page(
    ours: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    bands = "ABCDE"
    events: list[Any] = []
    for number in range(MANY):
        company, *_ = created()
        events += [company, first(company.company_id, bands[number % 5], str(number))]
    for start in range(0, len(events), 500):
        await ours.hears(*events[start : start + 500])
    strict = {"rules": [{"outcome": "grant", "bands": ["A"]}], "otherwise": "decline"}
    found = await differences(ours, strict)
    assert {(one["band"], one["policy"], one["against"]) for one in found} == {
        ("B", "decline", "grant"),
        ("C", "decline", "examine"),
    }
    assert len(found) == MANY * 2 // 5
    assert len({one["company_id"] for one in found}) == len(found)
    # Where time is always up, pages end early and nothing is left out.
    monkeypatch.setattr(what_if, "LOOK_SECONDS_MAX", 0.0)
    assert await differences(ours, strict) == found


async def differences(ours: Any, policy: dict[str, Any]) -> list[Any]:
    """Read all pages of a what-if."""
    found: list[Any] = []
    asked: dict[str, Any] = {"policy": policy, "limit": 200}
    while True:
        answer = await ours.client.post("/credit/what-if", json=asked)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += page["items"]
        if page["next_after"] is None:
            return found
        asked["after"] = page["next_after"]


@servers
async def test_a_period_without_ratings_has_no_differences(ours: Any) -> None:
    events = created()
    await ours.hears(*events, first(events[0].company_id, "B", "60"))
    asked = {
        "policy": {"rules": [], "otherwise": "decline"},
        "from": "2001-01-01T00:00:00Z",
        "to": "2001-02-01T00:00:00Z",
    }
    answer = (await ours.client.post("/credit/what-if", json=asked)).json()
    assert answer == {"items": [], "looked_at": 0, "next_after": None}


def test_the_first_rule_that_holds_decides() -> None:
    policy = DecisionPolicy(
        rules=(
            DecisionRule(outcome="grant", limit_from=Money(amount="50000", currency="SEK")),
            DecisionRule(outcome="decline", grades=("AN",)),
        )
    )
    limit = {"amount": "60000", "currency": "SEK"}
    assert ruled(policy, {"band": "C", "limit": limit}) == "grant"
    assert ruled(policy, {"band": "C", "limit": {**limit, "currency": "NOK"}}) == "examine"
    assert ruled(policy, {"band": "C", "grade": "AN"}) == "decline"


@forall(some.sampled_from(list(Band)))
def test_whatever_the_band_somebody_decides(band: Band) -> None:
    assert ruled(DecisionPolicy(), {"band": band.value}) in {"grant", "examine", "decline"}


@servers
async def test_a_view_is_told_again_after_an_interruption_as_the_same_wish(
    ours: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    class Line:
        async def command(self, _service: str, command: Any) -> None:
            asked.append(command)

    monkeypatch.setattr(ours.site, "ask", Line())
    await ours.site.pool.execute("UPDATE report_views SET noted = true")
    company = new_id()
    await note_view(ours.site, ours.name, company, "user:maj", 7)
    arm("gateway.view-told:1:raise")
    with pytest.raises(Failure):
        await tell_once(ours.site)
    arm("")
    await tell_once(ours.site)
    await tell_once(ours.site)
    mine = [command for command in asked if command.company_id == company]
    assert len(mine) == 2
    assert mine[0].command_id == mine[1].command_id
    assert {command.by for command in mine} == {"user:maj"}
