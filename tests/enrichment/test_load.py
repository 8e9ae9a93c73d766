"""A registry is loaded beside the one that is read, which is then switched, or stays."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib.resources import files as resources
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest
from typer.testing import CliRunner

from chassis import failpoints
from chassis.failpoints import Failure
from chassis.migrate import with_database
from contracts.enrichment import SearchRegistry
from enrichment.app import service
from enrichment.commands import app
from enrichment.formats.listing import FileBroken
from enrichment.load import LoadRefused, edition_of, editions, load
from enrichment.registry import look_up
from enrichment.sample.company import AS_OF, Sampled, companies
from enrichment.sample.files import write_sample
from enrichment.search import search
from enrichment.under_way import Telling, put_down
from onebox.testing import Servers

pytestmark = pytest.mark.servers

ROWS = 90
TABLES = 11
"""Five that stay, and the six of the set that is read."""
LONG = partial(pytest.param, marks=pytest.mark.faults)
STEPS_BEFORE = [
    *("rows-copied:2", "step-built:5", "sources-noted"),
    *map(LONG, ("set-begun", "file-copied:3", "step-built:1", "step-built:14", "set-filled")),
]
STEPS_AFTER = ["set-shown", LONG("sets-swept")]


@dataclass(frozen=True)
class Registry:
    """An empty registry of a test's own, and a connection as those who read it have."""

    url: str
    reader: Any

    async def numbers(self) -> set[str]:
        rows = await self.reader.fetch("SELECT number FROM registry.entries WHERE parent IS NULL")
        return {row["number"] for row in rows}

    async def tables(self) -> list[str]:
        rows = await self.reader.fetch(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'registry' ORDER BY tablename"
        )
        return [row["tablename"] for row in rows]


@pytest.fixture
async def registry(servers: Servers) -> AsyncIterator[Registry]:
    """Copy the service's tables to a database of their own."""
    await servers.install("load", service)
    url = await servers.copied("load", service)
    reader = await asyncpg.connect(url)
    yield Registry(url, reader)
    await reader.close()


@pytest.fixture
async def small(tmp_path: Path) -> list[Path]:
    """Write two small samples' first."""
    return write_sample(tmp_path / "one", 1, ROWS)


@pytest.fixture
async def other(tmp_path: Path) -> list[Path]:
    """Write another."""
    return write_sample(tmp_path / "two", 2, ROWS)


def numbers_of(seed: int) -> set[str]:
    sampled: list[Sampled] = [*companies(seed, "SE", 60), *companies(seed, "NO", 30)]
    return {one.number for one in sampled}


async def test_a_registry_is_empty_until_one_is_loaded(registry: Registry) -> None:
    assert await registry.numbers() == set()
    assert await editions(registry.url) == set()


async def test_until_the_first_load_is_done_a_question_is_told_how_far_it_is(
    registry: Registry, small: list[Path]
) -> None:
    asked = SearchRegistry(tenant="t1", q="bygg")
    async with asyncio.timeout(10), put_down(registry.url, "reading", 200) as state:
        state.more(50)
        told = None
        while not told or told.percent != 25:
            told = (await search(registry.reader, asked)).loading
            await asyncio.sleep(0.02)
        assert told.doing == "reading"
    assert (await search(registry.reader, asked)).loading is None
    await load(registry.url, small, "one", AS_OF)
    async with put_down(registry.url, "reading", 200):
        nothing = await search(registry.reader, SearchRegistry(tenant="t1", q="xqzw"))
        assert nothing.loading is None


async def test_what_was_loaded_is_read(registry: Registry, small: list[Path]) -> None:
    loaded = await load(registry.url, small, "one", AS_OF)
    assert loaded.entries == ROWS
    assert loaded.units == await registry.reader.fetchval(
        "SELECT count(parent) FROM registry.entries"
    )
    assert loaded.skipped == {}
    assert await registry.numbers() == numbers_of(1)
    assert await editions(registry.url) == {"one"}


async def test_another_edition_takes_its_place_and_its_tables_go(
    registry: Registry, small: list[Path], other: list[Path]
) -> None:
    await load(registry.url, small, "one", AS_OF)
    await load(registry.url, other, "two", AS_OF)
    assert await registry.numbers() == numbers_of(2)
    assert await editions(registry.url) == {"two"}
    assert len(await registry.tables()) == TABLES


