"""What is known of persons is kept no longer than it may be; on a real Postgres."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from asks import FOR_GRANT, ask, calls, costs, decide, opened, sek
from office import Office

from chassis.edge import now
from chassis.failpoints import Failure, arm
from contracts.credit_policy import CreditPolicy
from credit_monitor.months import next_month
from credit_monitor.tidying import keeping

pytestmark = pytest.mark.servers

EXPIRED = "credit-report-expired"


async def forget(office: Office, at: datetime) -> None:
    while await keeping.forget(office.site, office.tenant, at):
        pass


async def reported(office: Office, number: str) -> UUID:
    company = await office.customer(number, form="HB")
    await office.work_off()
    await ask(office, company, **FOR_GRANT)
    await office.work_off()
    return company


async def test_a_persons_report_is_gone_when_its_time_is_up(office: Office, number: str) -> None:
    await decide(office, CreditPolicy(report_days=30))
    company = await reported(office, number)
    await forget(office, now() + timedelta(days=29))
    assert len(await opened(office, company)) == 1
    await forget(office, now() + timedelta(days=32))
    assert await opened(office, company) == []
    assert (await office.events(company))[-1]["what"] == "REPORT"


async def test_who_asked_is_forgotten_after_a_year_and_what_was_paid_is_not(
    office: Office, number: str
) -> None:
    await decide(office, CreditPolicy(prices={"creditsafe": sek(30)}, report_days=1095))
    company = await reported(office, number)
    await forget(office, now() + timedelta(days=366))
    (call,) = await calls(office)
    assert (call["asked_by"], call["company_id"]) == ("", UUID(int=0))
    assert (await costs(office)).total == sek(30)
    assert [event.get("what") for event in await office.events(company)][-1] == "ENQUIRY"
    assert len(await opened(office, company)) == 1


async def test_no_policy_keeps_a_report_longer_than_three_years(
    office: Office, number: str
) -> None:
    company = await reported(office, number)
    await office.site.pool.execute(
        "INSERT INTO private_reports SELECT tenant_id, gen_random_uuid(), company_id, asked_by,"
        " report, kept_at, expires_at + interval '9 years' FROM private_reports"
        " WHERE company_id = $1",
        company,
    )
    await forget(office, now() + timedelta(days=3 * 365 + 2))
    assert await opened(office, company) == []


async def test_interrupted_it_forgets_and_tells_both_or_neither(
    office: Office, number: str
) -> None:
    company = await reported(office, number)
    later = now() + timedelta(days=400)
    arm("credit-monitor.forgetting:1:raise")
    with pytest.raises(Failure):
        await forget(office, later)
    assert EXPIRED not in await office.told(company)
    assert len(await opened(office, company)) == 1
    await forget(office, later)
    await forget(office, later)
    assert (await office.told(company)).count(EXPIRED) == 2
    assert await opened(office, company) == []


async def test_a_days_turn_is_taken_once(office: Office, numbers: Any) -> None:
    await reported(office, next(numbers))
    later = now() + timedelta(days=400)
    await forget(office, later)
    second = await reported(office, next(numbers))
    await forget(office, later + timedelta(minutes=1))
    assert EXPIRED not in await office.told(second)
    await forget(office, later + timedelta(days=1))
    assert EXPIRED in await office.told(second)


async def test_left_out_for_the_cap_a_company_comes_up_when_the_month_turns(
    office: Office, number: str
) -> None:
    await decide(office, CreditPolicy(monthly_cap=sek(10), prices={"creditsafe": sek(30)}))
    company = await office.customer(number)
    await office.work_off()
    assert await office.told(company) == ["monitoring-excluded"]
    due = await office.site.pool.fetchval("SELECT due_at FROM work WHERE company_id = $1", company)
    assert due == next_month(now(), "Europe/Stockholm")
