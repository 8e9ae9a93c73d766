"""Whom a change, a night of changes or a registry's word is told to, each once: real Postgres."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from bystander import Bystander

from chassis.edge import new_id, now
from chassis.failpoints import Failure, arm
from chassis.site import Site
from chassis.streams import transact
from contracts.companies.company import CompanyArchived, CompanyMerged, OwnerRemoved
from contracts.companies.subject import SubjectErased
from contracts.companies.user import Role, UserChanged
from contracts.credit_alerts import AcknowledgeAlert
from contracts.credit_monitor import (
    CreditChangeNoted,
    CreditReportCorrected,
    MonitoringExcluded,
)
from contracts.credit_policy import CreditPolicy, CreditPolicySet, credit_policy_of
from contracts.examples import example
from credit_monitor.alerts.lookout import escalate, settle
from credit_monitor.alerts.model import alerts_

pytestmark = pytest.mark.servers

NIGHT = 5_000
LATER = timedelta(hours=7)
"""Longer than anything stays open."""


@pytest.fixture
async def we(site: Site, tenant: str) -> Bystander:
    last = await site.pool.fetchval("SELECT coalesce(max(position), 0) FROM events")
    return Bystander(site, tenant, heard=last)


async def acknowledge(we: Bystander, alert_id: str) -> None:
    command = AcknowledgeAlert(
        command_id=new_id(),
        tenant=we.tenant,
        by="user:test",
        at=now(),
        correlation=new_id(),
        alert_id=alert_id,
    )
    await transact(we.site.streams, alerts_, command)
    await we.hear_ourselves()


async def drain(site: Site, at: datetime) -> None:
    """Do all that is due, other tests' too."""
    while await settle(site, at) or await escalate(site, at):
        pass


async def test_a_change_is_told_to_the_owners_with_both_bands(we: Bystander) -> None:
    anna, bo = await we.user("Anna"), await we.user("Bo")
    company = await we.company(anna, bo)
    await we.hear(we.changed(company))
    (alert,) = await we.said()
    assert alert["kind"] == "RATING_CHANGED"
    assert (alert["old"], alert["new"], alert["company_id"]) == ("C", "B", str(company))
    assert set(alert["to"]) == {str(anna), str(bo)}


async def test_a_change_heard_twice_is_told_once(we: Bystander) -> None:
    company = await we.company(await we.user())
    heard = await we.hear(we.changed(company))
    await we.take(heard)
    await we.take(heard)
    assert len(await we.said()) == 1


@pytest.mark.parametrize("form", ["E", "HB", "KB", "EB"])
async def test_of_a_form_that_may_not_be_shown_only_that_something_changed_is_told(
    we: Bystander, form: str
) -> None:
    company = await we.company(await we.user(), form=form)
    await we.hear(we.changed(company))
    (alert,) = await we.said()
    assert alert["kind"] == "SOMETHING_CHANGED"
    assert not {"old", "new", "model"} & alert.keys()


async def test_a_correction_is_told_as_one(we: Bystander) -> None:
    anna, bo = await we.user("Anna"), await we.user("Bo")
    company = await we.company(anna)
    saw = (f"user:{bo}", "key:0123456789ab")
    corrected = example(CreditReportCorrected).model_copy(
        update={"company_id": company, "seen_by": saw}
    )
    await we.hear(we.changed(company, "CORRECTION"), corrected)
    (alert,) = await we.said()
    assert alert["kind"] == "REPORT_CORRECTED"
    assert set(alert["to"]) == {str(anna), str(bo)}


async def test_of_whom_nothing_may_be_known_something_changed(we: Bystander) -> None:
    company = await we.company(await we.user(), form="HB")
    await we.hear(CreditChangeNoted(company_id=company, bureau="creditsafe"))
    (alert,) = await we.said()
    assert alert["kind"] == "SOMETHING_CHANGED"


async def test_that_a_months_cap_is_reached_is_told_once_to_whoever_looks_after_it(
    we: Bystander,
) -> None:
    chef = await we.user("Chef", Role.ADMIN)
    for _ in range(3):
        company = await we.company(await we.user())
        await we.hear(MonitoringExcluded(company_id=company, cause="COST_CAP"))
    (alert,) = await we.said()
    assert (alert["kind"], alert["to"]) == ("CAP_REACHED", [str(chef)])
    assert "company_id" not in alert


