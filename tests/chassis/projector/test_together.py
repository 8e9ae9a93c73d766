"""Several read models follow history together, and none holds another up."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from chassis import failpoints
from chassis.intake import BEHIND
from chassis.projection import Projection
from chassis.projector import Projector

pytestmark = pytest.mark.servers


@pytest.fixture
async def second(screen: Any) -> Projection[Any]:
    """Build another read model of the same events."""
    projection: Projection[Any] = replace(screen.shown, name="department_twins")
    await screen.bench.build(projection)
    return projection


async def places(screen: Any) -> dict[str, int]:
    rows = await screen.site.pool.fetch("SELECT name, position FROM projections")
    return {row["name"]: row["position"] for row in rows}


async def caught_up(projector: Projector) -> None:
    while await projector.step():
        pass


async def test_they_move_in_one_commit_or_not_at_all(screen: Any, second: Projection[Any]) -> None:
    await screen.renamed(3, 1)
    projector = Projector(screen.site, (screen.shown, second))
    failpoints.arm("projector.moved:1:raise")
    with pytest.raises(failpoints.Failure):
        await projector.step()
    assert await places(screen) == {"department_rows": 0, "department_twins": 0}
    await caught_up(projector)
    assert await places(screen) == {"department_rows": 6, "department_twins": 6}


async def test_what_one_cannot_fold_the_other_shows(screen: Any, second: Projection[Any]) -> None:
    await screen.poisoned()
    await caught_up(Projector(screen.site, (screen.refusing("worse"), second)))
    assert sorted(row[1] for row in await screen.rows()) == ["bad", "best"]
    assert await screen.parked() == [(2, "ValueError: unbearable"), (4, BEHIND)]
    rows = await screen.site.pool.fetch("SELECT name FROM department_twins")
    assert sorted(row["name"] for row in rows) == ["best", "fine"]
    assert len(set((await places(screen)).values())) == 1


async def test_one_that_is_held_is_left_for_the_next_time(
    screen: Any, second: Projection[Any]
) -> None:
    await screen.renamed(3, 0)
    projector = Projector(screen.site, (screen.shown, second))
    async with screen.site.pool.acquire() as other, other.transaction():
        await other.execute("SELECT FROM projections WHERE name = $1 FOR UPDATE", second.name)
        async with asyncio.timeout(5):
            await caught_up(projector)
        assert await places(screen) == {"department_rows": 3, "department_twins": 0}
    await caught_up(projector)
    assert await places(screen) == {"department_rows": 3, "department_twins": 3}


async def test_one_that_is_behind_catches_up_and_the_others_fold_nothing_twice(
    screen: Any, second: Projection[Any]
) -> None:
    await screen.renamed(2, 2)
    await caught_up(Projector(screen.site, (screen.shown,)))
    await screen.renamed(1, 1)
    await caught_up(Projector(screen.site, (screen.shown, second)))
    assert sorted(row[2] for row in await screen.rows()) == [1, 2, 2]
    rows = await screen.site.pool.fetch("SELECT renamed FROM department_twins")
    assert sorted(row["renamed"] for row in rows) == [1, 2, 2]


async def test_one_of_another_version_is_not_folded_into_and_the_others_are(
    screen: Any, second: Projection[Any]
) -> None:
    await screen.renamed(2, 0)
    newer = replace(second, version=second.version + 1)
    await caught_up(Projector(screen.site, (screen.shown, newer)))
    assert await places(screen) == {"department_rows": 2, "department_twins": 0}
    assert await screen.parked() == []