async def test_files_of_one_country_leave_the_others_as_they_are(
    registry: Registry, small: list[Path], other: list[Path]
) -> None:
    await load(registry.url, small, "one", AS_OF)
    units = "SELECT number, parent, name, active FROM registry.entries WHERE country = 'SE'"
    before = await registry.reader.fetch(units)
    await load(registry.url, [file for file in other if file.name.endswith(".gz")], "two", AS_OF)
    swedish = {one.number for one in companies(1, "SE", 60)}
    norwegian = {one.number for one in companies(2, "NO", 30)}
    assert await registry.numbers() == swedish | norwegian
    assert sorted(await registry.reader.fetch(units)) == sorted(before)
    assert await editions(registry.url) == {"one", "two"}


async def test_files_say_together_what_none_says_alone(
    registry: Registry, small: list[Path]
) -> None:
    await load(registry.url, list(reversed(small)), "one", AS_OF)
    one = next(one for one in companies(1, "SE", 60) if one.form == "HB")
    entry = await look_up(registry.reader, "SE", one.number)
    assert entry.facts
    details = entry.facts.details
    # 31 is what SCB calls both HB and KB; Bolagsverket knows which, SCB where.
    assert details.legal_form
    assert details.legal_form.code == "HB"
    assert details.municipality
    assert details.municipality.code == one.place.code
    assert details.industries
    assert details.industries[0].text == one.trade.text
    said = {name: source.registry for name, source in entry.sources.items()}
    assert (said["legal_form"], said["municipality"]) == ("bolagsverket", "scb")
    assert {source.as_of for source in entry.sources.values()} == {AS_OF}


@pytest.mark.parametrize("step", STEPS_BEFORE)
async def test_a_load_interrupted_before_the_switch_changes_nothing(
    registry: Registry, small: list[Path], other: list[Path], step: str
) -> None:
    await load(registry.url, small, "one", AS_OF)
    await interrupted(registry, other, step)
    assert await registry.numbers() == numbers_of(1)
    assert await editions(registry.url) == {"one"}
    await finished_afterwards(registry, other)


@pytest.mark.parametrize("step", STEPS_AFTER)
async def test_a_load_interrupted_after_the_switch_is_done(
    registry: Registry, small: list[Path], other: list[Path], step: str
) -> None:
    await load(registry.url, small, "one", AS_OF)
    await interrupted(registry, other, step)
    assert await registry.numbers() == numbers_of(2)
    assert await editions(registry.url) == {"two"}
    await finished_afterwards(registry, other)


async def interrupted(registry: Registry, files: list[Path], step: str) -> None:
    """Load, and fail at a step."""
    name, _, nth = step.partition(":")
    failpoints.arm(f"enrichment.{name}:{nth or 1}:raise")
    try:
        with pytest.raises(Failure):
            await load(registry.url, files, "two", AS_OF)
    finally:
        failpoints.arm("")


async def test_an_interrupted_load_goes_on_where_it_was(
    registry: Registry, small: list[Path]
) -> None:
    await interrupted(registry, small, "step-built:6")
    begun = await registry.reader.fetchval("SELECT max(id) FROM registry.table_sets")
    copied: list[int] = []
    await load(registry.url, small, "two", AS_OF, Telling(copied.append))
    assert not any(copied)
    live = await registry.reader.fetchval("SELECT id FROM registry.table_sets WHERE live")
    assert live == begun
    assert await registry.numbers() == numbers_of(1)


async def test_another_edition_does_not_go_on_with_an_interrupted_one(
    registry: Registry, small: list[Path], other: list[Path]
) -> None:
    await interrupted(registry, small, "step-built:6")
    await load(registry.url, other, "three", AS_OF)
    assert await registry.numbers() == numbers_of(2)
    assert len(await registry.tables()) == TABLES


FORMER_STEPS = "0018_both_cores.sql"


