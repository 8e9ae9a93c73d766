"""History keeps each event once, in one gapless order, and shows a tenant its own."""

import asyncio
from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from chassis.edge import new_id
from chassis.site import Site
from chassis.tenancy import tenant_transaction
from contracts.companies.department import DepartmentAdded
from contracts.envelope import Envelope
from gateway.history import keep

pytestmark = pytest.mark.servers


def added(name: str = "Försäljning") -> DepartmentAdded:
    return DepartmentAdded(department_id=new_id(), name=name)


async def keep_all(site: Site, envelopes: list[Envelope]) -> None:
    async with site.pool.acquire() as connection, connection.transaction():
        await keep(connection, envelopes)  # type: ignore[arg-type]


async def places(site: Site, tenant: str) -> list[tuple[int, int]]:
    async with tenant_transaction(site.reader, tenant) as connection:
        rows = await connection.fetch("SELECT seq, position FROM history ORDER BY seq")
    return [(row["seq"], row["position"]) for row in rows]


async def test_a_batch_is_kept_in_order_and_once(site: Site, ours: Any) -> None:
    kept = await ours.hears(added(), added(), added())
    before = await places(site, ours.name)
    assert [position for _, position in before] == [1, 2, 3]
    await keep_all(site, [*kept, *kept])
    assert await places(site, ours.name) == before


async def test_an_event_twice_in_one_batch_is_kept_once(site: Site, ours: Any) -> None:
    (one,) = await ours.hears(added())
    later = replace(one, id=new_id(), position=2, version=2)
    await keep_all(site, [later, later])
    assert [position for _, position in await places(site, ours.name)] == [1, 2]


async def test_places_have_no_gaps_whoever_keeps_and_whoever_gives_up(
    site: Site, ours: Any
) -> None:
    (one,) = await ours.hears(added())
    others = [replace(one, id=new_id(), position=n, version=n) for n in range(2, 42)]

    async def one_by_one(envelopes: list[Envelope]) -> None:
        for envelope in envelopes:
            await keep_all(site, [envelope])

    async def given_up() -> None:
        async with site.pool.acquire() as connection:
            transaction = connection.transaction()
            await transaction.start()
            await keep(connection, [replace(one, id=new_id(), position=99)])  # type: ignore[arg-type]
            await transaction.rollback()

    # All of them at once, some of them twice.
    await asyncio.gather(one_by_one(others[:30]), one_by_one(others[10:]), given_up(), given_up())
    seqs = [seq for seq, _ in await places(site, ours.name)]
    assert len(seqs) == 41
    assert seqs == list(range(seqs[0], seqs[0] + 41))
    head = await site.pool.fetchval("SELECT seq FROM history_head")
    assert head == await site.pool.fetchval("SELECT max(seq) FROM history")


async def test_what_was_heard_is_never_changed(site: Site, ours: Any) -> None:
    await ours.hears(added())
    for statement in ("UPDATE history SET by = 'system:x'", "DELETE FROM history"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await site.pool.execute(statement)


async def test_a_tenant_sees_its_own_history_only(site: Site, ours: Any, new_tenant: Any) -> None:
    theirs = await new_tenant(f"{ours.name}-b")
    await ours.hears(added())
    assert len(await places(site, ours.name)) == 1
    assert await places(site, theirs.name) == []
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await site.reader.fetch("SELECT * FROM history")
