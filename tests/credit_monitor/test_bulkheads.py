"""One bureau that hangs delays nobody else: hands, polls and circuits are each account's own."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from office import Office, accounts_of
from test_choosing import ask

from chassis.site import Site
from credit_monitor.bureaus.dnb import Dnb
from credit_monitor.bureaus.line import Line
from credit_monitor.bureaus.port import LeftAlone, Unavailable
from credit_monitor.settings import CreditSettings
from credit_monitor.watching.poller import poll_for_ever
from credit_monitor.working import worker as workers
from credit_monitor.working.worker import Worker
from standins.testing import StandIn

pytestmark = pytest.mark.servers

HANGS_SECONDS = 30
SECONDS_MAX = 4.0
"""Less than one call to the bureau that hangs takes to be given up."""
CROWD = 12
"""Twice the hands that an account has."""


@contextlib.asynccontextmanager
async def running(slow: Office, quick: Office, **bureaus: Any) -> AsyncIterator[None]:
    """Run a worker and a poller for two tenants at two bureaus."""
    accounts = accounts_of(slow.site, slow.settings, **bureaus)
    settings = CreditSettings(credit_poll_seconds=0.1)

    async def bus() -> None:
        while True:
            await slow.hear_ourselves()
            await quick.hear_ourselves()
            await asyncio.sleep(0.02)

    loops = [
        bus(),
        Worker(slow.site, accounts).run(),
        poll_for_ever(slow.site, accounts, settings),
    ]
    tasks = [asyncio.create_task(loop) for loop in loops]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def rated_in_time(office: Office, company: Any) -> bool:
    """Say whether a company is rated and watched while the other bureau hangs."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(SECONDS_MAX):
            while len(await office.told(company)) < 2:  # noqa: ASYNC110 - nobody rings here
                await asyncio.sleep(0.05)
            return True
    return False


@pytest.fixture
def hanging(office: Office) -> Iterator[Office]:
    """Return a tenant whose bureau hangs."""
    office.bureau.control("POST", "faults", {"slow_seconds": HANGS_SECONDS})
    yield office
    office.bureau.control("DELETE", "faults")


@pytest.fixture
async def other(site: Site, dnb: Dnb, dnb_bureau: StandIn, office: Office) -> Office:
    """Return a tenant whose bureau answers."""
    tenant = f"{office.tenant[:-1]}z"
    await ask(site, tenant, "dnb", {"key": "demo", "secret": "demo"})
    return Office(site, dnb, dnb_bureau, tenant, key=f"dnb/{tenant}", heard=office.heard)


async def crowd(office: Office, numbers: Iterator[str]) -> None:
    for _ in range(CROWD):
        await office.customer(next(numbers))


async def test_a_bureau_that_hangs_keeps_no_other_tenant_waiting(
    hanging: Office, other: Office, numbers: Iterator[str]
) -> None:
    await crowd(hanging, numbers)
    bureaus = {"creditsafe": hanging.creditsafe, other.key: other.creditsafe}
    async with running(hanging, other, **bureaus):
        await asyncio.sleep(0.3)
        company = await other.customer(next(numbers))
        assert await rated_in_time(other, company)


@pytest.mark.faults
async def test_with_hands_in_common_it_would(
    hanging: Office, other: Office, numbers: Iterator[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "IN_HAND_MAX", workers.AT_ONCE_MAX)
    await crowd(hanging, numbers)
    bureaus = {"creditsafe": hanging.creditsafe, other.key: other.creditsafe}
    async with running(hanging, other, **bureaus):
        await asyncio.sleep(0.3)
        company = await other.customer(next(numbers))
        assert not await rated_in_time(other, company)


async def test_a_report_that_fails_again_and_again_keeps_nobody_from_searching(
    dnb: Dnb, dnb_bureau: StandIn, number: str
) -> None:
    line: Line = dnb._line  # noqa: SLF001 - what no port of ours shows
    line._manners = type(line._manners)(10_000, 5, line._manners.answers, 30.0)  # noqa: SLF001
    dnb_bureau.control("POST", "faults", {"status": 500, "path": "data/duns", "times": None})
    for _ in range(2):
        with pytest.raises(Unavailable):
            await line.call("report", "GET", "v1/data/duns/1", operation="report")
    with pytest.raises(LeftAlone) as left:
        await line.call("report", "GET", "v1/data/duns/1", operation="report")
    assert left.value.retry_after
    assert line.circuits["report"] == "open"
    assert await dnb.find("SE", number)
    assert line.circuits["search"] == "closed"


async def test_what_a_bureau_means_to_say_never_opens_its_circuit(
    dnb: Dnb, dnb_bureau: StandIn, number: str
) -> None:
    line: Line = dnb._line  # noqa: SLF001 - what no port of ours shows
    dnb_bureau.control("POST", "faults", {"status": 404, "path": "cleanseMatch", "times": 30})
    for _ in range(30):
        assert await dnb.find("SE", number) is None
    assert line.circuits["search"] == "closed"
