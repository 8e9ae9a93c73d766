"""What protects the feeds and the look-ups taken away, one at a time: each is missed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import replace
from typing import Any

import pytest
from following import Office

from chassis.breaker import FAILURES_MAX
from enrichment import feed, telling
from enrichment.sample.company import Sampled
from enrichment.sources import brreg_wire
from enrichment.sources.brreg import Brreg
from enrichment.sources.port import Changes, Place, Unavailable
from standins.testing import StandIn

pytestmark = pytest.mark.servers


@pytest.fixture
def companies(norwegian: list[Sampled]) -> list[Sampled]:
    """Return companies that the other tests leave alone."""
    return [one for one in norwegian if not one.units and not one.deregistered_on]


async def named_after_a_put_back_feed(office: Office, number: str) -> list[str]:
    """Read a feed, put it back, change something; return the names that were told."""
    company = await office.company(number)
    office.registries.control("POST", f"feed/enheter/{number}/6")
    await office.read()
    office.registries.control("POST", "feed/enheter/back/5")
    office.change(number, set={"navn": "ETTER GJENOPPRETTING AS"})
    await office.read()
    return [event.facts.details.name for event in await office.told(company)]


async def test_a_put_back_feed_is_noticed(office: Office, companies: list[Sampled]) -> None:
    told = await named_after_a_put_back_feed(office, companies[0].number)
    assert told[-1] == "ETTER GJENOPPRETTING AS"


@pytest.mark.faults
async def test_not_looking_for_the_last_entry_its_changes_would_be_lost(
    office: Office, companies: list[Sampled], monkeypatch: pytest.MonkeyPatch
) -> None:
    looking = brreg_wire.changes_of

    def trusting(page: brreg_wire.Page, after: Place) -> Changes:
        found = looking(page, replace(after, id=None))
        later = [one for one in found.entries if one.id > (after.id or 0)]
        place = Place(later[-1].at, later[-1].id) if later else after
        return Changes(later, place, 0)

    monkeypatch.setattr(brreg_wire, "changes_of", trusting)
    told = await named_after_a_put_back_feed(office, companies[1].number)
    assert "ETTER GJENOPPRETTING AS" not in told


class Together(Brreg):
    """A source that answers two readers at the same moment."""

    def __init__(self, brreg: Brreg) -> None:
        super().__init__(brreg._calls)  # noqa: SLF001 - it is the same source
        self._both = asyncio.Barrier(2)

    async def changes(self, feed: str, after: Place, limit: int) -> Changes:
        """Answer when both have asked."""
        found = await super().changes(feed, after, limit)
        await self._both.wait()
        return found


async def counted_by_two(office: Office, number: str) -> int:
    """Let two readers read one entry; return how many entries that was."""
    count = "SELECT entries FROM feed_positions WHERE source = 'brreg' AND feed = 'enheter'"
    before = await office.site.pool.fetchval(count)
    office.change(number, set={"navn": "LEST AV TO AS"})
    both = replace(office, brreg=Together(office.brreg))
    readers = [both.feed("enheter").read() for _ in range(2)]
    await asyncio.gather(*readers, return_exceptions=True)
    return int(await office.site.pool.fetchval(count) - before)


async def test_of_two_readers_one_moves_the_feed(office: Office, companies: list[Sampled]) -> None:
    assert await counted_by_two(office, companies[2].number) == 1


@pytest.mark.faults
async def test_without_comparing_positions_both_would(
    office: Office, companies: list[Sampled], monkeypatch: pytest.MonkeyPatch
) -> None:
    compared = "AND at = $3 AND id IS NOT DISTINCT FROM $4"
    assert compared in feed.KEEP
    blind = feed.KEEP.replace(compared, "AND ($3::timestamptz, $4::bigint) IS NOT NULL OR true")
    monkeypatch.setattr(feed, "KEEP", blind)
    assert await counted_by_two(office, companies[3].number) == 2


class Piecemeal:
    """A pool whose transactions are none."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pool, name)

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[Any]:
        """Lend a connection that commits each statement by itself."""
        async with self._pool.acquire() as connection:

            class Lent:
                def __getattr__(self, name: str) -> Any:
                    return getattr(connection, name)

                def transaction(self) -> Any:
                    return nullcontext()

            yield Lent()


async def told_though_telling_failed_once(
    office: Office, number: str, monkeypatch: pytest.MonkeyPatch
) -> int:
    """Fail before anything is told, and read again; return how often it was told."""
    company = await office.company(number)
    office.change(number, set={"navn": "ENTEN ELLER AS"})
    telling_as_ever, failures = telling.decide, [ConnectionError()]

    async def failing(*about: Any) -> None:
        if failures:
            raise failures.pop()
        await telling_as_ever(*about)

    monkeypatch.setattr(telling, "decide", failing)
    with pytest.raises(ConnectionError):
        await office.read()
    await office.read()
    return len(await office.told(company))


async def test_what_is_told_is_kept_with_how_far_we_are(
    office: Office, companies: list[Sampled], monkeypatch: pytest.MonkeyPatch
) -> None:
    number = companies[4].number
    assert await told_though_telling_failed_once(office, number, monkeypatch) == 1


@pytest.mark.faults
async def test_kept_apart_it_would_be_lost(
    office: Office, companies: list[Sampled], monkeypatch: pytest.MonkeyPatch
) -> None:
    piecemeal: Any = Piecemeal(office.site.pool)
    apart = replace(office, site=replace(office.site, pool=piecemeal))
    number = companies[5].number
    assert await told_though_telling_failed_once(apart, number, monkeypatch) == 0


@pytest.mark.faults
async def test_without_a_breaker_a_failing_source_would_be_asked_for_ever(
    brreg: Brreg, registries: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis.breaker.FAILURES_MAX", 1_000)
    registries.control("POST", "faults", {"status": 500, "times": None})
    for _ in range(FAILURES_MAX + 3):
        with pytest.raises(Unavailable):
            await brreg.look_up("NO", "974760673", hurry=True)
    assert len(registries.control("GET", "calls")) == FAILURES_MAX + 3
