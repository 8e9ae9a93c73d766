"""Read models: folded batch by batch, and rebuilt beside the live one without anybody noticing."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import asyncpg
import pytest

from chassis import failpoints, projector
from chassis import rebuild as rebuilding
from chassis.intake import BEHIND
from chassis.parked import retry_one
from chassis.projection import Projection, Told
from chassis.relay import SELECT, envelope_of
from chassis.tenancy import tenant_transaction
from contracts.companies.department import DepartmentRenamed
from gateway.history import keep

pytestmark = pytest.mark.servers
ROWS = "SELECT department_id, name, renamed, seq FROM department_rows ORDER BY 1"


@dataclass
class Screen:
    """A service with a read model, its readers, and the source it is folded from."""

    bench: Any
    shown: Projection[Any]
    site: Any
    source: Any
    kept: int = 0

    async def hear(self) -> None:
        """Let history hear what the source has since it heard last."""
        rows = await self.source.pool.fetch(SELECT, self.kept, 10_000)
        envelopes = [envelope_of("companies", row) for row in rows]
        if envelopes:
            async with self.site.pool.acquire() as lent, lent.transaction():
                await keep(lent, envelopes)
            self.kept = envelopes[-1].position

    async def fold(self) -> None:
        while await projector.step(self.site, self.shown):
            pass

    async def rows(self) -> list[tuple[Any, ...]]:
        """Return what a reader of the tenant sees."""
        async with tenant_transaction(self.site.reader, self.bench.tenant) as connection:
            return [tuple(row) for row in await connection.fetch(ROWS)]

    async def renamed(self, streams: int, times: int) -> list[Any]:
        commands = await self.bench.added(self.source, streams)
        for n in range(times):
            renames = [self.bench.rename(one, f"{n} {one.name}") for one in commands]
            await self.bench.happen(self.source, *renames)
        await self.hear()
        return list(commands)

    async def tables(self) -> list[str]:
        found = await self.site.pool.fetch(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ '^department_rows_v'"
        )
        return [row["relname"] for row in found]

    async def state(self) -> Any:
        return await self.site.pool.fetchrow("SELECT * FROM projections")


@pytest.fixture
async def screen(bench: Any, keeping: Any) -> Screen:
    [shown] = keeping.projections
    screen = Screen(bench, shown, await bench.open(keeping), await bench.open())
    await bench.build()
    return screen


@pytest.fixture
def statements(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
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
    screen: Screen, statements: list[str]
) -> None:
    commands = await screen.renamed(20, 2)
    await screen.fold()
    assert len(statements) == 1
    rows = await screen.rows()
    assert {row[1] for row in rows} == {f"1 {one.name}" for one in commands}
    assert {row[2] for row in rows} == {2}


@pytest.mark.parametrize("point", ["read", "applied", "moved", "committed"])
async def test_the_position_moves_with_the_rows_or_neither_does(screen: Screen, point: str) -> None:
    await screen.renamed(3, 2)
    failpoints.arm(f"projector.{point}:1:raise")
    with pytest.raises(failpoints.Failure):
        await screen.fold()
    position = (await screen.state())["position"]
    assert (position, len(await screen.rows())) == ((9, 3) if point == "committed" else (0, 0))
    await screen.fold()
    assert [row[2] for row in await screen.rows()] == [2, 2, 2]


async def test_rows_without_their_position_would_be_folded_twice(screen: Screen) -> None:
    await screen.renamed(3, 2)
    await screen.fold()
    await screen.bench.execute("gateway", "UPDATE projections SET position = 0")
    await screen.fold()
    assert [row[2] for row in await screen.rows()] != [2, 2, 2]


async def test_a_read_model_follows_history_at_once(screen: Screen, eventually: Any) -> None:
    async with screen.bench.going(projector.project(screen.site, screen.shown)):
        await screen.renamed(2, 0)

        async def shows() -> bool:
            return len(await screen.rows()) == 2

        await eventually(shows, "two rows")
        await screen.bench.execute(
            "gateway",
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name ="
            " 'gateway:project:department_rows'",
        )
        await screen.renamed(2, 0)

        async def shows_more() -> bool:
            return len(await screen.rows()) == 4

        await eventually(shows_more, "four rows, under a new leader", seconds=4)


def refusing(shown: Projection[Any], name: str) -> Projection[Any]:
    """Return the same read model, which cannot bear a name."""

    def evolve(row: Any, told: Told) -> Any:
        if getattr(told.event, "name", None) == name:
            raise ValueError("unbearable")
        return shown.evolve(row, told)

    return replace(shown, evolve=evolve)


async def parked(screen: Screen) -> list[tuple[int, str]]:
    rows = await screen.site.pool.fetch("SELECT position, reason FROM parked ORDER BY id")
    return [(row["position"], row["reason"]) for row in rows]


async def poisoned(screen: Screen) -> Any:
    bad, good = screen.bench.add("bad"), screen.bench.add("good")
    rename = screen.bench.rename
    await screen.bench.happen(
        screen.source, bad, rename(bad, "worse"), good, rename(bad, "fine"), rename(good, "best")
    )
    await screen.hear()
    return bad


async def test_what_cannot_be_folded_is_parked_with_what_follows_and_retried_in_order(
    screen: Screen,
) -> None:
    bad = await poisoned(screen)
    shown, screen.shown = screen.shown, refusing(screen.shown, "worse")
    await screen.fold()
    assert sorted(row[1] for row in await screen.rows()) == ["bad", "best"]
    assert await parked(screen) == [(2, "ValueError: unbearable"), (4, BEHIND)]
    screen.shown = shown
    await screen.bench.happen(screen.source, screen.bench.rename(bad, "last"))
    await screen.hear()
    await screen.site.pool.execute("UPDATE parked SET retry = true")
    await screen.fold()
    while await retry_one(screen.site):
        pass
    assert sorted((row[1], row[2]) for row in await screen.rows()) == [("best", 1), ("last", 3)]
    assert await parked(screen) == []


async def test_a_rebuild_parks_what_it_cannot_fold_and_heals_what_it_can(screen: Screen) -> None:
    await poisoned(screen)
    await screen.bench.build(refusing(screen.shown, "worse"))
    assert await parked(screen) == [(2, "ValueError: unbearable"), (4, BEHIND)]
    assert sorted(row[1] for row in await screen.rows()) == ["bad", "best"]
    await screen.bench.build()
    assert await parked(screen) == []
    assert sorted(row[1] for row in await screen.rows()) == ["best", "fine"]


async def test_a_rebuilt_read_model_equals_the_live_one(screen: Screen) -> None:
    await screen.renamed(30, 3)
    await screen.fold()
    live = await screen.rows()
    before = (await screen.state())["table_name"]
    assert await screen.bench.build() == 30
    assert (await screen.state())["table_name"] != before
    assert await screen.rows() == live
    assert await screen.tables() == [(await screen.state())["table_name"]]


async def watched(screen: Screen, stop: asyncio.Event) -> list[int]:
    """Read all the while; return how many rows were seen each time."""
    counts = []
    while not stop.is_set():
        counts.append(len(await screen.rows()))
        await asyncio.sleep(0)
    return counts


async def read_while_rebuilding(screen: Screen) -> list[int]:
    """Write, fold and read while the read model is built anew, twice."""
    await screen.renamed(20, 1)
    await screen.fold()
    stop = asyncio.Event()
    reader = asyncio.create_task(watched(screen, stop))
    async with screen.bench.going(projector.project(screen.site, screen.shown)):
        for _ in range(2):
            building = asyncio.create_task(screen.bench.build())
            await screen.renamed(5, 2)
            await building
    stop.set()
    counts = await reader
    await screen.fold()
    return counts


async def test_no_reader_sees_a_read_model_empty_or_going_back_while_it_is_rebuilt(
    screen: Screen,
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
    screen: Screen, monkeypatch: pytest.MonkeyPatch
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

    monkeypatch.setattr(rebuilding, "_create", in_place)
    monkeypatch.setattr(rebuilding, "_switch", _no_switch)
    counts = await read_while_rebuilding(screen)
    with pytest.raises(AssertionError):
        assert counts == sorted(counts)


async def _no_switch(*_: Any) -> None:
    return None


@pytest.mark.parametrize("point", ["created", "filled", "switching", "switched"])
async def test_an_interrupted_rebuild_leaves_nothing_and_is_run_again(
    screen: Screen, point: str
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


async def test_two_rebuilds_at_once_do_not_hurt_each_other(screen: Screen) -> None:
    await screen.renamed(5, 1)
    await asyncio.gather(*(screen.bench.build() for _ in range(3)))
    assert len(await screen.rows()) == 5
    assert await screen.tables() == [(await screen.state())["table_name"]]


@dataclass(frozen=True, slots=True)
class LoudRow:
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
    screen: Screen,
) -> None:
    await screen.renamed(3, 1)
    await screen.fold()
    await screen.bench.build(newer(screen.shown))
    async with tenant_transaction(screen.site.reader, screen.bench.tenant) as connection:
        rows = await connection.fetch("SELECT * FROM department_rows")
    assert [set(row.keys()) for row in rows] == [{"tenant_id", "department_id", "shouted"}] * 3
    assert (await screen.state())["version"] == 2


async def test_an_older_process_leaves_a_newer_read_model_alone(screen: Screen) -> None:
    await screen.bench.build(newer(screen.shown))
    await screen.renamed(3, 1)
    with pytest.raises(ConnectionError, match="not built"):
        await screen.fold()
    assert await parked(screen) == []
    screen.shown = newer(screen.shown)
    await screen.fold()
    assert await screen.site.pool.fetchval("SELECT count(*) FROM department_rows") == 3


async def test_a_row_that_is_no_more_is_taken_out(screen: Screen) -> None:
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
    screen: Screen, tenant: str
) -> None:
    await screen.renamed(2, 0)
    await screen.bench.happen(screen.source, screen.bench.add("x", tenant=f"{tenant}-b"))
    await screen.hear()
    await screen.fold()
    assert len(await screen.rows()) == 2
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="no tenant"):
        await screen.site.reader.fetch(ROWS)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await screen.site.reader.execute("DELETE FROM department_rows")
