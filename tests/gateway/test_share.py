"""A tenant that asks too much at once is told to wait; the others find room."""

import asyncio
from collections import Counter
from contextlib import nullcontext
from typing import Any

import pytest

from chassis import tenancy
from chassis.edge import new_id
from contracts.companies.department import DepartmentAdded
from gateway import reading, share
from gateway.share import Shares

pytestmark = pytest.mark.servers

NOISE = 60


async def made_noise(ours: Any, theirs: Any) -> tuple[Counter[int], Counter[int], list[Any]]:
    """Let one tenant ask much at once and another a little; count their answers."""
    noise = [asyncio.create_task(ours.client.get("/departments")) for _ in range(NOISE)]
    others = [asyncio.create_task(theirs.client.get("/departments")) for _ in range(3)]
    loud, quiet = await asyncio.gather(*noise), await asyncio.gather(*others)
    return (
        Counter(answer.status_code for answer in loud),
        Counter(answer.status_code for answer in quiet),
        [answer for answer in loud if answer.status_code == 429],
    )


@pytest.mark.parametrize("limit", ["IN_LINE_MAX", "IN_LINE_SECONDS_MAX"])
async def test_a_noisy_tenant_is_told_to_wait_and_the_others_are_not(
    ours: Any, new_tenant: Any, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(share, "REQUESTS_MAX", 5)
    monkeypatch.setattr(share, limit, 0)
    theirs = await new_tenant(f"{ours.name}-b")
    loud, quiet, refused = await made_noise(ours, theirs)
    assert set(loud) == {200, 429}
    assert quiet == {200: 3}
    assert refused[0].headers["Retry-After"] == "1"
    assert refused[0].json()["code"] == "too-many-requests"
    assert (await ours.client.get("/departments")).status_code == 200


async def test_many_typists_of_one_tenant_wait_for_their_turn_and_are_answered(
    ours: Any, new_tenant: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(share, "REQUESTS_MAX", 5)
    monkeypatch.setattr(share, "IN_LINE_SECONDS_MAX", 60)
    loud, quiet, _ = await made_noise(ours, await new_tenant(f"{ours.name}-b"))
    assert (loud, quiet) == ({200: NOISE}, {200: 3})


async def test_without_a_share_nothing_would_hold_a_noisy_tenant_back(
    ours: Any, new_tenant: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(share, "REQUESTS_MAX", 5)
    monkeypatch.setattr(Shares, "taken", lambda *_: nullcontext())
    loud, *_ = await made_noise(ours, await new_tenant(f"{ours.name}-b"))
    assert loud == {200: NOISE}


async def raced(ours: Any, theirs: Any) -> list[tuple[bool, bool]]:
    """Read as two tenants at once over a pool of one; say who saw their own, who the other's."""
    canaries = [f"canary{new_id().hex[-10:]}" for _ in range(2)]
    for tenant, canary in zip((ours, theirs), canaries, strict=True):
        await tenant.hears(DepartmentAdded(department_id=new_id(), name=canary))
    pairs = [(ours, *canaries), (theirs, *canaries[::-1])]
    answers = await asyncio.gather(
        *(tenant.client.get("/departments") for _ in range(40) for tenant, *_ in pairs)
    )
    return [
        (pairs[n % 2][1] in answer.text, pairs[n % 2][2] in answer.text)
        for n, answer in enumerate(answers)
    ]


async def test_on_one_pooled_connection_each_tenant_sees_its_own_alone(
    ours: Any, new_tenant: Any
) -> None:
    theirs = await new_tenant(f"{ours.name}-b")
    held = [await ours.site.reader.acquire() for _ in range(ours.site.reader.get_max_size() - 1)]
    try:
        assert set(await raced(ours, theirs)) == {(True, False)}
    finally:
        for connection in held:
            await ours.site.reader.release(connection)


async def test_with_the_tenant_of_whoever_came_before_the_mix_up_would_be_seen(
    ours: Any, new_tenant: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = await new_tenant(f"{ours.name}-b")
    before = [ours.name]

    def mixed_up(pool: Any, tenant: str) -> Any:
        found = tenancy.tenant_reading(pool, before[0])
        before[0] = tenant
        return found

    monkeypatch.setattr(reading, "tenant_reading", mixed_up)
    assert set(await raced(ours, theirs)) != {(True, False)}
