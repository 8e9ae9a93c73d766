"""Who is there: answered by what was committed, before anybody has heard of it."""

from types import SimpleNamespace
from uuid import UUID

import pytest

from chassis.edge import new_id
from chassis.streams import MemoryStreams, Stream
from companies.references import on_find
from contracts.companies.department import DepartmentAdded
from contracts.companies.references import FindReferences, FoundReferences
from contracts.companies.user import UserAdded, UserChanged
from contracts.examples import example

USER, PLACE = example(UserAdded), example(DepartmentAdded)


@pytest.fixture
def streams() -> MemoryStreams:
    kept = MemoryStreams()
    kept.events[Stream("demo", "user", USER.user_id)] = [USER]
    kept.events[Stream("demo", "department", PLACE.department_id)] = [PLACE]
    return kept


async def found(streams: MemoryStreams, tenant: str = "demo", *more: UUID) -> FoundReferences:
    asked = FindReferences(
        tenant=tenant, users=(USER.user_id, *more), departments=(PLACE.department_id, *more)
    )
    return await on_find(asked, SimpleNamespace(streams=streams))


async def test_those_are_found_that_there_are(streams: MemoryStreams) -> None:
    expected = FoundReferences(users=(USER.user_id,), departments=(PLACE.department_id,))
    assert await found(streams, "demo", new_id()) == expected


async def test_another_tenants_are_not(streams: MemoryStreams) -> None:
    assert await found(streams, "other") == FoundReferences()


async def test_a_user_who_is_let_in_no_more_is_not(streams: MemoryStreams) -> None:
    changed = UserChanged(user_id=USER.user_id, active=False)
    streams.events[Stream("demo", "user", USER.user_id)].append(changed)
    assert (await found(streams)).users == ()
