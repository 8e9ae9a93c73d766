"""Read models: folded batch by batch, and rebuilt beside the live one without anybody noticing."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from chassis import failpoints
from chassis.intake import BEHIND
from chassis.parked import retry_one
from chassis.projection import Told
from chassis.projector import Projector
from contracts.companies.department import DepartmentRenamed

pytestmark = pytest.mark.servers


@pytest.fixture
def statements(screen: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Write down every statement that is executed on the read model's table."""
    found: list[str] = []
    execute = asyncpg.Connection.execute

    async def noted(connection: Any, query: str, *args: Any, **named: Any) -> Any:
        if "INTO department_rows" in query:
            found.append(query)
        return await execute(connection, query, *args, **named)

    monkeypatch.setattr(asyncpg.Connection, "execute", noted)
    assert screen
    return found


async def test_a_batch_is_folded_and_written_in_one_statement(
    screen: Any, statements: list[str]
) -> None:
    commands = await screen.renamed(20, 2)
    await screen.fold()
    assert len(statements) == 1
    rows = await screen.rows()
    assert {row[1] for row in rows} == {f"1 {one.name}" for one in commands}
    assert {row[2] for row in rows} == {2}


@pytest.mark.parametrize("point", ["read", "applied", "moved", "committed"])
async def test_the_position_moves_with_the_rows_or_neither_does(screen: Any, point: str) -> None:
    await screen.renamed(3, 2)
    failpoints.arm(f"projector.{point}:1:raise")
    with pytest.raises(failpoints.Failure):
        await screen.fold()
    position = (await screen.state())["position"]
    assert (position, len(await screen.rows())) == ((9, 3) if point == "committed" else (0, 0))
    await screen.fold()
    assert [row[2] for row in await screen.rows()] == [2, 2, 2]


async def test_rows_without_their_position_would_be_folded_twice(screen: Any) -> None:
    await screen.renamed(3, 2)
    await screen.fold()
    await screen.bench.execute("gateway", "UPDATE projections SET position = 0")
    await screen.fold()
    assert [row[2] for row in await screen.rows()] != [2, 2, 2]


async def test_a_read_model_follows_history_at_once(screen: Any, eventually: Any) -> None:
    async with screen.bench.going(Projector(screen.site, (screen.shown,)).run()):
        await screen.renamed(2, 0)

        async def shows() -> bool:
            return len(await screen.rows()) == 2

        await eventually(shows, "two rows")
        await screen.bench.execute(
            "gateway",
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name ="
            " 'gateway:project'",
        )
        await screen.renamed(2, 0)

        async def shows_more() -> bool:
            return len(await screen.rows()) == 4

        await eventually(shows_more, "four rows, under a new leader", seconds=4)


async def test_what_cannot_be_folded_is_parked_with_what_follows_and_retried_in_order(
    screen: Any,
) -> None:
    bad = await screen.poisoned()
    shown, screen.shown = screen.shown, screen.refusing("worse")
    await screen.fold()
    assert sorted(row[1] for row in await screen.rows()) == ["bad", "best"]
    assert await screen.parked() == [(2, "ValueError: unbearable"), (4, BEHIND)]
    screen.shown = shown
    await screen.bench.happen(screen.source, screen.bench.rename(bad, "last"))
    await screen.hear()
    await screen.site.pool.execute("UPDATE parked SET retry = true")
    await screen.fold()
    while await retry_one(screen.site):
        pass
    assert sorted((row[1], row[2]) for row in await screen.rows()) == [("best", 1), ("last", 3)]
    assert await screen.parked() == []


async def test_a_row_that_is_no_more_is_taken_out(screen: Any) -> None:
    commands = await screen.renamed(3, 0)
    await screen.fold()

    def gone(row: Any, told: Told) -> Any:
        return None if isinstance(told.event, DepartmentRenamed) else screen_evolve(row, told)

    screen_evolve = screen.shown.evolve
    screen.shown = replace(screen.shown, evolve=gone)
    await screen.bench.happen(screen.source, screen.bench.rename(commands[0], "away"))
    await screen.hear()
    await screen.fold()
    assert len(await screen.rows()) == 2
    await screen.bench.build(screen.shown)
    assert len(await screen.rows()) == 2


async def test_a_reader_sees_its_own_tenant_and_nothing_without_one(
    screen: Any, tenant: str
) -> None:
    await screen.renamed(2, 0)
    await screen.bench.happen(screen.source, screen.bench.add("x", tenant=f"{tenant}-b"))
    await screen.hear()
    await screen.fold()
    assert len(await screen.rows()) == 2
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="no tenant"):
        await screen.site.reader.fetch("SELECT * FROM department_rows")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await screen.site.reader.execute("DELETE FROM department_rows")
