"""That something changed about a person's firm: noted once, whoever dies right after it."""

from uuid import UUID

import pytest
from asks import FOR_GRANT, ask, decide
from office import Office

from chassis.failpoints import arm
from contracts.credit_policy import CreditPolicy

pytestmark = pytest.mark.servers

NOTED = "credit-change-noted"
STEP = "credit-monitor.change-noted"


async def watched_blindly(office: Office, number: str) -> UUID:
    """Have a partnership watched of which nothing more may be told than that it changed."""
    company = await office.customer(number, form="HB")
    await office.work_off()
    await decide(office, CreditPolicy(watch_private_forms=True))
    await ask(office, company, **FOR_GRANT)
    await office.work_off()
    await office.poll()
    return company


async def noted(office: Office, company: UUID) -> int:
    """Let every lease run out and all that is due be done; return how often it was noted."""
    await office.site.pool.execute("UPDATE work SET leased_until = NULL, due_at = now()")
    await office.work_off()
    await office.poll()
    return (await office.told(company)).count(NOTED)


async def tell_again(office: Office, *, under_another_id: bool) -> None:
    """Let what was noted be open again, as if that it is done had not been kept with it."""
    await office.site.pool.execute(
        "UPDATE notices SET settled = false, notice_id = notice_id + $2 WHERE tenant_id = $1",
        office.tenant,
        1_000_000 * under_another_id,
    )
    await office.site.pool.execute(
        "INSERT INTO work (tenant_id, company_id, correlation, account)"
        " SELECT DISTINCT tenant_id, company_id, company_id, account FROM notices"
        " WHERE tenant_id = $1 ON CONFLICT DO NOTHING",
        office.tenant,
    )


async def test_whoever_dies_when_a_change_is_noted_has_noted_it_once(
    office: Office, number: str
) -> None:
    company = await watched_blindly(office, number)
    arm(f"{STEP}:1:raise")
    office.change(number, score=95, limit=3)
    await office.poll()
    assert await noted(office, company) == 1
    assert office.sold(number) == 1
    arm("")


async def test_known_by_its_notification_a_change_is_noted_once_however_often_it_is_open(
    office: Office, number: str
) -> None:
    company = await watched_blindly(office, number)
    office.change(number, score=95, limit=3)
    await office.poll()
    await tell_again(office, under_another_id=False)
    assert await noted(office, company) == 1


async def test_not_known_by_it_a_change_would_be_noted_again(office: Office, number: str) -> None:
    company = await watched_blindly(office, number)
    office.change(number, score=95, limit=3)
    await office.poll()
    await tell_again(office, under_another_id=True)
    assert await noted(office, company) == 2
