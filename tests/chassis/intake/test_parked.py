"""What cannot be taken in is put aside with its reason, and taken up again in order."""

import asyncio
from typing import Any

import pytest

from chassis import parked
from chassis.intake import BEHIND
from chassis.parked import retry_one
from chassis.reaction import Happened, Reaction
from chassis.service import Service
from contracts.companies.department import DepartmentAdded

pytestmark = pytest.mark.servers


async def test_poison_is_parked_with_its_reason_and_what_follows_in_its_stream(
    reader: Any,
) -> None:
    await reader.poisoned()
    assert await reader.take(*await reader.incoming()) == [True] * 5
    assert await reader.heard() == ["bad", "good", "good 2"]
    assert await reader.parked() == [(3, "ValueError: cannot bear bad 2"), (5, BEHIND)]
    assert await reader.checkpoint() == 5


async def test_what_is_parked_is_taken_up_again_in_order_and_what_came_since_after_it(
    reader: Any,
) -> None:
    bad = await reader.poisoned()
    await reader.take(*await reader.incoming())
    await reader.ask_retry()
    assert await reader.parked() == [(3, "ValueError: cannot bear bad 2"), (5, BEHIND)]
    reader.refuses = set()
    await reader.bench.happen(reader.source, reader.bench.rename(bad, "bad 4"))
    await reader.site.pool.execute("UPDATE parked SET retry = true WHERE position = 3")
    await reader.take(*await reader.incoming())
    while await retry_one(reader.site):
        pass
    assert await reader.heard() == ["bad", "good", "good 2", "bad 2", "bad 3", "bad 4"]
    assert await reader.parked() == []


async def retried_by_two(reader: Any) -> list[str]:
    """Let two replicas take up again, at the same time, what one stream has parked."""
    added = reader.bench.add("0")
    later = [reader.bench.rename(added, f"{n}") for n in range(1, 10)]
    await reader.bench.happen(reader.source, added, *later)
    reader.refuses = {"0"}
    await reader.take(*await reader.incoming())
    reader.refuses, reader.pause = set(), 0.02
    await reader.site.pool.execute("UPDATE parked SET retry = true")
    replica = await reader.bench.open(reader.site.service)

    async def retry(site: Any) -> None:
        while await retry_one(site):
            pass

    await asyncio.gather(retry(reader.site), retry(replica))
    return await reader.heard()


async def test_two_replicas_take_up_what_is_parked_in_order(reader: Any) -> None:
    assert await retried_by_two(reader) == [f"{n}" for n in range(10)]


async def test_without_holding_the_checkpoint_two_replicas_would_trip_over_each_other(
    reader: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def held_by_nobody(*_: Any) -> None:
        return None

    monkeypatch.setattr(parked, "_hold", held_by_nobody)
    assert await retried_by_two(reader) != [f"{n}" for n in range(10)]


async def test_a_reason_never_holds_the_values_it_is_about(reader: Any) -> None:
    async def refuse(_: Happened) -> None:
        DepartmentAdded.model_validate({"department_id": "canary-4711", "name": "canary-4712"})

    reader.site.service = Service(
        "credit-monitor", reactions=(Reaction("refuse", (DepartmentAdded,), refuse),)
    )
    await reader.bench.added(reader.source, 1)
    await reader.take(*await reader.incoming())
    [(_, reason)] = await reader.parked()
    assert reason.startswith("ValidationError: department_id: ")
    assert "canary" not in reason
