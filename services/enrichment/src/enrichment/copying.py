"""One file's rows on their way into the tables of a load: all of them, or none."""

import asyncio
import io
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import structlog

from chassis.failpoints import reach
from enrichment.formats.listing import FileBroken, Listing, Skipped
from enrichment.formats.source import Form, form_of, opened

log = structlog.get_logger()

CONNECT_SECONDS_MAX = 10.0
BROKEN_SHARE_MAX = 0.01
"""A file with more broken rows has another form than is thought, and is not loaded."""
BROKEN_ROWS_IGNORED = 20
"""A share says nothing of a short file."""
ROWS_AT_ONCE = 10_000
"""Some ten megabytes: few trips to the server, little memory."""
SETTINGS = {
    # A statement may take as long as millions of rows need.
    "statement_timeout": "0",
    "lock_timeout": "0",
    "transaction_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "synchronous_commit": "off",
    "work_mem": "256MB",
    "maintenance_work_mem": "512MB",
    "jit": "off",
}
ENTRY_COLUMNS = (
    *("country", "number", "file_rank", "line", "parent", "name", "key", "city"),
    *("municipality", "legal_form", "employees", "since", "ended", "bankrupt"),
)
FACTS_COLUMNS = ("country", "number", "file_rank", "line", "form", "facts")
NOT_TOLD = ("key", "city")
"""What entries are made of and facts need not say again."""
NULL = "\\N"


@dataclass(frozen=True, slots=True)
class Copy:
    """A file that is to be copied into a table set."""

    url: str
    number: int
    path: Path
    step: str


async def connect(url: str) -> Any:
    """Open a connection for loading."""
    settings = {"application_name": "registry-load", **SETTINGS}
    return await asyncpg.connect(url, timeout=CONNECT_SECONDS_MAX, server_settings=settings)


def copy_file(copy: Copy, tell: Callable[[int], object] = int) -> None:
    """Copy a file in, in a process or thread of its own; `tell` is told how many bytes more."""
    asyncio.run(_copy_file(copy, tell))


async def _copy_file(copy: Copy, tell: Callable[[int], object]) -> None:
    connection = await connect(copy.url)
    try:
        async with connection.transaction():
            try:
                tally = await _copied(connection, copy, tell)
            except FileBroken as error:
                raise FileBroken(f"{copy.path.name}: {error}") from error
            reach("enrichment.rows-copied")
            await connection.execute(
                f"INSERT INTO registry.progress_{copy.number} (step, skipped) VALUES ($1, $2)",
                copy.step,
                orjson.dumps(tally).decode(),
            )
    finally:
        await connection.close()
    log.info("registry file copied", file=copy.path.name, skipped=dict(tally))


async def _copied(connection: Any, copy: Copy, tell: Callable[[int], object]) -> Counter[str]:
    form, tally, rows = form_of(copy.path), Counter[str](), 0
    with opened(copy.path, tell) as file:
        listings = _listings(form, file, tally)
        while some := list(islice(listings, ROWS_AT_ONCE)):
            entries = "".join(_entry(form, line, each) for line, each in some)
            facts = b"".join(_facts(form, line, each) for line, each in some)
            for table, columns, text in (
                ("incoming", ENTRY_COLUMNS, entries.encode()),
                ("facts", FACTS_COLUMNS, facts),
            ):
                await connection.copy_to_table(
                    f"{table}_{copy.number}",
                    source=io.BytesIO(text),
                    columns=columns,
                    schema_name="registry",
                )
            rows += len(some)
    broken = tally[Skipped.BROKEN] + tally[Skipped.NUMBER]
    if not rows or broken > max(BROKEN_ROWS_IGNORED, BROKEN_SHARE_MAX * rows):
        raise FileBroken(f"{rows} rows can be read, {broken} cannot")
    return tally


def _listings(form: Form, file: Any, tally: Counter[str]) -> Iterator[tuple[int, Listing]]:
    for line, row in enumerate(form.read(file)):
        if isinstance(row, Skipped):
            tally[row.value] += 1
        else:
            yield line, row


def entry_of(form: Form, line: int, row: Listing) -> tuple[Any, ...]:
    """Return what a row adds to an entry, by `ENTRY_COLUMNS`."""
    facts = row.facts
    return (
        row.country,
        row.number,
        form.rank,
        line,
        row.parent,
        facts.get("name"),
        facts.get("key"),
        facts.get("city"),
        facts.get("municipality", {}).get("code"),
        facts.get("legal_form", {}).get("code"),
        facts.get("employees", {}).get("low"),
        facts.get("registered_on", "")[:4] or None,
        True if "deregistered_on" in facts or "ceased" in facts else None,
        True if _is_bankrupt(facts) else None,
    )


def _entry(form: Form, line: int, row: Listing) -> str:
    """Return an entry's row as COPY reads it."""
    fields = [NULL if each is None else str(each) for each in entry_of(form, line, row)]
    text = "\t".join(fields)
    if text.count("\\") > text.count(NULL):
        fields = [each if each is NULL else each.replace("\\", "\\\\") for each in fields]
        text = "\t".join(fields)
    return text + "\n"


def _facts(form: Form, line: int, row: Listing) -> bytes:
    told = told_by(row.facts)
    head = f"{row.country}\t{row.number}\t{form.rank}\t{line}\t{form.name}\t".encode()
    return head + told.replace(b"\\", b"\\\\") + b"\n"


def told_by(facts: dict[str, Any]) -> bytes:
    """Return what is kept of a row's facts."""
    return orjson.dumps({name: fact for name, fact in facts.items() if name not in NOT_TOLD})


def _is_bankrupt(facts: dict[str, Any]) -> bool:
    return any(each["kind"] == "bankruptcy" for each in facts.get("proceedings", ()))
