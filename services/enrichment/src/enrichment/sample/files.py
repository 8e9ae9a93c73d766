"""The sample written as the registries write their own files, row by row."""

import gzip
import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeAlias, cast

from enrichment.sample import brreg_rows, swedish_rows
from enrichment.sample.company import AS_OF, Sampled, companies
from enrichment.sample.numbers import Lead

SWEDISH_SHARE = (2, 3)
"""Two Swedish companies to one Norwegian, as the registries have them, nearly."""
ZIPPED_AT = (2026, 11, 1, 0, 0, 0)
GZIP_LEVEL = 5

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


def write_sample(directory: Path, seed: int, rows: int, lead: Lead = "8/9") -> list[Path]:
    """Write a sample of so many companies, and their sub-units besides; returns the files."""
    directory.mkdir(parents=True, exist_ok=True)
    swedish, norwegian = shares(rows)
    _write(directory, SWEDISH, companies(seed, "SE", swedish))
    _write(directory, NORWEGIAN, companies(seed, "NO", norwegian, lead))
    return [directory / file.name for file in (*SWEDISH, *NORWEGIAN)]


def shares(rows: int) -> tuple[int, int]:
    """Return how many companies are Swedish, how many Norwegian."""
    swedish = rows * SWEDISH_SHARE[0] // SWEDISH_SHARE[1]
    return swedish, rows - swedish


def _write(directory: Path, files: Sequence[SampleFile], sampled: Iterator[Sampled]) -> None:
    """Write a country's files side by side, so that each company is made once."""
    with ExitStack() as stack:
        outs = [stack.enter_context(_created(directory, file)) for file in files]
        for file, out in zip(files, outs, strict=True):
            out.write(file.head)
        begun = [False] * len(files)
        for company in sampled:
            for at, file in enumerate(files):
                for row in file.rows(company):
                    outs[at].write(file.between + row if begun[at] else row)
                    begun[at] = True
        for file, out in zip(files, outs, strict=True):
            out.write(file.tail)


@contextmanager
def _created(directory: Path, file: SampleFile) -> Iterator[BinaryIO]:
    """Open a new file, packed as its registry packs it; equal rows give equal bytes."""
    path = directory / file.name
    with ExitStack() as stack:
        plain = stack.enter_context(path.open("wb"))
        if path.suffix == ".zip":
            archive = stack.enter_context(zipfile.ZipFile(plain, "w"))
            member = zipfile.ZipInfo(file.member, ZIPPED_AT)
            member.compress_type = zipfile.ZIP_DEFLATED
            out = stack.enter_context(archive.open(member, "w", force_zip64=True))
        elif path.suffix == ".gz":
            packed = stack.enter_context(
                gzip.GzipFile("", "wb", GZIP_LEVEL, plain, mtime=AS_OF.timestamp())
            )
            out = cast("BinaryIO", packed)
        else:
            out = plain
        yield stack.enter_context(io.BufferedWriter(cast("io.RawIOBase", out)))
