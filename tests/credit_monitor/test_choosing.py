"""A tenant chooses its bureau: what it logs in with is kept sealed, and never seen again."""

from collections.abc import Mapping

import pytest

from chassis.decider import Rejected
from chassis.edge import new_id, now
from chassis.failpoints import Failure, arm
from chassis.site import Site
from chassis.tenancy import tenant_transaction
from chassis.testing import scenario
from contracts.credit_bureaus import (
    BureauChosen,
    ChooseBureau,
    CreditBureau,
    ForgetBureauCredentials,
    ShowCreditBureau,
    credit_bureau_of,
)
from contracts.message import Answer
from credit_monitor.bureaus.port import NoCredentials
from credit_monitor.choosing.model import RecordChoice, choices_
from credit_monitor.choosing.wire import choose, forget, show
from credit_monitor.reaching import credentials
from credit_monitor.reaching.accounts import Accounts
from credit_monitor.settings import CreditSettings

SECRET = "s3cret-and-long-enough-to-be-found"  # noqa: S105 - a test's own
GIVEN = {"key": "acme", "secret": SECRET}
given = scenario(choices_)


def wished(bureau: str, *, own: bool, tenant: str = "acme") -> RecordChoice:
    return RecordChoice(
        command_id=new_id(),
        tenant=tenant,
        by="user:test",
        at=now(),
        correlation=new_id(),
        bureau=bureau,
        own_credentials=own,
    )


def chosen(bureau: str, cause: str, *, own: bool) -> BureauChosen:
    return BureauChosen(
        settings_id=credit_bureau_of("acme"), bureau=bureau, own_credentials=own, cause=cause
    )


def test_another_bureau_is_chosen() -> None:
    given().when(wished("dnb", own=True)).then(chosen("dnb", "CHOSEN", own=True))


def test_an_account_of_ones_own_is_told_and_a_new_password_is_not() -> None:
    own = chosen("creditsafe", "CREDENTIALS", own=True)
    given().when(wished("creditsafe", own=True)).then(own)
    given(own).when(wished("creditsafe", own=True)).then_nothing()


def test_what_is_so_already_is_not_told() -> None:
    given().when(wished("creditsafe", own=False)).then_nothing()


async def ask(
    site: Site, tenant: str, bureau: str, given: Mapping[str, str] | None = None
) -> Answer:
    return await choose(asking(tenant, bureau, given), site)


def asking(tenant: str, bureau: str, given: Mapping[str, str] | None = None) -> ChooseBureau:
    return ChooseBureau(
        command_id=new_id(),
        tenant=tenant,
        by="user:test",
        at=now(),
        correlation=new_id(),
        bureau=bureau,
        credentials=dict(given) if given is not None else None,
    )


async def forgetting(site: Site, tenant: str) -> Answer:
    command = ForgetBureauCredentials(
        command_id=new_id(), tenant=tenant, by="user:test", at=now(), correlation=new_id()
    )
    return await forget(command, site)


async def shown(site: Site, tenant: str) -> CreditBureau:
    return await show(ShowCreditBureau(tenant=tenant), site)


def accounts(site: Site) -> Accounts:
    return Accounts(site.pool, site.keys, CreditSettings())


pytestmark = pytest.mark.servers


async def test_who_chose_nothing_is_at_creditsafe_with_the_deployments_account(
    site: Site, tenant: str
) -> None:
    found = await shown(site, tenant)
    assert (found.bureau, found.own_credentials, found.credentials_set) == (
        "creditsafe",
        False,
        True,
    )
    assert (await accounts(site).of(tenant)).key == "creditsafe"


async def test_a_chosen_bureau_is_dealt_with_at_an_account_of_the_tenants_own(
    site: Site, tenant: str
) -> None:
    await ask(site, tenant, "dnb", GIVEN)
    found = await shown(site, tenant)
    assert (found.bureau, found.own_credentials, found.credentials_set) == ("dnb", True, True)
    account = await accounts(site).of(tenant)
    assert (account.key, account.bureau.name) == (f"dnb/{tenant}", "dnb")
    assert await credentials.find(site.pool, site.keys, tenant, "dnb") == GIVEN


