"""A registry of the wanted size in a running Kundvakt: written, loaded, and what that took."""

import asyncio
import shutil
import sys
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from random import Random
from typing import Any

import asyncpg

from benchmarks.processes import usage
from benchmarks.registry.typed import Sought, sought
from benchmarks.stage import Stage
from contracts.enrichment import SearchRegistry
from enrichment.names import name_key
from enrichment.search import rows, search
from onebox.box import Onebox

DATABASE = "kundvakt_enrichment"
LOOK_SECONDS = 0.5
LARGE_SCORE = 1_000
"""From ten employees on."""
TENANT = "registry"
TEN_HITS = """
SELECT n AS id, 'SE' AS country, '5560000001' AS number, NULL AS parent,
       'Granhult Redovisning AB' AS name, 'granhult redovisning' AS key, 'Stockholm' AS city,
       '0180' AS municipality, 'AB' AS legal_form, true AS active, false AS bankrupt
FROM generate_series(1, 10) n
"""
"""As wide as those of the type-ahead."""
COMPANIES = "SELECT id, key, score FROM registry.entries WHERE active AND parent IS NULL"


@dataclass(frozen=True, slots=True)
class Took:
    """What a command took: seconds, and the most memory at once, in megabytes."""

    seconds: float
    megabytes: float


async def command(*words: str, also: Sequence[int] = ()) -> Took:
    """Run a command of ours; `also` are processes whose memory counts as well."""
    began, most = time.perf_counter(), 0.0
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "chassis.cli", "registry", *words),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    ended = asyncio.ensure_future(process.communicate())
    while not ended.done():
        await asyncio.wait([ended], timeout=LOOK_SECONDS)
        used = [usage(pid).megabytes for pid in (process.pid, *also)]
        most = max(most, sum(used))
    if process.returncode:
        raise RuntimeError((await ended)[1].decode()[-500:])
    return Took(time.perf_counter() - began, most)


async def write_and_load(stage: Stage, box: Onebox, size: int, seed: int) -> tuple[Took, Took]:
    """Write a sample and load it into a box; returns what each took."""
    place = stage.home / "registry-files"
    wrote = await command("generate", "--out", str(place), "--rows", str(size), "--seed", str(seed))
    files = sorted(str(file) for file in place.iterdir())
    postgres = box.processes["postgres"]
    loaded = await command("load", *files, "--database", database(box), also=[postgres])
    shutil.rmtree(place)
    return wrote, loaded


def database(box: Onebox) -> str:
    """Return the URL of the registry's database, as the service itself has it."""
    return box.role_url(DATABASE, DATABASE)


async def connected(stack: AsyncExitStack, url: str) -> Any:
    """Connect, and hang up when the stack ends."""
    connection = await asyncpg.connect(url, server_settings={"jit": "off"})
    stack.push_async_callback(connection.close)
    return connection


async def people(connection: Any, count: int, dice: Random) -> list[Sought]:
    """Return companies that somebody looks for: half of them any, half of them larger ones."""
    found = []
    for condition in ("true", f"score > {LARGE_SCORE}"):
        ids = [
            row["id"]
            for row in await connection.fetch(
                "SELECT id FROM registry.entries"
                f" WHERE active AND parent IS NULL AND {condition} ORDER BY number"
            )
        ]
        chosen = dice.sample(ids, min(count // 2, len(ids)))
        found += await connection.fetch(
            "SELECT id, name FROM registry.entries WHERE id = ANY ($1) ORDER BY number", chosen
        )
    among = sought([(row["id"], row["name"]) for row in found])
    dice.shuffle(among)
    return among


class Ours:
    """The type-ahead as the service asks it, on one connection."""

    name = "ours"

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def find(self, text: str) -> list[str]:
        """Ask."""
        query = SearchRegistry(tenant=TENANT, q=text[:100], limit=10)
        return [name_key(hit.name) for hit in (await search(self._connection, query)).items]

    async def ask(self, text: str) -> list[str]:
        """Ask, and look at nothing."""
        await rows(self._connection, SearchRegistry(tenant=TENANT, q=text[:100], limit=10))
        return []

    async def constants(self, _: str) -> list[str]:
        """Ask for ten hits that stand in no table."""
        await self._connection.fetch(TEN_HITS)
        return []

    async def floor(self, _: str) -> list[str]:
        """Ask for nothing."""
        await self._connection.fetch("SELECT 1")
        return []


async def companies(connection: Any) -> list[tuple[int, str, int]]:
    """Return what peers are given."""
    return [tuple(row) for row in await connection.fetch(COMPANIES, timeout=600)]
