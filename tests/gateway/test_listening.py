"""Whoever listens hears every event once, in order, from where they left off, until they stop."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest

from chassis.edge import new_id
from chassis.site import Site
from contracts.companies.company import CompanyCreated, CompanyDetailsChanged, CompanyIdentity
from contracts.companies.department import DepartmentAdded
from contracts.companies.user import Role
from contracts.values import CompanyDetails, Sealed
from gateway.access import admin
from gateway.access.keys import Principal
from gateway.events import queries
from gateway.events.api import Stream
from gateway.events.hub import LISTENERS_MAX, QUEUED_EVENTS_MAX, Channel, Hub
from gateway.problems import Refused

pytestmark = pytest.mark.servers

SECONDS_MAX = 10


def added(name: str = "Försäljning") -> DepartmentAdded:
    return DepartmentAdded(department_id=new_id(), name=name)


def principal(tenant: Any) -> Principal:
    return Principal(tenant.name, tenant.key.split("_")[1], Role.ADMIN)


@asynccontextmanager
async def listening(
    site: Site, hub: Hub, who: Principal, after: int | None = None, only: str | None = None
) -> AsyncIterator[Any]:
    """Open a stream; yields what waits for a number of events."""
    async with aclosing(aiter(Stream(site, hub, who, after, only))) as stream:  # type: ignore[type-var]
        await anext(stream)

        async def heard(count: int) -> list[Any]:
            async with asyncio.timeout(SECONDS_MAX):
                return [await anext(stream) for _ in range(count)]

        yield heard


async def heard_or_ended(heard: Any) -> list[Any]:
    """Return the next event, or nothing where the stream has ended."""
    try:
        return list(await heard(1))
    except StopAsyncIteration:
        return []


async def let_go(hub: Hub, tenant: str) -> None:
    """Wait until nobody of a tenant is handed anything more."""
    async with asyncio.timeout(SECONDS_MAX):
        while hub._channels[tenant].listeners:  # noqa: ASYNC110, SLF001 - nobody is told of it
            await asyncio.sleep(0.01)


def names(heard: list[Any]) -> list[str]:
    return [json.loads(one.data)["data"]["name"] for one in heard]


async def test_what_was_missed_comes_first_and_then_what_happens(site: Site, ours: Any) -> None:
    await ours.hears(added("1"), added("2"))
    async with listening(site, Hub(site), principal(ours), after=0) as heard:
        missed = await heard(2)
        await ours.hears(added("3"), added("4"))
        live = await heard(2)
    assert names(missed + live) == ["1", "2", "3", "4"]
    ids = [int(one.id) for one in missed + live]
    assert ids == sorted(set(ids))
    async with listening(site, Hub(site), principal(ours), after=ids[1]) as heard:
        assert names(await heard(2)) == ["3", "4"]


async def test_events_are_cloud_events_under_their_own_names(site: Site, ours: Any) -> None:
    await ours.hears(added())
    async with listening(site, Hub(site), principal(ours), after=0) as heard:
        (one,) = await heard(1)
    document = json.loads(one.data)
    assert one.event == "DepartmentAdded"
    assert document["specversion"] == "1.0"
    assert document["type"] == "department-added.v1"
    assert document["tenant"] == ours.name


async def test_only_events_of_a_name_may_be_wanted(site: Site, ours: Any) -> None:
    identity = CompanyIdentity(country="SE")
    created = CompanyCreated(company_id=new_id(), origin="HAND", identity=identity, name="Ett")
    await ours.hears(added(), created)
    async with listening(site, Hub(site), principal(ours), after=0, only="CompanyCreated") as heard:
        assert [one.event for one in await heard(1)] == ["CompanyCreated"]


async def test_a_ciphertext_leaves_the_house_no_more_than_a_text(site: Site, ours: Any) -> None:
    company = new_id()
    email = Sealed(subject=company, text="kansli@sjovik.example")
    changed = CompanyDetailsChanged(company_id=company, details=CompanyDetails(email=email))
    await ours.hears(changed)
    async with listening(site, Hub(site), principal(ours), after=0) as heard:
        (one,) = await heard(1)
    said = json.loads(one.data)["data"]["details"]["email"]
    assert said == {"kind": "sealed", "subject": str(company)}


async def test_nobody_hears_another_tenants_events(site: Site, ours: Any, new_tenant: Any) -> None:
    theirs = await new_tenant(f"{ours.name}-b")
    hub = Hub(site)
    async with (
        listening(site, hub, principal(ours), after=0) as own,
        listening(site, hub, principal(theirs), after=0) as foreign,
    ):
        hers, his = asyncio.create_task(own(1)), asyncio.create_task(foreign(1))
        await ours.hears(added("ours"))
        await theirs.hears(added("theirs"))
        assert names(await hers) == ["ours"]
        assert names(await his) == ["theirs"]


async def test_every_listener_hears_whatever_comes_while_it_reads_on(site: Site, ours: Any) -> None:
    await ours.hears(*[added(str(n)) for n in range(queries.PAGE_EVENTS + 50)])
    hub, count = Hub(site), queries.PAGE_EVENTS + 150

    async def listen() -> list[str]:
        async with listening(site, hub, principal(ours), after=0) as heard:
            return names(await heard(count))

    listeners = [asyncio.create_task(listen()) for _ in range(3)]
    for n in range(100):
        await ours.hears(added(str(queries.PAGE_EVENTS + 50 + n)))
    for listener in listeners:
        assert await listener == [str(n) for n in range(count)]


async def test_a_listener_ahead_of_the_hub_hears_nothing_twice(site: Site, ours: Any) -> None:
    await ours.hears(added("1"), added("2"))
    hub = Hub(site)
    hub._channels[ours.name] = Channel(0)  # noqa: SLF001 - a hub that is behind
    async with listening(site, hub, principal(ours), after=0) as heard:
        first = await heard(2)
        following = asyncio.create_task(heard(1))
        await ours.hears(added("3"))
        assert names(first + await following) == ["1", "2", "3"]


async def test_a_listener_too_slow_is_let_go_and_misses_nothing(site: Site, ours: Any) -> None:
    hub = Hub(site)
    async with listening(site, hub, principal(ours), after=0) as heard:
        first = asyncio.create_task(heard(1))
        await asyncio.sleep(0)
        await ours.hears(added("0"))
        (last,) = await first
        await ours.hears(*[added(str(n + 1)) for n in range(QUEUED_EVENTS_MAX + 10)])
        await let_go(hub, ours.name)
        while more := await heard_or_ended(heard):
            last = more[0]
    async with listening(site, Hub(site), principal(ours), after=int(last.id)) as heard:
        (following,) = await heard(1)
    assert int(names([following])[0]) == int(names([last])[0]) + 1


async def test_stopping_ends_every_stream_at_once(site: Site, ours: Any) -> None:
    async with listening(site, Hub(site), principal(ours)) as heard:
        waiting = asyncio.create_task(heard(1))
        await asyncio.sleep(0)
        site.stopping.set()
        with pytest.raises(StopAsyncIteration):
            await waiting


async def test_a_revoked_key_hears_nothing_more(site: Site, ours: Any) -> None:
    hub = Hub(site)
    async with listening(site, hub, principal(ours), after=0) as heard:
        first = asyncio.create_task(heard(1))
        await ours.hears(added("heard"))
        assert names(await first) == ["heard"]
        await admin.revoke_key(site.pool, principal(ours).key_id)
        with pytest.raises(StopAsyncIteration):
            await heard(1)


async def test_one_tenant_cannot_take_all_the_room(site: Site, ours: Any) -> None:
    hub, who = Hub(site), principal(ours)
    for _ in range(LISTENERS_MAX):
        hub.check_room(ours.name)
        await hub.listening(who).__aenter__()
    with pytest.raises(Refused) as refused:
        hub.check_room(ours.name)
    assert refused.value.response().status_code == 429


async def test_what_cannot_be_listened_to_is_said_so(ours: Any) -> None:
    for query in ({"event": "Nonsense"}, {"after": "x"}):
        await ours.get("/events", status=422, **query)
    for place in ("x", "-1", "9" * 30, "²"):
        answer = await ours.client.get("/events", headers={"Last-Event-ID": place.encode()})
        assert answer.status_code == 422, place