@pytest.mark.parametrize(
    ("bureau", "given", "code"),
    [
        ("nobody", None, "bureau-unknown"),
        ("dnb", None, "bureau-credentials-missing"),
        ("dnb", {"key": "acme"}, "bureau-credentials-malformed"),
        ("creditsafe", GIVEN, "bureau-credentials-malformed"),
    ],
)
async def test_what_cannot_be_is_refused_and_nothing_is_kept(
    site: Site, tenant: str, bureau: str, given: Mapping[str, str] | None, code: str
) -> None:
    with pytest.raises(Rejected) as refusal:
        await ask(site, tenant, bureau, given)
    assert refusal.value.code == code
    assert SECRET not in refusal.value.message
    assert (await shown(site, tenant)).bureau == "creditsafe"


async def test_a_secret_is_nowhere_in_the_database_as_it_is(site: Site, tenant: str) -> None:
    await ask(site, tenant, "dnb", GIVEN)
    tables = await site.pool.fetch(
        "SELECT relname FROM pg_class WHERE relkind = 'r'"
        " AND relnamespace = 'public'::regnamespace"
        " AND has_table_privilege(oid, 'SELECT')"
    )
    assert "credentials" in {row["relname"] for row in tables}
    for row in tables:
        async with tenant_transaction(site.pool, tenant) as connection:
            found = await connection.fetch(f'SELECT t::text AS text FROM "{row["relname"]}" t')
        written = " ".join(one["text"] for one in found)
        assert SECRET not in written, row["relname"]
        assert SECRET.encode().hex() not in written, row["relname"]


async def test_credentials_open_for_their_own_tenant_and_bureau_alone(
    site: Site, tenant: str
) -> None:
    await ask(site, tenant, "dnb", GIVEN)
    thief = f"{tenant[:-1]}z"
    async with tenant_transaction(site.pool, tenant) as connection:
        sealed = await connection.fetchval("SELECT sealed FROM credentials")
    for who, bureau in ((thief, "dnb"), (tenant, "creditsafe")):
        async with tenant_transaction(site.pool, who) as connection:
            await connection.execute(
                "INSERT INTO credentials (tenant_id, bureau, sealed) VALUES ($1, $2, $3)",
                who,
                bureau,
                sealed,
            )
        assert await credentials.find(site.pool, site.keys, who, bureau) is None


async def test_forgotten_credentials_are_gone_and_nobody_can_log_in(
    site: Site, tenant: str
) -> None:
    await ask(site, tenant, "dnb", GIVEN)
    await forgetting(site, tenant)
    found = await shown(site, tenant)
    assert (found.bureau, found.own_credentials, found.credentials_set) == ("dnb", False, False)
    with pytest.raises(NoCredentials):
        await accounts(site).of(tenant)
    with pytest.raises(Rejected, match="no credentials"):
        await forgetting(site, tenant)


async def test_a_wish_that_comes_late_once_more_brings_nothing_back(
    site: Site, tenant: str
) -> None:
    first = asking(tenant, "dnb", GIVEN)
    answer = await choose(first, site)
    await forgetting(site, tenant)
    assert await choose(first, site) == answer
    assert await credentials.find(site.pool, site.keys, tenant, "dnb") is None


async def test_a_choice_interrupted_before_it_is_answered_is_made_once(
    site: Site, tenant: str
) -> None:
    command = asking(tenant, "dnb", GIVEN)
    arm("credit-monitor.bureau-chosen:1:raise")
    with pytest.raises(Failure):
        await choose(command, site)
    await choose(command, site)
    events = await site.pool.fetch("SELECT type FROM events WHERE tenant_id = $1", tenant)
    assert [row["type"] for row in events] == ["bureau-chosen.v1"]


async def test_new_credentials_open_the_account_anew(site: Site, tenant: str) -> None:
    kept = accounts(site)
    async with kept:
        await ask(site, tenant, "dnb", GIVEN)
        first = await kept.of(tenant)
        assert await kept.of(tenant) is first
        await ask(site, tenant, "dnb", {**GIVEN, "secret": "another"})
        assert await kept.of(tenant) is not first


def test_neither_a_log_line_nor_an_error_shows_a_secret() -> None:
    assert SECRET not in repr(asking("acme", "dnb", GIVEN))
