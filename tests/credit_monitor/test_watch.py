"""From a customer to a told change, on a real Postgres and a bureau over real HTTP."""

from collections.abc import Iterator
from uuid import UUID

import asyncpg
import pytest
from office import Office

from chassis.edge import new_id, now
from chassis.tenancy import tenant_transaction
from contracts.companies.company import (
    CompanyArchived,
    CompanyIdentified,
    CompanyIdentity,
    CompanyMerged,
    CompanyRestored,
    MergeReversed,
    RelationEnded,
    RelationStarted,
)
from contracts.enrichment import CompanyNotInRegistry
from credit_monitor import work
from credit_monitor.working.desk import Desk, Known
from standins.creditsafe.ratings import is_known

pytestmark = pytest.mark.servers

WATCHED = ["company-rated", "monitoring-started"]
CHANGED = "credit-rating-changed"


async def test_a_customer_is_rated_and_the_rating_starts_the_watch(
    office: Office, number: str
) -> None:
    company = await office.customer(number)
    await office.work_off()
    assert await office.told(company) == WATCHED
    assert (office.sold(number), office.members()) == (1, [number])
    ledger = office.bureau.control("GET", "ledger")
    assert f"{office.tenant}:{company}" in {row["reference"] for row in ledger["members"]}


async def test_that_a_watch_began_is_said_to_follow_from_the_rating(
    office: Office, number: str
) -> None:
    company = await office.customer(number)
    await office.work_off()
    rows = await office.site.pool.fetch(
        "SELECT event_id::text AS id, meta->>'causation' AS because, meta->>'by' AS by"
        " FROM events WHERE stream_id = $1 ORDER BY version",
        company,
    )
    assert rows[1]["because"] == rows[0]["id"]
    assert rows[1]["by"] == "policy:watch-rated-companies"