async def test_a_load_that_was_interrupted_before_steps_changed_begins_anew(
    registry: Registry, servers: Servers, small: list[Path]
) -> None:
    await interrupted(registry, small, "step-built:6")
    script = resources("enrichment.migrations").joinpath(FORMER_STEPS).read_text()
    forget, _, _ = script.partition("-- Rows are sorted")
    database = urlsplit(registry.url).path.removeprefix("/")
    owner = await asyncpg.connect(with_database(servers.admin_url, database))
    await owner.execute(forget)
    await owner.close()
    copied: list[int] = []
    await load(registry.url, small, "two", AS_OF, Telling(copied.append))
    assert any(copied)
    assert await registry.numbers() == numbers_of(1)


KEYS = """
WITH expected AS (
  SELECT t.slot, t.key, e.score, e.country, e.municipality, e.id
  FROM registry.entries e JOIN registry.table_sets s ON s.live
    LEFT JOIN registry.entries head ON head.country = e.country AND head.number = e.parent,
    LATERAL registry.turned(
      e.key, registry.slot(e.active, e.parent IS NOT NULL, e.score, s.edges)) t
  WHERE head.key IS DISTINCT FROM e.key)
SELECT (SELECT count(*) FROM expected) AS wanted,
       (SELECT count(*) FROM (TABLE registry.keys EXCEPT ALL TABLE expected) x) AS too_many,
       (SELECT count(*) FROM (TABLE expected EXCEPT ALL TABLE registry.keys) x) AS lacking
"""


async def test_every_name_has_each_of_its_keys_once(registry: Registry, small: list[Path]) -> None:
    await load(registry.url, small, "one", AS_OF)
    row = await registry.reader.fetchrow(KEYS)
    assert row["wanted"] > ROWS
    assert (row["too_many"], row["lacking"]) == (0, 0)


async def finished_afterwards(registry: Registry, files: list[Path]) -> None:
    """Load again, and see that nothing of the interrupted load is left."""
    await load(registry.url, files, "two", AS_OF)
    assert await registry.numbers() == numbers_of(2)
    assert len(await registry.tables()) == TABLES


SUGGESTED = "SELECT * FROM registry.walk('a', '{a}', 'SE', NULL, 3)"
COMPANIES = "SELECT count(*) FROM registry.entries WHERE parent IS NULL"


