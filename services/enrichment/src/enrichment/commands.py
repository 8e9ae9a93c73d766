"""`kundvakt registry`: the registries' files loaded, or a sample of them made."""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any, TypeVar
from urllib.parse import urlsplit

import asyncpg
import typer

from chassis.operator import operator
from enrichment.fetching import fetch, offering
from enrichment.formats.listing import FileBroken
from enrichment.load import Loaded, LoadRefused, as_of_files, edition_of, editions, load
from enrichment.progress import shown
from enrichment.sample.company import AS_OF
from enrichment.sample.files import companies_among, write_sample
from enrichment.sample.numbers import Lead
from enrichment.settings import RegistrySettings
from enrichment.sources.configured import configured
from enrichment.sources.port import Unavailable
from enrichment.under_way import put_down
from enrichment.wishes import Waiting, ask_for_sync, still_waiting

T = TypeVar("T")

ROWS = 20_000
"""Companies and sub-units: enough to search in, loaded in a few seconds."""
LOOK_SECONDS = 0.25
"""How often it is looked how far the service is."""
ROWS_MIN = 100
ROWS_MAX = 4_000_000
"""The series that sample numbers are taken from hold no more."""
SEED = 20261101
SAMPLE = "sample"
GENERATOR = 3
"""Raised whenever the same seed gives other companies, so that an older sample is replaced."""
DATABASE = "kundvakt_enrichment"

app = typer.Typer(no_args_is_help=True, help="What the company registries publish.")

DatabaseOption = Annotated[
    str,
    typer.Option(
        envvar="KUNDVAKT_ENRICHMENT_DATABASE_URL",
        help="The enrichment service's database; otherwise that of the running installation.",
        show_default=False,
    ),
]
RowsOption = Annotated[
    int,
    typer.Option(
        min=ROWS_MIN,
        max=ROWS_MAX,
        envvar="KUNDVAKT_SAMPLE_ROWS",
        help="Companies and, of ten rows three, nearly, their sub-units.",
    ),
]
SeedOption = Annotated[int, typer.Option(help="The same seed gives the same companies.")]


@app.command("load")
def load_command(
    files: Annotated[list[Path], typer.Argument(help="The registries' files, packed or not.")],
    database: DatabaseOption = "",
    as_of: Annotated[
        datetime | None, typer.Option(help="The day the files show; otherwise their own date.")
    ] = None,
    *,
    again: Annotated[bool, typer.Option(help="Load what is loaded already.")] = False,
) -> None:
    """Load files of Bolagsverket, SCB and Brønnøysundregistrene, and switch to them when all is in.

    All files of a country belong in one load: they replace what is known of that country.
    """

    async def run() -> None:
        url, edition = database_url(database), edition_of(files)
        if not again and edition in await editions(url):
            typer.echo("These files are loaded already.")
            return
        day = as_of.replace(tzinfo=UTC) if as_of else as_of_files(files)
        with shown(files) as telling:
            loaded = await load(url, files, edition, day, telling)
        _report(loaded)

    _run(run())


@app.command("fetch")
def fetch_command(
    folder: Annotated[Path, typer.Argument(help="Where the files are kept from day to day.")],
) -> None:
    """Download the registries' own files, those that are new, for `load` to take in."""

    async def run() -> None:
        async with configured(RegistrySettings()) as sources:
            able = list(offering(sources))
            if not able:
                raise LoadRefused("No source of files is named, or has credentials here.")
            for source in able:
                for edition in await fetch(source, folder) or ():
                    typer.echo(str(edition.path))

    _run(run())


@app.command("generate")
def generate_command(
    out: Annotated[Path, typer.Option(help="The directory to write to.")],
    rows: RowsOption = ROWS,
    seed: SeedOption = SEED,
    *,
    norwegian_lead_3: Annotated[
        bool, typer.Option(help="Norwegian numbers that begin with 3 or 2, as no real one does.")
    ] = False,
) -> None:
    """Write a sample in the registries' own formats."""
    for path in _written(out, seed, rows, "3" if norwegian_lead_3 else "8/9"):
        typer.echo(str(path))


