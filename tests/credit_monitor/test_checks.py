"""Ratings that people ask for, on a real Postgres and a bureau over real HTTP."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import orjson
import pytest
from asks import FOR_GRANT, OTHER, ask, calls, costs, decide, opened, refused, sek, wish
from office import Office

from chassis.decider import Rejected
from chassis.edge import new_id, now
from chassis.failpoints import arm
from chassis.problems import status_of
from chassis.streams import transact
from chassis.tenancy import tenant_transaction
from contracts.companies.company import CompanyMerged
from contracts.credit_checks import (
    NoteReportView,
    RequestCreditCheck,
    ResumeCreditWatch,
    StopCreditWatch,
)
from contracts.credit_policy import CreditPolicy
from contracts.message import Answer
from contracts.values import Money, Sealed
from credit_monitor import costs as credit_costs
from credit_monitor.asking.requests import request
from credit_monitor.credit.model import credits_
from credit_monitor.months import month_of

pytestmark = pytest.mark.servers

WATCHED = ["company-rated", "monitoring-started"]
ASKED, ANSWERED = "credit-check-requested", "credit-check-answered"


async def test_a_watched_companys_rating_is_asked_for_and_answered(
    office: Office, number: str
) -> None:
    company = await office.watched(number)
    answer = await ask(office, company, purpose="CREDIT_GRANT")
    await office.work_off()
    assert await office.told(company) == [*WATCHED, ASKED, ANSWERED]
    said = (await office.events(company))[-1]
    assert said["check_id"] == str(answer.created["check"])
    assert said["rating"]["score"] == (await office.scores(company))[0]
    assert office.sold(number) == 2
    assert [(c["purpose"], c["outcome"]) for c in await calls(office)] == [
        ("first-rating", "ANSWERED"),
        ("CREDIT_GRANT", "ANSWERED"),
    ]


async def test_who_is_not_watched_is_rated_and_still_not_watched(
    office: Office, number: str
) -> None:
    company = await office.customer(number)
    await office.ended(company)
    await office.work_off()
    assert await office.told(company) == []
    await ask(office, company)
    await office.work_off()
    assert await office.told(company) == [ASKED, ANSWERED, "company-rated"]
    assert office.members() == []


async def test_the_same_question_is_paid_for_once_and_refers_to_the_one_on_record(
    office: Office, number: str
) -> None:
    company = await office.watched(number)
    first = await ask(office, company, purpose="CREDIT_GRANT")
    again = await ask(office, company, purpose="CONTRACT", by=OTHER)
    await office.work_off()
    after = await ask(office, company, purpose="CREDIT_GRANT")
    assert again.created == after.created == {"on_record": first.created["check"]}
    assert office.sold(number) == 2
    later = now() + timedelta(hours=25)
    assert "check" in (await ask(office, company, purpose="CREDIT_GRANT", at=later)).created


async def test_the_watchs_own_rating_answers_a_question_about_existing_credit(
    office: Office, number: str
) -> None:
    company = await office.watched(number)
    answer = await ask(office, company, purpose="EXISTING_CREDIT")
    assert "on_record" in answer.created
    assert office.sold(number) == 1


async def test_a_double_click_is_one_check(office: Office, number: str) -> None:
    company = await office.watched(number)
    clicked = wish(RequestCreditCheck, office, company, purpose="CREDIT_GRANT")
    answers = await asyncio.gather(*(request(office.site, clicked) for _ in range(5)))
    await office.work_off()
    assert len({answer.model_dump_json() for answer in answers}) == 1
    assert office.sold(number) == 2


@pytest.mark.parametrize(
    ("lacking", "code"),
    [
        ({}, "credit-purpose-missing"),
        ({"purpose": "OTHER"}, "credit-reason-missing"),
        ({"purpose": "CONTRACT"}, "credit-copy-unconfirmed"),
    ],
)
async def test_a_partnership_is_not_rated_without_a_need_and_a_copy(
    office: Office, number: str, lacking: dict[str, Any], code: str
) -> None:
    company = await office.customer(number, form="HB")
    await office.work_off()
    assert await refused(office, company, **lacking) == code
    await office.work_off()
    assert await office.told(company) == ["monitoring-excluded"]
    assert (office.sold(number), await calls(office)) == (0, [])


async def test_about_a_company_that_became_anothers_part_nothing_is_bought(
    office: Office, number: str
) -> None:
    company = await office.watched(number)
    await office.hear(CompanyMerged(company_id=company, into=new_id(), reason="SUCCESSION"))
    assert await refused(office, company, purpose="CREDIT_GRANT") == "credit-company-merged"


async def test_until_the_registry_has_answered_nobody_is_taken_for_a_person(
    office: Office, number: str
) -> None:
    company = await office.customer(number, form="")
    asked = wish(RequestCreditCheck, office, company)
    with pytest.raises(Rejected) as refusal:
        await request(office.site, asked)
    assert refusal.value.code == "not-yet"
    assert status_of(refusal.value.code) == 503
    await office.enriched(company, number, "AB")
    assert "check" in (await request(office.site, asked)).created


async def test_who_asks_as_of_a_person_need_not_wait_for_the_registry(
    office: Office, number: str
) -> None:
    company = await office.customer(number, form="")
    assert "check" in (await ask(office, company, **FOR_GRANT)).created


async def test_a_refusal_is_an_answer_for_ever(office: Office, number: str) -> None:
    company = await office.customer(number, form="HB")
    asked = wish(RequestCreditCheck, office, company)
    for _ in range(2):
        with pytest.raises(Rejected, match="stated need"):
            await request(office.site, asked)


async def test_a_partnerships_report_is_its_askers_alone_and_stands_in_no_event(
    office: Office, number: str
) -> None:
    company = await office.customer(number, form="HB")
    await office.work_off()
    await ask(office, company, **FOR_GRANT)
    await office.work_off()
    assert await office.told(company) == [
        "monitoring-excluded",
        ASKED,
        ANSWERED,
        "subject-copy-sent",
    ]
    (report,) = await opened(office, company)
    assert report.rating.score
    assert await opened(office, company, OTHER) == []
    said = orjson.dumps(await office.events(company)).decode()
    assert f'"{report.rating.score}"' not in said
    kept = await office.site.pool.fetchval(
        "SELECT report::text FROM private_reports WHERE company_id = $1", company
    )
    assert f'"{report.rating.score}"' not in kept


async def test_another_asker_of_a_person_is_another_report_with_another_copy(
    office: Office, number: str
) -> None:
    company = await office.customer(number, form="KB")
    await ask(office, company, **FOR_GRANT)
    await ask(office, company, **FOR_GRANT, by=OTHER)
    await office.work_off()
    assert (await office.told(company)).count("subject-copy-sent") == 2
    assert len(await opened(office, company, OTHER)) == 1
    assert office.sold(number) == 2


async def test_a_sole_traders_number_comes_with_the_question_and_is_sealed(
    office: Office, numbers: Any
) -> None:
    company = await office.customer("", form="E")
    own = Sealed(subject=company, text=next(numbers))
    assert await refused(office, company, **FOR_GRANT) == "credit-number-missing"
    await ask(office, company, **FOR_GRANT, personal_number=own)
    await office.work_off()
    assert len(await opened(office, company)) == 1
    assert own.text not in str(await office.events(company))


async def test_archived_and_foreign_companies_are_refused_clearly(
    office: Office, number: str
) -> None:
    foreign = await office.customer(number, country="DK")
    assert await refused(office, foreign) == "credit-country"
    assert await refused(office, new_id()) == "busy"


async def test_at_the_cap_automatic_ratings_wait_and_go_on_when_it_is_raised(
    office: Office, numbers: Any
) -> None:
    first, second = next(numbers), next(numbers)
    prices = {"creditsafe": sek(30)}
    await decide(office, CreditPolicy(monthly_cap=sek(50), prices=prices))
    rated = await office.watched(first)
    waiting = await office.customer(second)
    await office.work_off()
    assert await office.told(waiting) == ["monitoring-excluded"]
    assert (await office.events(waiting))[0]["cause"] == "COST_CAP"
    assert await refused(office, rated, purpose="CREDIT_GRANT") == "credit-cap-reached"
    assert (await costs(office)).left == sek(20)
    await decide(office, CreditPolicy(monthly_cap=sek(60), prices=prices))
    await office.work_off()
    assert await office.told(waiting) == ["monitoring-excluded", *WATCHED]
    assert (office.sold(first), office.sold(second)) == (1, 1)
    assert (await costs(office)).total == sek(60)


async def test_a_watch_goes_on_when_the_cap_is_reached(office: Office, number: str) -> None:
    prices = {"creditsafe": sek(30)}
    await decide(office, CreditPolicy(monthly_cap=sek(30), prices=prices))
    company = await office.watched(number)
    office.change(number, score=95, limit=3)
    await office.poll()
    await office.poll()
    assert (await office.told(company))[-1] == "credit-rating-changed"
    assert office.sold(number) == 1


async def test_fifty_at_once_never_spend_more_than_the_cap(office: Office, numbers: Any) -> None:
    company_ids = [await office.customer(next(numbers), form="HB") for _ in range(50)]
    await decide(office, CreditPolicy(monthly_cap=sek(100), prices={"creditsafe": sek(13)}))
    outcomes = await asyncio.gather(
        *(ask(office, company, **FOR_GRANT) for company in company_ids), return_exceptions=True
    )
    let_through = [one for one in outcomes if isinstance(one, Answer)]
    assert len(let_through) == 7
    assert {one.code for one in outcomes if isinstance(one, Rejected)} == {"credit-cap-reached"}
    assert (await costs(office)).total == sek(91)


async def test_without_the_purse_two_at_once_would_spend_more_than_the_cap(
    office: Office, numbers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    company_ids = [await office.customer(next(numbers), form="HB") for _ in range(2)]
    await decide(office, CreditPolicy(monthly_cap=sek(20), prices={"creditsafe": sek(13)}))
    both_have_looked, look = asyncio.Barrier(2), credit_costs.is_affordable

    async def held_by_all(*_: Any) -> None:
        """Hold nothing."""

    async def looked_at_together(*asked: Any) -> bool:
        affordable = await look(*asked)
        await both_have_looked.wait()
        return affordable

    monkeypatch.setattr(credit_costs, "hold_purse", held_by_all)
    monkeypatch.setattr(credit_costs, "is_affordable", looked_at_together)
    await asyncio.gather(*(ask(office, company, **FOR_GRANT) for company in company_ids))
    assert (await costs(office)).total == sek(26)


@pytest.mark.parametrize("step", ["ordered", "report-fetched", "report-kept", "check-answered"])
async def test_a_check_interrupted_anywhere_is_answered_once_and_counted_once(
    office: Office, number: str, step: str
) -> None:
    company = await office.customer(number, form="HB")
    await office.work_off()
    await ask(office, company, **FOR_GRANT)
    arm(f"credit-monitor.{step}:1:raise")
    await office.work_off()
    await office.site.pool.execute("UPDATE work SET leased_until = NULL, due_at = now()")
    await office.work_off()
    assert (await office.told(company)).count(ANSWERED) == 1
    (call,) = await calls(office)
    assert call["outcome"] == "ANSWERED"
    assert call["attempts"] == (2 if step in {"ordered", "report-fetched"} else 1)


async def test_what_was_paid_in_another_currency_is_not_added_to_this_ones(
    office: Office, numbers: Iterator[str]
) -> None:
    for currency in ("NOK", "SEK"):
        price = Money(amount=Decimal(10), currency=currency)
        await decide(office, CreditPolicy(prices={"creditsafe": price}))
        await office.watched(next(numbers))
    told = await costs(office)
    assert {line.currency for line in told.items} == {"NOK", "SEK"}
    assert told.total == Money(amount=Decimal(10), currency="SEK")


async def test_a_paid_call_whose_answer_never_came_is_the_same_call_when_it_is_asked_again(
    office: Office, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    company = await office.customer(number)
    await decide(office, CreditPolicy(prices={"creditsafe": sek(12)}))
    monkeypatch.setattr("credit_monitor.bureaus.line.REPORT_SECONDS_MAX", 0.1)
    office.bureau.control("POST", "faults", {"path": "companies/", "slow_seconds": 1})
    await office.work_off()
    (call,) = await calls(office)
    assert (call["outcome"], call["attempts"]) == ("ASKED", 1)
    monkeypatch.undo()
    office.bureau.control("DELETE", "faults")
    await office.site.pool.execute("UPDATE work SET due_at = now()")
    await office.work_off()
    (call,) = await calls(office)
    assert (call["outcome"], call["attempts"]) == ("ANSWERED", 2)
    assert (await costs(office)).total == sek(12)
    assert "company-rated" in await office.told(company)


@pytest.mark.parametrize(("was_asked", "in_all"), [(True, 32), (False, 20)])
async def test_a_call_that_goes_to_another_bureau_costs_what_that_one_takes(
    office: Office, *, was_asked: bool, in_all: int
) -> None:
    policy = CreditPolicy(prices={"creditsafe": sek(12), "dnb": sek(20)}, monthly_cap=sek(40))
    first = credit_costs.Call(
        company_id=new_id(),
        bureau="creditsafe",
        kind="other",
        purpose="OTHER",
        question="check 1",
        asked_by=OTHER,
    )
    then = replace(first, bureau="dnb")
    day, month = timedelta(days=1), month_of(now(), policy.time_zone)
    async with tenant_transaction(office.site.pool, office.tenant) as connection:
        known = (connection, office.tenant, policy)
        if was_asked:
            call_id, _ = await credit_costs.begin(*known, first, day)
        else:
            call_id = await credit_costs.reserve(*known, first, now())
        assert await credit_costs.begin(*known, then, day) == (call_id, 1)
        assert await credit_costs.spent(connection, office.tenant, month) == in_all
        assert await credit_costs.begin(*known, then, day) == (call_id, 2)
        assert await credit_costs.spent(connection, office.tenant, month) == in_all
        tight = policy.model_copy(update={"monthly_cap": sek(in_all + 1)})
        with pytest.raises(credit_costs.CapReached):
            await credit_costs.begin(connection, office.tenant, tight, first, day)


async def test_a_partnership_that_was_opened_is_watched_blindly_if_the_tenant_says_so(
    office: Office, number: str
) -> None:
    company = await office.customer(number, form="HB")
    await office.work_off()
    await decide(office, CreditPolicy(watch_private_forms=True))
    await office.work_off()
    assert office.members() == []
    await ask(office, company, **FOR_GRANT)
    await office.work_off()
    await office.poll()
    assert office.members() == [number]
    office.change(number, score=95, limit=3)
    await office.poll()
    assert (await office.told(company))[-1] == "credit-change-noted"
    assert "'95'" not in str((await office.events(company))[-1])
    assert office.sold(number) == 1
    await decide(office, CreditPolicy())
    await office.work_off()
    assert office.members() == []


async def test_another_legal_form_is_looked_at_anew_at_once_both_ways(
    office: Office, number: str
) -> None:
    company = await office.watched(number)
    await office.enriched(company, number, "HB")
    await office.work_off()
    assert (await office.told(company))[-1] == "monitoring-excluded"
    assert office.members() == []
    await office.enriched(company, number, "AB")
    await office.work_off()
    assert (await office.told(company))[-1] == "monitoring-started"


async def test_stopped_by_hand_a_watch_does_not_begin_again_by_itself(
    office: Office, number: str
) -> None:
    company = await office.watched(number)
    reason = Sealed(subject=company, text="Betalar i förskott.")
    stop = wish(StopCreditWatch, office, company, reason=reason)
    await transact(office.site.streams, credits_, stop)
    await office.work_off()
    assert office.members() == []
    await office.enriched(company, number, "EK")
    await decide(office, CreditPolicy(report_days=30))
    await office.work_off()
    assert (await office.told(company))[-1] == "monitoring-stopped"
    await transact(office.site.streams, credits_, wish(ResumeCreditWatch, office, company))
    await office.work_off()
    assert (await office.told(company))[-2:] == ["monitoring-resumed", "monitoring-started"]
    assert office.members() == [number]


async def test_a_policy_says_which_relations_and_amounts_are_rated(
    office: Office, number: str
) -> None:
    company = await office.customer(number)
    await decide(office, CreditPolicy(relations=("prospect",)))
    await office.work_off()
    assert await office.told(company) == []
    await decide(office, CreditPolicy())
    await office.work_off()
    assert await office.told(company) == WATCHED


async def test_a_form_that_is_no_legal_persons_is_not_taken_into_a_policy(office: Office) -> None:
    with pytest.raises(Rejected) as refusal:
        await decide(office, CreditPolicy(legal_forms={"SE": ("AB", "HB")}))
    assert refusal.value.code == "credit-form-not-allowed"


async def test_what_the_bureau_takes_back_is_put_right_and_those_who_saw_it_are_named(
    office: Office, number: str
) -> None:
    company = await office.watched(number)
    await transact(office.site.streams, credits_, wish(NoteReportView, office, company, by=OTHER))
    office.change(number, score=95, limit=3)
    await ask(office, company, purpose="EXISTING_CREDIT", correction=True)
    await office.work_off()
    told = await office.told(company)
    assert told[-3:] == [ANSWERED, "credit-report-corrected", "credit-rating-changed"]
    corrected, changed = (await office.events(company))[-2:]
    assert corrected["seen_by"] == [OTHER]
    assert (changed["cause"], changed["new"]["score"]) == ("CORRECTION", "95")
    await office.poll()
    await office.poll()
    assert await office.told(company) == told


async def test_nothing_can_be_taken_back_that_was_never_said(office: Office, number: str) -> None:
    company = await office.customer(number)
    assert await refused(office, company, correction=True) == "credit-not-rated"
