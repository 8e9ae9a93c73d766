"""From the registries' files to the tables that are read, without a moment in between."""

import asyncio
import hashlib
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import structlog

from chassis.failpoints import reach
from enrichment.building import build_set
from enrichment.copying import Copy, connect, copy_file
from enrichment.formats.source import form_of, rows_about
from enrichment.hands import SPAWNED, begin, helping
from enrichment.under_way import Telling, put_down

log = structlog.get_logger()

LOADING_LOCK = 7101
"""Advisory lock: one load at a time in a database."""
LOCK_TIMEOUT = "300ms"
"""What readers wait at most behind a switch that itself waits for a longer reader."""
SHOW_ATTEMPTS = 100
SHOW_WAIT_SECONDS = 0.3
READ_BYTES = 1 << 20
ALONE_BYTES_MAX = 1 << 26
"""Less is copied before other processes have started."""
LOOK_SECONDS = 0.1
VACUUMED = ("entries", "keys", "words", "slips", "firsts")
LOADED = """
SELECT coalesce(sum(entries), 0)::int AS entries, coalesce(sum(units), 0)::int AS units
FROM registry.sources WHERE edition = $1
"""


class LoadRefused(Exception):
    """A load that was not done; what is read stays as it was."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What became of a load."""

    entries: int
    units: int
    skipped: dict[str, int]
    seconds: float


@dataclass(frozen=True, slots=True)
class _Job:
    """What is to be loaded, where to, and who is told."""

    url: str
    files: Sequence[Path]
    edition: str
    as_of: datetime
    telling: Telling


async def load(
    url: str, files: Sequence[Path], edition: str, as_of: datetime, telling: Telling | None = None
) -> Loaded:
    """Load files into tables of their own, and switch to these when all is in.

    The countries the files speak of are replaced, others are kept. Interrupted anywhere, it
    leaves the registry as it was, or as it is to be, and the same load goes on from there.
    """
    for path in files:
        form_of(path)
    connection = await connect(url)
    try:
        if not await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOADING_LOCK):
            raise LoadRefused("Another load is running.")
        size = sum(path.stat().st_size for path in files)
        async with put_down(url, "reading", size) as state:
            job = _Job(url, files, edition, as_of, (telling or Telling()).also(state))
            return await _load(connection, job)
    finally:
        await connection.close()


async def editions(url: str) -> set[str]:
    """Return what is being read."""
    connection = await connect(url)
    try:
        rows = await connection.fetch("SELECT edition FROM registry.sources")
    finally:
        await connection.close()
    return {row["edition"] for row in rows}


def edition_of(files: Sequence[Path]) -> str:
    """Return what names the contents of files: equal for equal contents."""
    digest = hashlib.blake2b(digest_size=16)
    for path in sorted(files, key=lambda path: path.name):
        with path.open("rb") as file:
            while chunk := file.read(READ_BYTES):
                digest.update(chunk)
    return f"files {digest.hexdigest()}"


def as_of_files(files: Sequence[Path]) -> datetime:
    """Return when the newest of the files was written."""
    return datetime.fromtimestamp(max(path.stat().st_mtime for path in files), UTC)


async def _load(connection: Any, job: _Job) -> Loaded:
    began = time.perf_counter()
    begin = "SELECT registry.begin_set($1, $2)"
    number = await connection.fetchval(begin, job.edition, job.as_of)
    reach("enrichment.set-begun")
    await _sweep(connection, number)
    progress = f"SELECT step, skipped::text AS skipped FROM registry.progress_{number}"
    done = {row["step"] for row in await connection.fetch(progress)}
    copies = [Copy(job.url, number, path, f"file {n}") for n, path in enumerate(sorted(job.files))]
    await _copy([copy for copy in copies if copy.step not in done], job.telling)
    await build_set(connection, job.url, number, done, job.telling.step)
    await _vacuum(connection, number)
    reach("enrichment.set-filled")
    rows = await connection.fetch(progress)
    await _show(connection, number)
    reach("enrichment.set-shown")
    await _sweep(connection, None)
    reach("enrichment.sets-swept")
    skipped = sum((Counter(orjson.loads(row["skipped"])) for row in rows), Counter[str]())
    row = await connection.fetchrow(LOADED, job.edition)
    return Loaded(row["entries"], row["units"], dict(skipped), time.perf_counter() - began)


async def _copy(copies: Sequence[Copy], telling: Telling) -> None:
    """Copy the files, those of most rows first, as many at once as there are cores."""
    copies = sorted(copies, key=lambda copy: -rows_about(copy.path))
    alone = sum(copy.path.stat().st_size for copy in copies) < ALONE_BYTES_MAX
    loop = asyncio.get_running_loop()
    with _hands(alone=alone) as (hands, work, copied):
        pending = {loop.run_in_executor(hands, work, copy) for copy in copies}
        before = 0
        try:
            while pending:
                done, pending = await asyncio.wait(
                    pending, timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED
                )
                telling.copied(copied.value - before)
                before = copied.value
                for one in done:
                    one.result()
                    reach("enrichment.file-copied")
        finally:
            for one in pending:
                one.cancel()


@contextmanager
def _hands(*, alone: bool) -> Iterator[tuple[Executor, Callable[[Copy], None], Any]]:
    """Lend processes, or a thread for a small load; what they do, and what they count."""
    counter = SPAWNED.Value("Q", 0)
    if alone:
        with ThreadPoolExecutor(1, initializer=_count_in, initargs=(counter,)) as pool:
            yield pool, _work, counter
        return
    with helping(_begin_work, counter) as pool:
        yield pool, _work, counter


def _begin_work(counter: Any) -> None:
    """Begin a process that only copies."""
    begin()
    _count_in(counter)


def _count_in(counter: Any) -> None:
    """Note where this process counts the bytes that it has copied."""
    global _counter  # noqa: PLW0603 - one process, one counter
    _counter = counter


_counter: Any = None


def _work(copy: Copy) -> None:
    def tell(count: int) -> None:
        with _counter.get_lock():
            _counter.value += count

    copy_file(copy, tell)


async def _vacuum(connection: Any, number: int) -> None:
    await connection.execute("SELECT registry.finish_set($1)", number)
    for part in VACUUMED:
        await connection.execute(f"VACUUM registry.{part}_{number}")


async def _show(connection: Any, number: int) -> None:
    """Switch the readers over; where one holds on for long, let the others pass and try again."""
    for _ in range(SHOW_ATTEMPTS):
        try:
            async with connection.transaction():
                await connection.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
                await connection.execute("SET LOCAL synchronous_commit = on")
                await connection.execute("SELECT registry.note_sources($1)", number)
                reach("enrichment.sources-noted")
                await connection.execute("SELECT registry.show_set($1)", number)
        except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError):
            await asyncio.sleep(SHOW_WAIT_SECONDS)
        else:
            return
    raise LoadRefused("Somebody has been reading for too long; load again later.")


async def _sweep(connection: Any, kept: int | None) -> None:
    """Drop what nobody reads any more; what somebody still does is left to the next load."""
    try:
        async with connection.transaction():
            await connection.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
            await connection.execute("SELECT registry.sweep_sets($1)", kept)
    except asyncpg.LockNotAvailableError:
        log.info("registry sweep left to the next load")