@app.command("sample")
def sample_command(
    database: DatabaseOption = "", rows: RowsOption = ROWS, seed: SeedOption = SEED
) -> None:
    """Load a sample, unless it is loaded, or something better is."""

    async def run() -> None:
        url, edition = database_url(database), f"{SAMPLE} {GENERATOR} seed {seed} rows {rows}"
        present = await editions(url)
        if edition in present:
            typer.echo("The sample is loaded already.")
        elif any(not name.startswith(SAMPLE) for name in present):
            typer.echo("A registry is loaded already; the sample does not replace it.")
        else:
            with tempfile.TemporaryDirectory(prefix="kundvakt-sample-") as directory:
                async with put_down(url, "writing", companies_among(rows)) as state:
                    writing = partial(_written, Path(directory), seed, rows, tell=state.more)
                    files = await asyncio.to_thread(writing)
                with shown(files) as telling:
                    loaded = await load(url, files, edition, AS_OF, telling)
                _report(loaded)

    _run(run())


@app.command("sync")
def sync_command(
    database: DatabaseOption = "",
    wait_seconds: Annotated[
        float, typer.Option("--wait", min=1, help="How long to watch, in seconds.")
    ] = 600.0,
) -> None:
    """Have the running service read the registries' change feeds to their ends now."""

    async def run() -> None:
        waiting = await ask_for_sync(database_url(database))
        if not waiting:
            raise LoadRefused("No feed is read here: KUNDVAKT_REGISTRIES_OPEN names no source.")
        left = await _watched(database_url(database), wait_seconds)
        for feed in left:
            typer.echo(f"{feed.name}: not read to its end: {feed.why}", err=True)
        if left:
            raise typer.Exit(1)
        typer.echo(f"{len(waiting)} feeds are read to their ends")

    _run(run())


def database_url(given: str) -> str:
    """Return where the registry is: as given, as the service knows it, or as operators find it."""
    own = os.environ.get("KUNDVAKT_DATABASE_URL", "")
    if not given and urlsplit(own).path == f"/{DATABASE}":
        given = own
    return given or operator().database("enrichment")


def _written(
    directory: Path,
    seed: int,
    rows: int,
    lead: Lead = "8/9",
    tell: Callable[[int], object] = int,
) -> list[Path]:
    """Write a sample, and show how far it has come."""
    count = companies_among(rows)
    with typer.progressbar(length=count, label="companies written", file=sys.stderr) as bar:

        def more(companies: int) -> None:
            bar.update(companies)
            tell(companies)

        return write_sample(directory, seed, count, lead, more)


def _report(loaded: Loaded) -> None:
    skipped = "".join(f", {count:,} {why} skipped" for why, count in loaded.skipped.items())
    typer.echo(
        f"{loaded.entries:,} companies and {loaded.units:,} sub-units loaded"
        f" in {loaded.seconds:.1f} s{skipped}"
    )


async def _watched(url: str, seconds: float) -> Sequence[Waiting]:
    """Show how the feeds are read, until all are or time is up; returns those that are not."""
    until = time.monotonic() + seconds
    with typer.progressbar(length=1, label="entries", show_eta=False) as bar:
        while (waiting := await still_waiting(url)) and time.monotonic() < until:
            left = sum(feed.left for feed in waiting)
            bar.length = max(bar.length or 1, bar.pos + left)
            bar.update(bar.length - left - bar.pos)
            await asyncio.sleep(LOOK_SECONDS)
        if not waiting:
            bar.update((bar.length or 1) - bar.pos)
    return waiting


def _run(doing: Coroutine[Any, Any, T]) -> T:
    """Run, and say in a sentence why not."""
    try:
        return asyncio.run(doing)
    except (FileBroken, LoadRefused, Unavailable, OSError, asyncpg.PostgresError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
