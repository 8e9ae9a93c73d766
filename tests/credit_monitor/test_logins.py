"""What is remembered of a refused login; both memories keep the same promises."""

from collections.abc import AsyncIterator

import pytest

from chassis.site import Site
from credit_monitor.bureaus.logins import Logins, MemoryLogins, PostgresLogins, fingerprint


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.servers)])
async def logins(request: pytest.FixtureRequest) -> AsyncIterator[Logins]:
    """Return one memory after the other, with a pause of a minute."""
    if request.param == "memory":
        yield MemoryLogins(60)
        return
    site: Site = await _site(request)
    yield PostgresLogins(site.pool, "creditsafe", 60)


async def _site(request: pytest.FixtureRequest) -> Site:
    site: Site = request.getfixturevalue("site")
    return site


async def test_nothing_is_waited_for_before_a_refusal(logins: Logins) -> None:
    assert await logins.wait("one") == 0


async def test_a_refused_login_waits(logins: Logins) -> None:
    await logins.refused("one")
    assert 50 < await logins.wait("one") <= 60


async def test_another_password_need_not_wait(logins: Logins) -> None:
    await logins.refused("one")
    assert await logins.wait("two") == 0


def test_a_fingerprint_tells_passwords_apart_and_does_not_give_them_away() -> None:
    assert fingerprint("demo", "one") == fingerprint("demo", "one")
    assert fingerprint("demo", "one") != fingerprint("demo", "two")
    assert len(fingerprint("demo", "one")) == 8