async def test_who_is_left_out_is_looked_at_once(
    office: Office, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither that it was said asks for another look, nor a fact that changes nothing about it."""
    looked_at: list[UUID] = []
    look = Desk.look

    async def counted(desk: Desk) -> Known:
        looked_at.append(desk.work.company_id)
        return await look(desk)

    monkeypatch.setattr(Desk, "look", counted)
    company = await office.customer(number, form="HB")
    await office.work_off()
    assert await office.told(company) == ["monitoring-excluded"]
    today = now().date()
    await office.hear(RelationStarted(company_id=company, relation="prospect", since=today))
    await office.work_off()
    assert looked_at == [company]
    await office.enriched(company, number, "AB")
    await office.work_off()
    assert looked_at[1:]
    assert await office.told(company) == ["monitoring-excluded", *WATCHED]


async def test_every_change_is_told_once_however_often_it_is_read(
    office: Office, number: str
) -> None:
    company = await office.watched(number)
    office.change(number, score=95, limit=1)
    for _ in range(4):
        await office.poll()
    assert await office.told(company) == [*WATCHED, CHANGED]
    assert (await office.events(company))[-1]["new"]["text"] == "Very Low Risk"


async def test_several_changes_within_one_poll_are_told_one_by_one(
    office: Office, number: str
) -> None:
    company = await office.watched(number)
    for score in (95, 12, 95, 40):
        office.change(number, score=score, limit=score)
    await office.poll()
    assert (await office.scores(company))[-4:] == ["95", "12", "95", "40"]


@pytest.mark.parametrize(
    "fault",
    [
        {"repeat": 2},
        {"reissue": 2},
        {"reorder": True},
        {"repeat": 1, "reissue": 1, "reorder": True},
    ],
    ids=["repeated", "issued anew", "out of order", "all of it"],
)
async def test_a_bureau_that_repeats_itself_changes_nothing(
    office: Office, number: str, fault: dict[str, object]
) -> None:
    company = await office.watched(number)
    office.bureau.control("POST", "faults", fault)
    for score in (95, 12):
        office.change(number, score=score)
    await office.poll()
    office.change(number, score=95)
    for _ in range(3):
        await office.poll()
    assert (await office.scores(company))[-3:] == ["95", "12", "95"]
    assert (await office.told(company)).count(CHANGED) == 3


async def test_without_the_memory_of_what_was_told_every_reading_would_buy_a_report(
    office: Office, number: str
) -> None:
    await office.watched(number)
    office.change(number, score=95)
    await office.poll()
    bought = office.sold(number)
    await office.poll()
    assert office.sold(number) == bought
    await office.site.pool.execute("DELETE FROM notices WHERE tenant_id = $1", office.tenant)
    await office.poll()
    assert office.sold(number) == bought + 1


async def test_even_a_bureau_read_as_if_for_the_first_time_tells_nothing_twice(
    office: Office, number: str
) -> None:
    company = await office.watched(number)
    for score in (95, 12, 95):
        office.change(number, score=score, limit=score)
    await office.poll()
    await office.site.pool.execute("DELETE FROM notices WHERE tenant_id = $1", office.tenant)
    async with tenant_transaction(office.site.pool, office.tenant) as connection:
        await connection.execute("UPDATE subjects SET as_of = NULL")
    await office.poll()
    assert (await office.told(company)).count(CHANGED) == 3


async def test_a_change_between_the_report_and_the_watch_is_found(
    office: Office, number: str
) -> None:
    company = await office.customer(number)
    while office.sold(number) == 0:
        (held,) = await work.lease(office.site.pool, 1)
        await office.worker.do(held)
    office.change(number, score=95, limit=3)
    await office.work_off()
    for _ in range(3):
        await office.poll()
    assert (await office.scores(company))[-1] == "95"
    assert (await office.told(company)).count(CHANGED) == 1


async def test_a_change_that_was_never_told_is_found_with_the_next(
    office: Office, number: str
) -> None:
    company = await office.watched(number)
    office.bureau.control("POST", "faults", {"forget": 1})
    office.change(number, score=95)
    await office.poll()
    office.change(number, score=12)
    await office.poll()
    await office.poll()
    assert (await office.scores(company))[-2:] == ["95", "12"]


async def test_a_notification_published_late_is_read_all_the_same(
    office: Office, number: str
) -> None:
    company = await office.watched(number)
    office.bureau.control("POST", "faults", {"hide_seconds": 0.4})
    office.change(number, score=95)
    office.bureau.control("POST", "faults", {"hide_seconds": 0})
    office.change(number, score=12)
    await office.poll()
    while (await office.told(company)).count(CHANGED) < 2:
        await office.poll()
    await office.poll()
    assert (await office.scores(company))[-1] == "12"
    assert (await office.told(company)).count(CHANGED) == 2


async def test_archiving_ends_the_watch_here_and_there(office: Office, number: str) -> None:
    company = await office.watched(number)
    await office.hear(CompanyArchived(company_id=company))
    await office.work_off()
    assert await office.told(company) == [*WATCHED, "monitoring-stopped"]
    assert office.members() == []
    office.change(number, score=95)
    await office.poll()
    assert await office.told(company) == [*WATCHED, "monitoring-stopped"]


async def test_merged_into_another_a_company_is_watched_no_longer_until_that_is_reversed(
    office: Office, number: str
) -> None:
    company, other = await office.watched(number), new_id()
    await office.hear(CompanyMerged(company_id=company, into=other, reason="SUCCESSION"))
    await office.work_off()
    assert await office.told(company) == [*WATCHED, "monitoring-stopped"]
    assert office.members() == []
    await office.hear(MergeReversed(company_id=company, into=other))
    await office.work_off()
    assert (await office.told(company))[-1] == "monitoring-started"
    assert office.members() == [number]


async def test_whoever_is_taken_back_is_watched_again_and_not_rated_again(
    office: Office, number: str
) -> None:
    company = await office.watched(number)
    await office.hear(CompanyArchived(company_id=company))
    await office.work_off()
    office.change(number, score=95)
    await office.hear(CompanyRestored(company_id=company))
    await office.work_off()
    for _ in range(3):
        await office.poll()
    told = await office.told(company)
    assert told == [*WATCHED, "monitoring-stopped", "monitoring-started", CHANGED]
    assert office.members() == [number]


async def test_with_the_last_relation_the_watch_ends(office: Office, number: str) -> None:
    company = await office.watched(number)
    ended = RelationEnded(company_id=company, relation="customer", until=now().date())
    await office.hear(ended)
    await office.work_off()
    assert (await office.events(company))[-1]["cause"] == "RELATION_ENDED"


async def test_another_number_is_rated_anew_and_the_old_one_let_go(
    office: Office, number: str
) -> None:
    company = await office.watched(number)
    other = next(n for n in map(str, range(5_590_000_000, 5_590_000_100)) if is_known("SE", n))
    identity = CompanyIdentity(country="SE", number=other)
    await office.hear(CompanyIdentified(company_id=company, identity=identity))
    await office.enriched(company, other, "AB")
    await office.work_off()
    assert await office.told(company) == [*WATCHED, "monitoring-stopped", *WATCHED]
    assert office.members() == [other]


@pytest.mark.parametrize("form", ["E", "HB", "KB"])
async def test_whom_we_may_not_check_nobody_is_asked_about(
    office: Office, number: str, form: str
) -> None:
    company = await office.customer(number, form)
    await office.work_off()
    (event,) = await office.events(company)
    assert (event["type"], event["cause"]) == ("monitoring-excluded.v1", "LEGAL_FORM")
    assert (office.sold(number), office.members()) == (0, [])


async def test_a_form_that_becomes_known_lets_the_watch_begin(office: Office, number: str) -> None:
    company = await office.customer(number, "HB")
    await office.work_off()
    await office.enriched(company, number, "AB")
    await office.work_off()
    assert await office.told(company) == ["monitoring-excluded", *WATCHED]


async def test_a_company_without_a_number_is_left_out_until_it_has_one(
    office: Office, number: str
) -> None:
    company = await office.customer(number)
    bare = CompanyIdentity(country="SE")
    await office.hear(CompanyIdentified(company_id=company, identity=bare))
    await office.hear(CompanyNotInRegistry(company_id=company, country="SE", reason="no-number"))
    await office.work_off()
    (event,) = await office.events(company)
    assert event["cause"] == "NO_NUMBER"
    known = CompanyIdentity(country="SE", number=number)
    await office.hear(CompanyIdentified(company_id=company, identity=known))
    await office.enriched(company, number, "AB")
    await office.work_off()
    assert (await office.told(company))[1:] == WATCHED


async def test_a_number_the_bureau_does_not_know_is_said_and_asked_for_again_later(
    office: Office,
) -> None:
    numbers = map(str, range(5_580_000_000, 5_580_100_000))
    unknown = next(number for number in numbers if not is_known("SE", number))
    company = await office.customer(unknown)
    await office.work_off()
    assert await office.told(company) == ["credit-check-failed", "monitoring-excluded"]
    office.change(unknown, score=63)
    async with tenant_transaction(office.site.pool, office.tenant) as connection:
        await connection.execute("UPDATE subjects SET rated_at = now() - interval '8 days'")
    await office.site.pool.execute("UPDATE work SET due_at = now()")
    await office.work_off()
    assert (await office.told(company))[2:] == WATCHED


async def test_one_tenants_subjects_are_not_seen_by_another(office: Office, number: str) -> None:
    await office.customer(number)
    async with tenant_transaction(office.site.pool, "somebody-else") as connection:
        assert await connection.fetchval("SELECT count(*) FROM subjects") == 0
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await office.site.pool.fetchval("SELECT count(*) FROM subjects")


async def test_two_tenants_watch_the_same_company_each_for_itself(
    office: Office, number: str
) -> None:
    mine = await office.watched(number)
    other = Office(office.site, office.creditsafe, office.bureau, f"{office.tenant[:-1]}z")
    other.heard = office.heard
    theirs = await other.watched(number)
    office.change(number, score=95)
    await office.poll()
    assert (await office.scores(mine))[-1] == "95"
    assert (await other.scores(theirs))[-1] == "95"
    assert (office.sold(number), other.members()) == (4, [number])


async def test_a_number_that_another_company_has_by_now_stays_watched(
    office: Office, number: str, numbers: Iterator[str]
) -> None:
    mistaken = await office.watched(number)
    right = await office.watched(number)
    identity = CompanyIdentity(country="SE", number=next(numbers))
    await office.hear(CompanyIdentified(company_id=mistaken, identity=identity))
    await office.work_off()
    await office.poll()
    assert office.members() == [number]
    office.change(number, score=95)
    await office.poll()
    assert (await office.told(right))[-1] == CHANGED