async def test_who_no_longer_owns_is_not_told(we: Bystander) -> None:
    anna, bo = await we.user("Anna"), await we.user("Bo")
    company = await we.company(anna, bo)
    await we.hear(OwnerRemoved(company_id=company, user_id=anna), we.changed(company))
    assert (await we.said())[0]["to"] == [str(bo)]


async def test_who_was_erased_or_is_let_in_no_longer_is_not_told(we: Bystander) -> None:
    anna, bo, chef = (
        await we.user("Anna"),
        await we.user("Bo"),
        await we.user("Chef", Role.ADMIN),
    )
    company = await we.company(anna, bo)
    await we.hear(SubjectErased(subject_id=anna), UserChanged(user_id=bo, active=False))
    await we.hear(we.changed(company))
    assert (await we.said())[0]["to"] == [str(chef)]


async def test_what_nobody_owns_is_told_to_whom_the_tenant_named(we: Bystander) -> None:
    await we.user("Chef", Role.ADMIN)
    vera = await we.user("Vera")
    await we.rules(to=[vera])
    company = await we.company()
    await we.hear(we.changed(company))
    assert (await we.said())[0]["to"] == [str(vera)]


async def test_another_tenant_is_told_nothing(we: Bystander) -> None:
    company = await we.company(await we.user())
    await we.hear(we.changed(company))
    stranger = Bystander(we.site, f"{we.tenant}-b")
    await stranger.user("Chef", Role.ADMIN)
    assert await stranger.said() == []
    async with we.site.pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT set_config('app.tenant', $1, true)", stranger.tenant)
        seen = await connection.fetchval("SELECT count(*) FROM alert_companies")
    assert seen == 0


async def test_names_and_addresses_rest_sealed(we: Bystander) -> None:
    user = await we.user("Anna Unik", email="anna.unik@firma.example")
    async with we.site.pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT set_config('app.tenant', $1, true)", we.tenant)
        kept = await connection.fetchval(
            "SELECT p::text FROM alert_people p WHERE user_id = $1", user
        )
    assert "sealed" in kept
    assert "nik" not in kept


async def test_without_a_tenant_nobody_reads_whom_a_company_concerns(we: Bystander) -> None:
    await we.company(await we.user())
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await we.site.pool.fetch("SELECT * FROM alert_companies")


@pytest.mark.parametrize(
    ("proceeding", "kind"),
    [
        ("bankruptcy", "BANKRUPTCY"),
        ("liquidation", "LIQUIDATION"),
        ("forced-dissolution", "FORCED_DISSOLUTION"),
        ("restructuring", "RESTRUCTURING"),
    ],
)
async def test_what_a_registry_says_is_told_though_nobody_rated_the_company(
    we: Bystander, proceeding: str, kind: str
) -> None:
    anna = await we.user()
    company = await we.company(anna, form="HB")
    told = await we.hear(we.registered(company, "HB", [proceeding]))
    await we.take(told)
    await we.hear(we.registered(company, "HB", [proceeding]))
    (alert,) = await we.said()
    assert (alert["kind"], alert["company_id"], alert["to"]) == (kind, str(company), [str(anna)])


async def test_a_deletion_is_told_and_so_is_each_further_trouble(we: Bystander) -> None:
    company = await we.company(await we.user())
    await we.hear(we.registered(company, proceedings=["bankruptcy"]))
    await we.hear(we.registered(company, proceedings=["bankruptcy"], active=False))
    assert [one["kind"] for one in await we.said()] == ["BANKRUPTCY", "DELETED"]


async def test_a_trouble_that_ended_and_came_again_is_told_again(we: Bystander) -> None:
    company = await we.company(await we.user())
    for proceedings in (["restructuring"], [], ["restructuring"]):
        await we.hear(we.registered(company, proceedings=proceedings))
    assert [one["kind"] for one in await we.said()] == ["RESTRUCTURING"] * 2


async def test_how_a_company_was_found_is_no_news(we: Bystander) -> None:
    company = await we.company(await we.user(), proceedings=["bankruptcy"])
    await we.hear(we.registered(company, proceedings=["liquidation"], number="5560125790"))
    assert await we.said() == []


