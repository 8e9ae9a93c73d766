"""A tenant goes to another bureau: nothing recorded is lost, nobody waits for the old one."""

import contextlib
from collections.abc import AsyncIterator

import pytest
from office import Office, accounts_of
from pydantic import SecretStr
from test_choosing import ask

from chassis.failpoints import Failure, arm
from chassis.site import Site
from chassis.tenancy import tenant_transaction
from credit_monitor.bureaus.creditsafe import Creditsafe
from credit_monitor.bureaus.dnb import Dnb
from credit_monitor.bureaus.dnb_login import direct
from credit_monitor.bureaus.logins import PostgresLogins
from credit_monitor.bureaus.port import NoCredentials
from credit_monitor.choosing import choices
from credit_monitor.operators import operating
from credit_monitor.reaching import credentials, raw_answers
from credit_monitor.reaching.accounts import Accounts
from credit_monitor.reaching.raw_answers import RawAnswers
from credit_monitor.settings import CreditSettings
from credit_monitor.working import leavings
from credit_monitor.working.worker import Worker
from standins.testing import StandIn

pytestmark = pytest.mark.servers

RATED = ["company-rated", "monitoring-started"]
CHANGED = "credit-rating-changed"


class Switching:
    """An office at Creditsafe, and one at D&B for the same tenant."""

    def __init__(self, old: Office, new: Office, accounts: Accounts) -> None:
        self.old = old
        self.new = new
        self.site = old.site
        old.worker = new.worker = Worker(old.site, accounts)
        self._accounts = accounts

    async def go(self) -> None:
        """Choose D&B, and work off what follows."""
        await ask(self.site, self.old.tenant, "dnb", {"key": "demo", "secret": "demo"})
        await self.work_off()

    async def back(self) -> None:
        """Choose Creditsafe again."""
        await ask(self.site, self.old.tenant, "creditsafe")
        await self.work_off()

    async def work_off(self) -> None:
        """Do all there is to do, but for those who are left behind."""
        while await choices.spread(self.site.pool):
            pass
        await self.new.work_off()

    async def let_go(self) -> None:
        """Take out who is left behind."""
        await self.site.pool.execute("UPDATE leavings SET due_at = now()")
        for account in (self.old.account, self.new.account):
            while await leavings.let_go(self.site.pool, account):
                pass


@pytest.fixture
async def switching(
    site: Site, creditsafe: Creditsafe, bureau: StandIn, dnb_bureau: StandIn, tenant: str
) -> AsyncIterator[Switching]:
    """Return a tenant's dealings with two bureaus."""
    last = await site.pool.fetchval("SELECT coalesce(max(position), 0) FROM events")
    key = f"dnb/{tenant}"
    archive = RawAnswers(site.pool, site.keys, key, 90)
    logins = PostgresLogins(site.pool, key)
    line = direct(dnb_bureau.url, "demo", "demo", logins, left_alone_seconds=0, a_second=10_000.0)
    async with line:
        dnb = Dnb(line, archive)
        old = Office(site, creditsafe, bureau, tenant, heard=last)
        new = Office(site, dnb, dnb_bureau, tenant, key=key, heard=last)
        accounts = accounts_of(site, old.settings, **{"creditsafe": creditsafe, key: dnb})
        yield Switching(old, new, accounts)
    arm("")


async def test_the_watch_ends_at_one_bureau_and_begins_at_the_other_and_nothing_is_lost(
    switching: Switching, number: str
) -> None:
    old, new = switching.old, switching.new
    company = await old.watched(number)
    new.heard = old.heard
    await switching.go()
    told = await new.told(company)
    assert told == [*RATED, "monitoring-stopped", *RATED]
    events = await new.events(company)
    assert events[2]["cause"] == "BUREAU_CHANGED"
    assert [events[n]["rating"]["bureau"] for n in (0, 3)] == ["creditsafe", "dnb"]
    assert new.members() == [number]
    await switching.let_go()
    assert old.members() == []


