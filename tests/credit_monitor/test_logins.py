"""What is remembered of a refused login; both memories keep the same promises."""

import pytest

from chassis.site import Site
from credit_monitor.bureaus.logins import Logins, MemoryLogins, PostgresLogins, fingerprint

PAUSE_SECONDS = 60


class Promises:
    async def test_nothing_is_waited_for_before_a_refusal(self, logins: Logins) -> None:
        assert await logins.wait("one") == 0

    async def test_a_refused_login_waits(self, logins: Logins) -> None:
        await logins.refused("one")
        assert 50 < await logins.wait("one") <= PAUSE_SECONDS

    async def test_another_password_need_not_wait(self, logins: Logins) -> None:
        await logins.refused("one")
        assert await logins.wait("two") == 0


class TestInMemory(Promises):
    @pytest.fixture
    def logins(self) -> Logins:
        """Remember for as long as the process lives."""
        return MemoryLogins(PAUSE_SECONDS)


@pytest.mark.servers
class TestInPostgres(Promises):
    @pytest.fixture
    def logins(self, site: Site) -> Logins:
        """Remember across restarts."""
        return PostgresLogins(site.pool, "creditsafe", PAUSE_SECONDS)

    async def test_it_is_remembered_after_a_restart(self, site: Site, logins: Logins) -> None:
        await logins.refused("one")
        assert await PostgresLogins(site.pool, "creditsafe", PAUSE_SECONDS).wait("one") > 50


def test_a_fingerprint_tells_passwords_apart_and_does_not_give_them_away() -> None:
    assert fingerprint("demo", "one") == fingerprint("demo", "one")
    assert fingerprint("demo", "one") != fingerprint("demo", "two")
    assert len(fingerprint("demo", "one")) == 8
