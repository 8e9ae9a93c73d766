"""A read model built anew: nobody notices, and whatever interrupts it leaves nothing behind."""

import asyncio
from dataclasses import replace
from typing import Any, NamedTuple

import pytest

from chassis import applying, failpoints, folding
from chassis import rebuild as rebuilding
from chassis.applying import HISTORY
from chassis.intake import BEHIND
from chassis.projection import Projection, Told
from chassis.projector import Projector
from chassis.tenancy import tenant_transaction

pytestmark = pytest.mark.servers


async def test_a_rebuild_parks_what_it_cannot_fold_and_heals_what_it_can(screen: Any) -> None:
    await screen.poisoned()
    await screen.bench.build(screen.refusing("worse"))
    assert await screen.parked() == [(2, "ValueError: unbearable"), (4, BEHIND)]
    assert sorted(row[1] for row in await screen.rows()) == ["bad", "best"]
    await screen.bench.build()
    assert await screen.parked() == []
    assert sorted(row[1] for row in await screen.rows()) == ["best", "fine"]


async def test_a_rebuilt_read_model_equals_the_live_one(screen: Any) -> None:
    await screen.renamed(30, 3)
    await screen.fold()
    live = await screen.rows()
    before = (await screen.state())["table_name"]
    assert await screen.bench.build() == 30
    assert (await screen.state())["table_name"] != before
    assert await screen.rows() == live
    assert await screen.tables() == [(await screen.state())["table_name"]]


async def test_a_rebuild_parks_what_cannot_be_folded_and_takes_it_up_again(screen: Any) -> None:
    await screen.poisoned()
    await screen.renamed(30, 3)
    await screen.fold()
    live = await screen.rows()
    assert await screen.bench.build() == 32
    assert await screen.rows() == live
    for _ in range(2):
        await screen.bench.build(screen.refusing("worse"))
        assert await screen.parked() == [(2, "ValueError: unbearable"), (4, BEHIND)]
    await screen.bench.build()
    assert await screen.parked() == []


async def watched(screen: Any, stop: asyncio.Event) -> list[int]:
    """Read all the while; return how many rows were seen each time."""
    counts = []
    while not stop.is_set():
        counts.append(len(await screen.rows()))
        await asyncio.sleep(0)
    return counts


async def read_while_rebuilding(screen: Any) -> list[int]:
    """Write, fold and read while the read model is built anew, twice."""
    await screen.renamed(20, 1)
    await screen.fold()
    stop = asyncio.Event()
    reader = asyncio.create_task(watched(screen, stop))
    async with screen.bench.going(Projector(screen.site, (screen.shown,)).run()):
        for _ in range(2):
            building = asyncio.create_task(screen.bench.build())
            await screen.renamed(5, 2)
            await building
    stop.set()
    counts = await reader
    await screen.fold()
    return counts


async def test_no_reader_sees_a_read_model_empty_or_going_back_while_it_is_rebuilt(
    screen: Any,
) -> None:
    counts = await read_while_rebuilding(screen)
    assert len(counts) > 10
    assert counts == sorted(counts)
    assert counts[0] == 20
    live = await screen.rows()
    await screen.bench.build()
    assert await screen.rows() == live
    assert len(live) == 30


