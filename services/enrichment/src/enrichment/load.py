"""From the registries' files to the tables that are read, without a moment in between."""

import asyncio
import hashlib
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import structlog

from chassis.failpoints import reach
from enrichment.formats.listing import FileBroken, Skipped
from enrichment.formats.source import Form, form_of, opened

log = structlog.get_logger()

LOADING_LOCK = 7101
"""Advisory lock: one load at a time in a database."""
CONNECT_SECONDS_MAX = 10.0
BROKEN_SHARE_MAX = 0.01
"""A file with more broken rows has another form than is thought, and is not loaded."""
BROKEN_ROWS_IGNORED = 20
"""A share says nothing of a short file."""
LOCK_TIMEOUT = "300ms"
"""What readers wait at most behind a switch that itself waits for a longer reader."""
SHOW_ATTEMPTS = 100
SHOW_WAIT_SECONDS = 0.3
READ_BYTES = 1 << 20
COLUMNS = ("country", "number", "parent", "file_rank", "line", "facts")


class LoadRefused(Exception):
    """A load that was not done; what is read stays as it was."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What became of a load."""

    entries: int
    units: int
    skipped: dict[str, int]
    seconds: float


async def load(url: str, files: Sequence[Path], edition: str, as_of: datetime) -> Loaded:
    """Load files into tables of their own, and switch to these when all is in.

    The countries the files speak of are replaced, others are kept. Interrupted anywhere, it
    leaves the registry as it was, or as it is to be.
    """
    forms = [(path, form_of(path)) for path in files]
    connection = await _connect(url)
    try:
        if not await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOADING_LOCK):
            raise LoadRefused("Another load is running.")
        return await _load(connection, forms, edition, as_of)
    finally:
        await connection.close()


async def editions(url: str) -> set[str]:
    """Return what is being read."""
    connection = await _connect(url)
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


async def _connect(url: str) -> Any:
    """Open a connection on which a statement may take as long as two million rows need."""
    return await asyncpg.connect(
        url,
        timeout=CONNECT_SECONDS_MAX,
        server_settings={
            "application_name": "registry-load",
            "statement_timeout": "0",
            "transaction_timeout": "0",
            "idle_in_transaction_session_timeout": "0",
            "jit": "off",
        },
    )


async def _load(
    connection: Any, forms: Sequence[tuple[Path, Form]], edition: str, as_of: datetime
) -> Loaded:
    began = time.perf_counter()
    await _sweep(connection)
    number = await connection.fetchval("SELECT registry.begin_set()")
    reach("enrichment.set-begun")
    skipped: Counter[str] = Counter()
    for path, form in forms:
        skipped += await _copy(connection, number, path, form)
        reach("enrichment.file-copied")
    await connection.execute("SELECT registry.fill_set($1)", number)
    reach("enrichment.set-filled")
    await _show(connection, number, edition, as_of)
    reach("enrichment.set-shown")
    await _sweep(connection)
    reach("enrichment.sets-swept")
    row = await connection.fetchrow(
        "SELECT coalesce(sum(entries), 0)::int AS entries, coalesce(sum(units), 0)::int AS units"
        " FROM registry.sources WHERE edition = $1",
        edition,
    )
    return Loaded(row["entries"], row["units"], dict(skipped), time.perf_counter() - began)


async def _copy(connection: Any, number: int, path: Path, form: Form) -> Counter[str]:
    """Copy a file's rows in; returns how many were skipped, and why."""
    tally: Counter[str] = Counter()
    with opened(path) as file:

        def records() -> Iterator[tuple[Any, ...]]:
            for line, row in enumerate(form.read(file)):
                if isinstance(row, Skipped):
                    tally[row.value] += 1
                    continue
                facts = orjson.dumps(row.facts).decode()
                tally["rows"] += 1
                yield row.country, row.number, row.parent, form.rank, line, facts

        await connection.copy_records_to_table(
            f"incoming_{number}", schema_name="registry", columns=COLUMNS, records=records()
        )
    rows = tally.pop("rows", 0)
    broken = tally[Skipped.BROKEN]
    if not rows or broken > max(BROKEN_ROWS_IGNORED, BROKEN_SHARE_MAX * rows):
        raise FileBroken(f"{path.name}: {rows} rows can be read, {broken} cannot")
    log.info("registry file copied", file=path.name, form=form.name, rows=rows, skipped=dict(tally))
    return tally


async def _show(connection: Any, number: int, edition: str, as_of: datetime) -> None:
    """Switch the readers over; where one holds on for long, let the others pass and try again."""
    for _ in range(SHOW_ATTEMPTS):
        try:
            async with connection.transaction():
                await connection.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
                await connection.execute(
                    "SELECT registry.note_sources($1, $2, $3)", number, edition, as_of
                )
                reach("enrichment.sources-noted")
                await connection.execute("SELECT registry.show_set($1)", number)
        except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError):
            await asyncio.sleep(SHOW_WAIT_SECONDS)
        else:
            return
    raise LoadRefused("Somebody has been reading for too long; load again later.")


async def _sweep(connection: Any) -> None:
    """Drop what nobody reads any more; what somebody still does is left to the next load."""
    try:
        async with connection.transaction():
            await connection.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
            await connection.execute("SELECT registry.sweep_sets()")
    except asyncpg.LockNotAvailableError:
        log.info("registry sweep left to the next load")