@pytest.mark.parametrize("form", [CompanyArchived, CompanyMerged])
async def test_of_a_company_put_away_nothing_is_told(we: Bystander, form: Any) -> None:
    company = await we.company(await we.user())
    await we.hear(example(form).model_copy(update={"company_id": company}))
    await we.hear(we.registered(company, proceedings=["bankruptcy"]), we.changed(company))
    assert await we.said() == []


async def test_a_night_of_five_thousand_changes_is_one_notice(we: Bystander) -> None:
    anna, bo = await we.user("Anna"), await we.user("Bo")
    ours = [await we.company(anna), await we.company(anna, bo)]
    moved = [*ours, *(new_id() for _ in range(NIGHT - len(ours)))]
    for start in range(0, NIGHT, 250):
        await we.hear(*(we.changed(one, "MODEL", "2027") for one in moved[start : start + 250]))
    assert await we.said() == []
    await drain(we.site, now() + LATER)
    (alert,) = await we.said()
    assert (alert["kind"], alert["count"], alert["model"]) == ("MODEL_CHANGED", NIGHT, "2027")
    assert set(alert["to"]) == {str(anna), str(bo)}
    assert "company_id" not in alert
    await drain(we.site, now() + LATER)
    assert len(await we.said()) == 1


async def test_what_comes_after_the_night_makes_the_same_notice_grow(we: Bystander) -> None:
    anna, bo = await we.user("Anna"), await we.user("Bo")
    first, late = await we.company(anna), await we.company(bo)
    await we.hear(we.changed(first, "MODEL"))
    await drain(we.site, now() + LATER)
    await we.hear(we.changed(late, "MODEL"))
    await we.hear(we.changed(first, "MODEL"))
    await drain(we.site, now() + LATER)
    raised, grew = await we.said()
    assert raised["alert_id"] == grew["alert_id"]
    assert (raised["count"], grew["count"]) == (1, 2)
    assert (raised["to"], grew["to"]) == ([str(anna)], [str(bo)])


async def test_another_version_of_the_model_is_another_notice(we: Bystander) -> None:
    company = await we.company(await we.user())
    await we.hear(we.changed(company, "MODEL", "1"), we.changed(company, "MODEL", "2"))
    await drain(we.site, now() + LATER)
    assert sorted(one["model"] for one in await we.said()) == ["1", "2"]


async def test_who_moves_long_after_the_model_did_is_told_alone(we: Bystander) -> None:
    first, late = await we.company(await we.user("Anna")), await we.company(await we.user("Bo"))
    await we.hear(we.changed(first, "MODEL"))
    await drain(we.site, now() + LATER)
    await we.site.pool.execute(
        "UPDATE alert_nights SET begun_at = begun_at - interval '8 days' WHERE tenant_id = $1",
        we.tenant,
    )
    await we.hear(we.changed(late, "MODEL"))
    night, alone = await we.said()
    assert (night["kind"], alone["kind"]) == ("MODEL_CHANGED", "RATING_CHANGED")
    assert alone["company_id"] == str(late)


async def test_who_was_of_a_night_is_forgotten_once_it_is_long_over(we: Bystander) -> None:
    company = await we.company(await we.user())
    await we.hear(we.changed(company, "MODEL", "1"))
    await drain(we.site, now() + LATER)
    await we.hear(we.changed(company, "MODEL", "2"))
    await drain(we.site, now() + timedelta(days=30))
    async with we.site.pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT set_config('app.tenant', $1, true)", we.tenant)
        assert await connection.fetchval("SELECT count(*) FROM alert_moves") == 0


async def test_a_night_is_not_told_while_there_is_more_of_it(we: Bystander) -> None:
    company = await we.company(await we.user())
    await we.hear(we.changed(company, "MODEL"))
    await drain(we.site, now() + timedelta(seconds=1))
    assert await we.said() == []


@pytest.mark.parametrize("step", ["night-counted", "night-said", "night-told"])
async def test_interrupted_anywhere_a_night_is_told_once(we: Bystander, step: str) -> None:
    company = await we.company(await we.user())
    await we.hear(we.changed(company, "MODEL"))
    await drain(we.site, now())
    arm(f"credit-monitor.{step}:1:raise")
    with pytest.raises(Failure):
        await drain(we.site, now() + LATER)
    arm("")
    await drain(we.site, now() + LATER)
    assert len(await we.said()) == 1