async def test_a_rebuild_in_place_would_be_seen(
    screen: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def in_place(connection: Any, projection: Any) -> str:
        name = await connection.fetchval(
            "SELECT table_name FROM projections WHERE name = $1", projection.name
        )
        await connection.execute('SET ROLE "bench_gateway"')
        await connection.execute(f"DELETE FROM {name}")
        await asyncio.sleep(0.1)
        await connection.execute('SET ROLE "bench_owner"')
        return str(name)

    async def fill(connection: Any, projection: Any, table: Any, upto: int, _roles: Any) -> Any:
        await connection.execute('SET ROLE "bench_gateway"')
        history = await connection.fetch(HISTORY, 0, upto)
        await applying.fold_into(connection, projection, table, history)
        await connection.execute('SET ROLE "bench_owner"')
        return folding.Filled()

    monkeypatch.setattr(rebuilding, "_create", in_place)
    monkeypatch.setattr(rebuilding, "fill", fill)
    monkeypatch.setattr(rebuilding, "_open", _nothing)
    monkeypatch.setattr(rebuilding, "_switch", _nothing)
    counts = await read_while_rebuilding(screen)
    with pytest.raises(AssertionError):
        assert counts == sorted(counts)


async def _nothing(*_: Any) -> None:
    return None


@pytest.mark.parametrize("point", ["created", "filled", "switching", "switched"])
async def test_an_interrupted_rebuild_leaves_nothing_and_is_run_again(
    screen: Any, point: str
) -> None:
    await screen.renamed(5, 1)
    await screen.fold()
    live = await screen.rows()
    failpoints.arm(f"rebuild.{point}:1:raise")
    with pytest.raises(failpoints.Failure):
        await screen.bench.build()
    assert await screen.rows() == live
    await screen.renamed(1, 0)
    await screen.fold()
    await screen.bench.build()
    assert len(await screen.rows()) == 6
    assert await screen.tables() == [(await screen.state())["table_name"]]


async def test_signs_that_copy_reads_otherwise_stand_in_a_rebuilt_row_as_they_were(
    screen: Any,
) -> None:
    names = ["back\\slash \\N", "a\ttab", "two\nlines\r\n", "\\.", "{“å”}"]
    for name in names:
        row = screen.shown.row("id", name, 0, 1)
        assert folding.line("t", row).count("\n") == 1
    await screen.bench.happen(screen.source, *(screen.bench.add(name) for name in names[3:]))
    await screen.hear()
    await screen.fold()
    live = await screen.rows()
    await screen.bench.build()
    assert await screen.rows() == live


async def test_a_rebuilt_read_model_is_as_protected_as_the_first(screen: Any) -> None:
    await screen.renamed(2, 0)
    await screen.bench.build()
    table = (await screen.state())["table_name"]
    found = await screen.site.pool.fetchrow(
        "SELECT relrowsecurity AND relforcerowsecurity AS forced,"
        " (SELECT count(*) FROM pg_policies WHERE tablename = relname) AS policies"
        " FROM pg_class WHERE relname = $1",
        table,
    )
    assert (found["forced"], found["policies"]) == (True, 2)
    assert len(await screen.rows()) == 2


async def test_two_rebuilds_at_once_do_not_hurt_each_other(screen: Any) -> None:
    await screen.renamed(5, 1)
    await asyncio.gather(*(screen.bench.build() for _ in range(3)))
    assert len(await screen.rows()) == 5
    assert await screen.tables() == [(await screen.state())["table_name"]]


class LoudRow(NamedTuple):
    department_id: str
    shouted: str


def shout(_row: LoudRow | None, told: Told) -> LoudRow | None:
    event: Any = told.event
    return LoudRow(str(event.department_id), event.name.upper())


def newer(shown: Projection[Any]) -> Projection[Any]:
    """Return the read model's next version, which has other columns."""
    sql = "CREATE TABLE {table} (tenant_id text NOT NULL, department_id uuid NOT NULL,"
    sql += " shouted text NOT NULL, PRIMARY KEY (tenant_id, department_id))"
    return replace(shown, version=2, row=LoudRow, table_sql=sql, evolve=shout)


async def test_another_version_with_other_columns_is_built_and_switched_to(
    screen: Any,
) -> None:
    await screen.renamed(3, 1)
    await screen.fold()
    await screen.bench.build(newer(screen.shown))
    async with tenant_transaction(screen.site.reader, screen.bench.tenant) as connection:
        rows = await connection.fetch("SELECT * FROM department_rows")
    assert [set(row.keys()) for row in rows] == [{"tenant_id", "department_id", "shouted"}] * 3
    assert (await screen.state())["version"] == 2


async def test_an_older_process_leaves_a_newer_read_model_alone(screen: Any) -> None:
    await screen.bench.build(newer(screen.shown))
    await screen.renamed(3, 1)
    await screen.fold()
    assert ((await screen.state())["position"], await screen.parked()) == (0, [])
    screen.shown = newer(screen.shown)
    await screen.fold()
    assert await screen.site.pool.fetchval("SELECT count(*) FROM department_rows") == 3
