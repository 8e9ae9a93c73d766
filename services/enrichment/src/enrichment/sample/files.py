"""The sample written as the registries write their own files, row by row."""

import gzip
import io
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias, cast

from enrichment.hands import helping
from enrichment.sample import brreg_rows, swedish_rows
from enrichment.sample.company import AS_OF, Sampled, company
from enrichment.sample.numbers import Lead
from enrichment.sample.row import Row

SWEDISH_SHARE = (2, 3)
"""Two Swedish companies to one Norwegian, as the registries have them, nearly."""
COMPANIES_SHARE = (23, 33)
"""Of all rows, those that are companies; the others are sub-units."""
MIN_COMPANIES = 3
PACKED_LEVEL = 1
"""A sample is read once: what packing it tighter takes is not won back."""
PART_COMPANIES = 4_000
PARTS_ALONE_MAX = 8
"""Fewer are made before another process has started."""

Rows: TypeAlias = Callable[[Sampled], Sequence[bytes]]


@dataclass(frozen=True, slots=True)
class SampleFile:
    """One of the files: how it begins and ends, and what a company adds to it."""

    name: str
    member: str
    head: bytes
    rows: Rows
    between: bytes = b""
    tail: bytes = b""


SWEDISH = (
    SampleFile(
        "bolagsverket_bulkfil.zip",
        "bolagsverket_bulkfil.txt",
        swedish_rows.BOLAGSVERKET_HEAD,
        swedish_rows.bolagsverket,
    ),
    SampleFile(
        "scb_bulkfil.zip",
        f"scb_bulkfil_JE_{AS_OF:%Y%m%dT%H%M%S}_01.txt",
        swedish_rows.SCB_HEAD,
        swedish_rows.scb_bulk,
    ),
    SampleFile("scb_foretag.json", "", b"[", swedish_rows.scb_company, b",\n", b"]"),
    SampleFile("scb_arbetsstallen.json", "", b"[", swedish_rows.scb_workplaces, b",\n", b"]"),
)
NORWEGIAN = (
    SampleFile("enheter.json.gz", "", b"[", brreg_rows.unit, b",\n", b"]"),
    SampleFile("underenheter.json.gz", "", b"[", brreg_rows.sub_units, b",\n", b"]"),
)


COUNTRIES = {"SE": SWEDISH, "NO": NORWEGIAN}


def write_sample(
    directory: Path,
    seed: int,
    count: int,
    lead: Lead = "8/9",
    tell: Callable[[int], object] = int,
) -> list[Path]:
    """Write a sample of so many companies, and their sub-units besides; returns the files.

    `tell` is told how many companies more are written.
    """
    directory.mkdir(parents=True, exist_ok=True)
    swedish, norwegian = shares(count)
    parts = [
        *_parts("SE", seed, swedish, "8/9"),
        *_parts("NO", seed, norwegian, lead),
    ]
    with _hands(len(parts)) as mapped:
        written = mapped(_rows, parts)
        for country, files in COUNTRIES.items():
            with ExitStack() as stack:
                outs = [stack.enter_context(_created(directory, file)) for file in files]
                own = sum(part.country == country for part in parts)
                _write(files, outs, islice(written, own), tell)
    return [directory / file.name for files in COUNTRIES.values() for file in files]


def shares(companies: int) -> tuple[int, int]:
    """Return how many companies are Swedish, how many Norwegian."""
    swedish = companies * SWEDISH_SHARE[0] // SWEDISH_SHARE[1]
    return swedish, companies - swedish


def companies_among(rows: int) -> int:
    """Return how many of so many rows are companies; the others are, nearly, their sub-units."""
    return max(MIN_COMPANIES, round(rows * COMPANIES_SHARE[0] / COMPANIES_SHARE[1]))


@dataclass(frozen=True, slots=True)
class Part:
    """Some companies in a row, made in one go."""

    country: str
    seed: int
    start: int
    stop: int
    lead: Lead


def _parts(country: str, seed: int, count: int, lead: Lead) -> list[Part]:
    return [
        Part(country, seed, start, min(start + PART_COMPANIES, count), lead)
        for start in range(0, count, PART_COMPANIES)
    ]


@contextmanager
def _hands(parts: int) -> Iterator[Callable[..., Iterator[Any]]]:
    """Lend as many processes as there are cores, or this one for a small sample."""
    if parts <= PARTS_ALONE_MAX:
        yield map
        return
    with helping() as pool:
        yield pool.map


def _rows(part: Part) -> tuple[int, list[bytes]]:
    """Return how many companies were made, and what they add to each file."""
    files = COUNTRIES[part.country]
    rows: list[list[bytes]] = [[] for _ in files]
    for index in range(part.start, part.stop):
        made = company(Row(part.seed, part.country, index, part.lead))
        for at, file in enumerate(files):
            rows[at] += file.rows(made)
    return part.stop - part.start, [
        file.between.join(found) for file, found in zip(files, rows, strict=True)
    ]


def _write(
    files: Sequence[SampleFile],
    outs: Sequence[BinaryIO],
    written: Iterable[tuple[int, list[bytes]]],
    tell: Callable[[int], object],
) -> None:
    """Write a country's files side by side, so that each company is made once."""
    begun = [False] * len(files)
    for file, out in zip(files, outs, strict=True):
        out.write(file.head)
    for count, rows in written:
        for at, found in enumerate(rows):
            outs[at].write(files[at].between + found if begun[at] and found else found)
            begun[at] = begun[at] or bool(found)
        tell(count)
    for file, out in zip(files, outs, strict=True):
        out.write(file.tail)


@contextmanager
def _created(directory: Path, file: SampleFile) -> Iterator[BinaryIO]:
    """Open a new file, packed as its registry packs it; equal rows give equal bytes."""
    path = directory / file.name
    with ExitStack() as stack:
        plain = stack.enter_context(path.open("wb"))
        if path.suffix == ".zip":
            archive = stack.enter_context(
                zipfile.ZipFile(plain, "w", zipfile.ZIP_DEFLATED, compresslevel=PACKED_LEVEL)
            )
            out = stack.enter_context(archive.open(file.member, "w", force_zip64=True))
        elif path.suffix == ".gz":
            packed = gzip.GzipFile("", "wb", PACKED_LEVEL, plain, mtime=AS_OF.timestamp())
            out = cast("BinaryIO", stack.enter_context(packed))
        else:
            out = plain
        yield stack.enter_context(io.BufferedWriter(cast("io.RawIOBase", out)))