async def test_a_change_at_the_new_bureau_is_told_and_one_at_the_old_is_not(
    switching: Switching, number: str
) -> None:
    old, new = switching.old, switching.new
    company = await old.watched(number)
    new.heard = old.heard
    await switching.go()
    old.change(number, score=95)
    await old.poll()
    new.bureau.control("POST", f"companies/SE/{number}", {"grade": "C", "score": 2})
    for _ in range(2):
        await new.poll()
    events = await new.events(company)
    assert [e["new"]["bureau"] for e in events if e["type"] == f"{CHANGED}.v1"] == ["dnb"]
    assert (events[-1]["new"]["grade"], events[-1]["new"]["score"]) == ("C", "2")


async def test_what_the_bureaus_model_moves_is_told_apart_from_what_a_company_does(
    switching: Switching, number: str
) -> None:
    old, new = switching.old, switching.new
    company = await old.watched(number)
    new.heard = old.heard
    await switching.go()
    new.bureau.control("POST", "model", {"version": f"Failure Score {number}"})
    for _ in range(2):
        await new.poll()
    new.bureau.control("POST", f"companies/SE/{number}", {"grade": "C", "score": 2})
    for _ in range(2):
        await new.poll()
    changes = [e for e in await new.events(company) if e["type"] == f"{CHANGED}.v1"]
    assert [change["cause"] for change in changes] == ["MODEL", "COMPANY"]
    assert changes[0]["old"]["model"] != changes[0]["new"]["model"]


async def test_nobody_waits_for_a_bureau_that_is_left_and_away(
    switching: Switching, number: str
) -> None:
    old, new = switching.old, switching.new
    company = await old.watched(number)
    new.heard = old.heard
    old.bureau.control("POST", "faults", {"status": 503, "times": None})
    await switching.go()
    assert (await new.told(company))[-2:] == RATED
    await switching.let_go()
    old.bureau.control("DELETE", "faults")
    assert old.members() == [number]
    await switching.let_go()
    assert old.members() == []


async def test_whom_nobody_can_log_in_for_is_left_behind_and_said_so(
    switching: Switching, number: str
) -> None:
    old, new = switching.old, switching.new
    await old.customer(number)
    new.heard = old.heard
    await switching.go()
    await switching.back()
    await forgetting_at(switching, "dnb")
    settings = CreditSettings(dnb_key="somebody", dnb_secret=SecretStr("else"))
    async with Accounts(switching.site.pool, switching.site.keys, settings) as accounts:
        with pytest.raises(NoCredentials):
            await accounts.named(new.key)
    await leavings.forsake(switching.site.pool, new.key)
    left = "SELECT count(*) FROM leavings WHERE tenant_id = $1"
    assert await switching.site.pool.fetchval(left, new.tenant) == 0
    assert new.members() == [number]


async def forgetting_at(switching: Switching, bureau: str) -> None:
    async with tenant_transaction(switching.site.pool, switching.old.tenant) as connection:
        await credentials.remove(connection, switching.old.tenant, bureau)


async def test_who_goes_there_and_back_is_watched_where_he_began(
    switching: Switching, number: str
) -> None:
    old, new = switching.old, switching.new
    company = await old.watched(number)
    new.heard = old.heard
    await switching.go()
    await switching.back()
    await switching.let_go()
    await switching.work_off()
    assert old.members() == [number]
    assert new.members() == []
    assert (await new.told(company))[-2:] == RATED


async def test_whom_the_old_bureau_did_not_know_the_new_one_is_asked_about_at_once(
    switching: Switching, number: str
) -> None:
    old, new = switching.old, switching.new
    old.bureau.control("POST", "faults", {"status": 404, "path": "companies/", "times": 1})
    company = await old.customer(number)
    await old.work_off()
    assert (await old.told(company))[0] == "credit-check-failed"
    new.heard = old.heard
    await switching.go()
    assert (await new.told(company))[-2:] == RATED