async def test_of_many_processes_one_tells_a_night(we: Bystander) -> None:
    company = await we.company(await we.user())
    await we.hear(we.changed(company, "MODEL"))
    await asyncio.gather(*(drain(we.site, now() + LATER) for _ in range(4)))
    assert len(await we.said()) == 1


RAISED = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
"""A Monday morning."""


async def raised(we: Bystander) -> str:
    """Raise an alert on that morning; return its id."""
    company = await we.company(await we.user())
    await we.hear(we.changed(company), at=RAISED)
    await we.hear_ourselves()
    alert_id: str = (await we.said())[0]["alert_id"]
    return alert_id


async def test_what_nobody_acknowledges_in_three_working_days_is_escalated_once(
    we: Bystander,
) -> None:
    chef = await we.user("Chef", Role.ADMIN)
    alert_id = await raised(we)
    await drain(we.site, RAISED + timedelta(days=3, seconds=-1))
    assert await we.said("credit-alert-escalated") == []
    for _ in range(2):
        await drain(we.site, RAISED + timedelta(days=3))
        await we.hear_ourselves()
    (escalated,) = await we.said("credit-alert-escalated")
    assert (escalated["alert_id"], escalated["to"]) == (alert_id, [str(chef)])


async def test_what_somebody_acknowledged_is_not_escalated(we: Bystander) -> None:
    await acknowledge(we, await raised(we))
    await drain(we.site, RAISED + timedelta(days=30))
    assert await we.said("credit-alert-escalated") == []


async def test_an_acknowledgement_not_heard_yet_counts_too(we: Bystander) -> None:
    alert_id = await raised(we)
    heard = we.heard
    await acknowledge(we, alert_id)
    we.heard = heard
    await we.site.pool.execute(
        "INSERT INTO alerts_open VALUES ($1, $2, $3, $3, $4, $5)",
        we.tenant,
        alert_id,
        RAISED,
        new_id(),
        new_id(),
    )
    await drain(we.site, RAISED + timedelta(days=30))
    assert await we.said("credit-alert-escalated") == []


async def test_a_tenants_new_rules_hold_for_what_is_open(we: Bystander) -> None:
    vera = await we.user("Vera")
    await raised(we)
    await we.rules(hours=1, to=[vera])
    await drain(we.site, RAISED + timedelta(hours=1))
    assert (await we.said("credit-alert-escalated"))[0]["to"] == [str(vera)]


async def test_in_another_time_zone_another_day_ends_and_another_alert_is_late(
    we: Bystander,
) -> None:
    await we.user("Chef", Role.ADMIN)
    alert = await raised(we)
    # Monday morning in Stockholm is still Sunday in Honolulu: three days begin two hours later.
    policy = CreditPolicy(time_zone="Pacific/Honolulu")
    await we.hear(CreditPolicySet(policy_id=credit_policy_of(we.tenant), policy=policy))
    await drain(we.site, RAISED + timedelta(days=3, hours=1))
    assert await we.said("credit-alert-escalated") == []
    await drain(we.site, RAISED + timedelta(days=3, hours=2))
    assert [one["alert_id"] for one in await we.said("credit-alert-escalated")] == [alert]


@pytest.mark.parametrize("step", ["escalation-begun", "escalation-said", "escalated"])
async def test_interrupted_anywhere_it_is_escalated_once(we: Bystander, step: str) -> None:
    await raised(we)
    await drain(we.site, RAISED)
    arm(f"credit-monitor.{step}:1:raise")
    with pytest.raises(Failure):
        await drain(we.site, RAISED + timedelta(days=4))
    arm("")
    await drain(we.site, RAISED + timedelta(days=4))
    assert len(await we.said("credit-alert-escalated")) == 1


async def test_of_many_processes_one_escalates(we: Bystander) -> None:
    await raised(we)
    await asyncio.gather(*(drain(we.site, RAISED + timedelta(days=4)) for _ in range(4)))
    assert len(await we.said("credit-alert-escalated")) == 1