async def test_readers_never_see_it_empty(
    registry: Registry, small: list[Path], other: list[Path]
) -> None:
    await load(registry.url, small, "one", AS_OF)
    seen: set[int] = set()
    done = asyncio.Event()

    async def read() -> None:
        while not done.is_set():
            seen.add(await registry.reader.fetchval(COMPANIES))
            hits = await registry.reader.fetch(SUGGESTED)
            seen.add(len(hits) * ROWS // 3)

    reading = asyncio.create_task(read())
    for files in (other, small, other):
        await load(registry.url, files, "again", AS_OF)
    done.set()
    await reading
    assert seen == {ROWS}


async def test_a_long_reader_delays_the_switch_but_not_the_other_readers(
    registry: Registry, small: list[Path], other: list[Path]
) -> None:
    await load(registry.url, small, "one", AS_OF)
    long_reader = await asyncpg.connect(registry.url)
    transaction = long_reader.transaction()
    await transaction.start()
    await long_reader.fetchval("SELECT count(*) FROM registry.entries")
    loading = asyncio.create_task(load(registry.url, other, "two", AS_OF))
    async with asyncio.timeout(20):
        await begun(registry)
        for _ in range(20):
            async with asyncio.timeout(2):
                assert await registry.numbers() == numbers_of(1)
            await asyncio.sleep(0.05)
        await transaction.rollback()
        await loading
    assert await registry.numbers() == numbers_of(2)
    await long_reader.close()


async def begun(registry: Registry) -> None:
    """Wait until a load has tables of its own."""
    count = "SELECT count(*) FROM registry.table_sets"
    while await registry.reader.fetchval(count) == 1:  # noqa: ASYNC110 - others make them
        await asyncio.sleep(0.01)


async def test_two_loads_at_once_are_refused(registry: Registry, small: list[Path]) -> None:
    holder = await asyncpg.connect(registry.url)
    await holder.execute("SELECT pg_advisory_lock(7101)")
    with pytest.raises(LoadRefused):
        await load(registry.url, small, "one", AS_OF)
    await holder.close()
    assert await registry.numbers() == set()


async def test_a_file_cut_short_changes_nothing(registry: Registry, small: list[Path]) -> None:
    await load(registry.url, small, "one", AS_OF)
    (units,) = [file for file in small if file.name == "enheter.json.gz"]
    text = gzip.decompress(units.read_bytes())
    units.write_bytes(gzip.compress(text[: len(text) // 2]))
    with pytest.raises(FileBroken):
        await load(registry.url, small, "two", AS_OF)
    assert await editions(registry.url) == {"one"}


async def test_a_file_in_which_much_is_broken_is_refused(
    registry: Registry, tmp_path: Path
) -> None:
    rows = [{"organisasjonsnummer": str(n), "navn": "X"} for n in range(30)]
    rows += [{"organisasjonsnummer": "815000129", "navn": "FJELLVIK DATA AS"}]
    (tmp_path / "enheter.json").write_text(json.dumps(rows))
    with pytest.raises(FileBroken, match="1 rows can be read, 30 cannot"):
        await load(registry.url, [tmp_path / "enheter.json"], "one", AS_OF)


async def test_a_company_listed_twice_is_as_it_was_listed_last(
    registry: Registry, tmp_path: Path
) -> None:
    rows = [{"organisasjonsnummer": "815000129", "navn": name} for name in ("FØR AS", "NÅ AS")]
    (tmp_path / "enheter.json").write_text(json.dumps(rows))
    await load(registry.url, [tmp_path / "enheter.json"], "one", AS_OF)
    rows = await registry.reader.fetch("SELECT name FROM registry.entries")
    assert [row["name"] for row in rows] == ["NÅ AS"]


async def test_a_hundredfold_file_makes_each_company_once(
    registry: Registry, tmp_path: Path
) -> None:
    rows = [
        {"organisasjonsnummer": one.number, "navn": one.name} for one in companies(1, "NO", 30)
    ] * 100
    (tmp_path / "enheter.json").write_text(json.dumps(rows))
    loaded = await load(registry.url, [tmp_path / "enheter.json"], "one", AS_OF)
    assert loaded.entries == 30


async def test_the_service_itself_may_not_change_what_is_read(
    registry: Registry, small: list[Path]
) -> None:
    await load(registry.url, small, "one", AS_OF)
    for statement in ("DELETE FROM registry.entries", "UPDATE registry.sources SET edition = ''"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await registry.reader.execute(statement)


async def run(*arguments: str) -> str:
    """Run a command in a thread, because it has a loop of its own."""
    done = await asyncio.to_thread(CliRunner().invoke, app, list(arguments))
    assert done.exit_code == 0, done.output
    return done.output


async def test_the_sample_is_made_and_loaded_once(registry: Registry) -> None:
    sample = ["sample", "--database", registry.url, "--rows", "129", "--seed", "1"]
    assert "90 companies" in await run(*sample)
    assert "already" in await run(*sample)
    assert await registry.numbers() == numbers_of(1)
    assert "90 companies" in await run(*sample[:-1], "2")
    assert await registry.numbers() == numbers_of(2)


async def test_files_are_loaded_once_and_the_sample_never_replaces_them(
    registry: Registry, small: list[Path]
) -> None:
    command = ["load", *map(str, small), "--database", registry.url]
    assert "90 companies" in await run(*command, "--as-of", "2026-10-01")
    assert "already" in await run(*command)
    assert "90 companies" in await run(*command, "--again")
    assert "does not replace" in await run("sample", "--database", registry.url)
    assert await editions(registry.url) == {edition_of(small)}


async def test_a_command_that_fails_says_why(registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text("name;number\n")
    done = await asyncio.to_thread(
        CliRunner().invoke,
        app,
        ["load", str(tmp_path / "other.csv"), "--database", registry.url],
    )
    assert done.exit_code == 1
    assert "no file of a registry" in done.output


async def test_the_day_of_an_edition_is_kept(registry: Registry, small: list[Path]) -> None:
    day = datetime(2026, 10, 1, tzinfo=UTC)
    await load(registry.url, small, "one", day)
    assert await registry.reader.fetchval("SELECT min(as_of) FROM registry.sources") == day
