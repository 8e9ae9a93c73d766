"""Sole traders under watch: told of blindly, and their number kept nowhere."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from asks import FOR_GRANT, ask, decide, refused
from office import Office

from chassis.tenancy import tenant_transaction
from contracts.companies.company import CompanyIdentified, CompanyIdentity
from contracts.companies.subject import SubjectErased
from contracts.credit_policy import CreditPolicy
from contracts.values import Sealed
from credit_monitor.reaching.discreet import Hiding
from standins.creditsafe.ratings import connect_id

pytestmark = pytest.mark.servers

TABLES = """
SELECT format('SELECT coalesce(string_agg(to_jsonb(t)::text, E''\\n''), '''') FROM %I t', tablename)
FROM pg_tables WHERE schemaname = 'public'
"""
"""One question a table, for all that stands in it."""


@pytest.fixture
def number(numbers: Iterator[str]) -> str:
    """Return a number that a sole trader has, as far as the bureau knows."""
    return next(numbers)


async def trader(office: Office, number: str) -> UUID:
    """Have a sole trader looked at whom the tenant may want watched."""
    company = await office.customer("", form="E")
    await ask(office, company, **FOR_GRANT, personal_number=Sealed(subject=company, text=number))
    await office.work_off()
    await office.poll()
    return company


async def kept(office: Office) -> str:
    """Return all that stands in the service's tables."""
    async with tenant_transaction(office.site.pool, office.tenant) as connection:
        questions = await connection.fetch(TABLES)
        return "\n".join([await connection.fetchval(row[0]) for row in questions])


async def test_if_the_tenant_says_so_a_sole_trader_who_was_looked_at_is_watched_blindly(
    office: Office, number: str
) -> None:
    await decide(office, CreditPolicy(watch_private_forms=True))
    company = await trader(office, number)
    assert office.members() == [number]
    office.change(number, score=95, limit=3)
    await office.poll()
    assert (await office.told(company))[-1] == "credit-change-noted"
    assert "'95'" not in str((await office.events(company))[-1])
    assert office.sold(number) == 1


async def test_otherwise_nobody_watches_one(office: Office, number: str) -> None:
    company = await trader(office, number)
    assert office.members() == []
    await decide(office, CreditPolicy(watch_private_forms=True))
    await office.work_off()
    assert office.members() == [number]
    await decide(office, CreditPolicy())
    await office.work_off()
    assert office.members() == []
    assert (await office.events(company))[-1]["cause"] == "LEGAL_FORM"


async def test_neither_the_number_nor_what_the_bureau_makes_of_it_stands_anywhere(
    office: Office, number: str
) -> None:
    await decide(office, CreditPolicy(watch_private_forms=True))
    await trader(office, number)
    office.change(number, score=95, limit=3)
    await office.poll()
    there = await kept(office)
    assert office.members() == [number]
    assert number not in there
    assert connect_id("SE", number) not in there
    assert await office.account.hidden(connect_id("SE", number)) in there


async def test_not_hidden_it_would_be_found(
    office: Office, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def plainly(_: Hiding, reference: str) -> str:
        return reference

    monkeypatch.setattr(Hiding, "hidden", plainly)
    office.__post_init__()
    await decide(office, CreditPolicy(watch_private_forms=True))
    await trader(office, number)
    assert connect_id("SE", number) in await kept(office)


async def test_in_the_nights_comparison_a_hidden_member_is_a_known_one(
    office: Office, number: str
) -> None:
    await decide(office, CreditPolicy(watch_private_forms=True))
    company = await trader(office, number)
    before = await office.told(company)
    await office.reconcile()
    await office.work_off()
    assert office.members() == [number]
    assert await office.told(company) == before


async def test_who_is_erased_is_watched_no_longer_and_called_nothing(
    office: Office, number: str
) -> None:
    await decide(office, CreditPolicy(watch_private_forms=True))
    company = await trader(office, number)
    await office.hear(SubjectErased(subject_id=company))
    await office.work_off()
    assert office.members() == []
    assert (await office.events(company))[-1]["cause"] == "ERASED"
    assert await office.account.hidden(connect_id("SE", number)) not in await kept(office)
    assert await refused(office, company, **FOR_GRANT) == "subject-erased"


async def test_another_persons_number_ends_the_watch_of_the_first(
    office: Office, number: str
) -> None:
    await decide(office, CreditPolicy(watch_private_forms=True))
    company = await trader(office, number)
    other = Sealed(subject=company, text="8507099805")
    identity = CompanyIdentity(country="SE", personal_number=other)
    await office.hear(CompanyIdentified(company_id=company, identity=identity))
    await office.work_off()
    assert office.members() == []
    told: Any = (await office.events(company))[-1]
    assert told["cause"] == "NUMBER_CHANGED"