@pytest.mark.parametrize("step", ["choice-spread", "bureau-left", "left-behind-removed"])
async def test_interrupted_at_any_step_it_ends_the_same(
    switching: Switching, number: str, step: str
) -> None:
    old, new = switching.old, switching.new
    company = await old.watched(number)
    new.heard = old.heard
    arm(f"credit-monitor.{step}:1:raise")
    for _ in range(2):
        with contextlib.suppress(Failure):
            await switching.go()
    await switching.site.pool.execute("UPDATE work SET leased_until = NULL")
    await switching.work_off()
    for _ in range(2):
        with contextlib.suppress(Failure):
            await switching.let_go()
    assert await new.told(company) == [*RATED, "monitoring-stopped", *RATED]
    assert (old.members(), new.members()) == ([], [number])


@pytest.mark.parametrize("step", ["consumed", "raw-kept"])
async def test_what_was_read_and_not_kept_is_read_again(
    switching: Switching, number: str, step: str
) -> None:
    old, new = switching.old, switching.new
    company = await old.customer(number)
    new.heard = old.heard
    new.bureau.control("POST", f"companies/SE/{number}", {"grade": "A", "score": 50})
    await switching.go()
    for _ in range(2):
        await new.poll()
    new.bureau.control("POST", f"companies/SE/{number}", {"grade": "C", "score": 2})
    new.bureau.control("POST", f"companies/SE/{number}", {"grade": "AAA", "score": 99})
    arm(f"credit-monitor.{step}:1:raise")
    with contextlib.suppress(Failure):
        await new.poll()
    await switching.site.pool.execute("UPDATE accounts SET leased_until = NULL")
    for _ in range(3):
        await new.poll()
    assert (await new.scores(company))[-2:] == ["2", "99"]
    assert (await new.told(company)).count(CHANGED) >= 2


async def test_kept_answers_are_sealed_read_once_and_forgotten_in_time(
    switching: Switching, number: str
) -> None:
    old, new = switching.old, switching.new
    company = await old.customer(number)
    new.heard = old.heard
    await switching.go()
    pool = switching.site.pool
    rows = await pool.fetch(
        "SELECT * FROM raw_answers WHERE tenant_id = $1 AND company_id = $2 AND account = $3",
        old.tenant,
        company,
        new.key,
    )
    assert rows
    assert number.encode() not in rows[0]["sealed"]
    keeper = RawAnswers(pool, switching.site.keys, new.key, 90)
    row = rows[0]
    opened = await keeper.opened(old.tenant, company, row["id"], row["sealed"])
    assert opened
    assert number.encode() in opened
    await pool.execute("UPDATE raw_answers SET expires_at = now() WHERE id = $1", row["id"])
    while await raw_answers.expire(pool):
        pass
    assert not await pool.fetchval("SELECT true FROM raw_answers WHERE id = $1", row["id"])


async def test_a_company_that_was_merged_goes_on_under_its_successor(
    switching: Switching, number: str
) -> None:
    old, new = switching.old, switching.new
    company = await old.customer(number)
    new.heard = old.heard
    await switching.go()
    successor = f"{int(number) % 10**9:09d}"
    new.bureau.control("POST", f"companies/SE/{number}/merged-into/{successor}")
    for _ in range(2):
        await new.poll()
    await switching.work_off()
    rated = [e for e in await new.events(company) if e["type"] == "company-rated.v1"]
    assert rated[-1]["rating"]["reference"] == successor
    assert await new.told(company) == [*RATED, "company-rated"]
    await switching.let_go()
    ledger = new.bureau.control("GET", "ledger")["members"]
    mine = [row["duns"] for row in ledger if row["portfolio_id"] == f"kundvakt-{new.tenant}"]
    assert mine == [successor]
    new.bureau.control("POST", f"companies/SE/{number}", {"grade": "C", "score": 3})
    for _ in range(2):
        await new.poll()
    assert (await new.scores(company))[-1] == "3"


async def test_a_paused_bureau_is_not_asked_to_let_go_either(
    switching: Switching, number: str
) -> None:
    await switching.old.watched(number)
    await switching.go()
    async with switching.site.pool.acquire() as connection:
        await operating.pause(connection, "creditsafe", switching.old.tenant)
        await switching.let_go()
        assert switching.old.members() == [number]
        await operating.resume(connection, "creditsafe", switching.old.tenant)
    await switching.let_go()
    assert switching.old.members() == []
