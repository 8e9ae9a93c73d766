"""Which registry a file is from, told by how it begins; packed or not."""

import gzip
import io
import os
import zipfile
import zlib
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias, cast

from enrichment.formats import bolagsverket, brreg, brreg_csv, scb
from enrichment.formats.listing import FileBroken, Listing, Skipped

BUFFER_BYTES = 1 << 18
HEAD_BYTES = 4_096
"""Enough of a first object to tell whose it is."""
GZIP_START = b"\x1f\x8b"
ZIP_START = b"PK\x03\x04"
SUB_UNIT_MARKS = (b'"beliggenhetsadresse"', b'"BEDR"', b'"AAFY"', b'"underenheter"')
"""Not `overordnetEnhet`: units of the public sector have one too."""

Reader: TypeAlias = Callable[[BinaryIO], Iterator[Listing | Skipped]]


@dataclass(frozen=True, slots=True)
class Form:
    """One kind of file.

    Where several files speak of one company, facts of a higher `rank` have the last word. A row
    takes about `row_bytes` unpacked, as it does in the sample.
    """

    name: str
    rank: int
    read: Reader
    row_bytes: int


SCB_BULK = Form("scb-bulk", 1, scb.read_bulk, 140)
SCB_COMPANIES = Form("scb-companies", 2, scb.read_companies, 600)
SCB_WORKPLACES = Form("scb-workplaces", 2, scb.read_workplaces, 600)
BOLAGSVERKET = Form("bolagsverket", 3, bolagsverket.read, 260)
BRREG_UNITS = Form("brreg-units", 1, brreg.read_units, 850)
BRREG_SUB_UNITS = Form("brreg-sub-units", 1, brreg.read_sub_units, 700)
BRREG_UNITS_CSV = replace(BRREG_UNITS, read=brreg_csv.read_units, row_bytes=270)
BRREG_SUB_UNITS_CSV = replace(BRREG_SUB_UNITS, read=brreg_csv.read_sub_units, row_bytes=210)


def form_of(path: Path) -> Form:
    """Tell what kind of file it is; raises `FileBroken` for any other."""
    with opened(path) as file:
        head = file.read(HEAD_BYTES)
    form = _with_columns(head) or _of_objects(head)
    if form is None:
        raise FileBroken(f"{path.name}: no file of a registry that is known here")
    return form


def rows_about(path: Path) -> float:
    """Estimate how many rows a file has: what it takes to read one hardly differs."""
    return _unpacked_bytes(path) / form_of(path).row_bytes


def _unpacked_bytes(path: Path) -> int:
    """Return how large a file is, unpacked; of gzip the lower 32 bits of it (RFC 1952, ISIZE)."""
    with path.open("rb") as file:
        start = file.read(4)
        if start.startswith(GZIP_START):
            file.seek(-4, os.SEEK_END)
            return int.from_bytes(file.read(4), "little")
        if start == ZIP_START:
            with zipfile.ZipFile(file) as archive:
                return _largest(archive).file_size
    return path.stat().st_size


def _with_columns(head: bytes) -> Form | None:
    first, _, _ = head.partition(b"\n")
    if head.startswith(bolagsverket.HEADER_START):
        return BOLAGSVERKET
    if scb.HEADER_MARK in b"\t" + first.strip() + b"\t":
        return SCB_BULK
    # Names of columns may stand in quotes.
    if first.removeprefix(BOM_UTF8).replace(b'"', b"").startswith(brreg_csv.HEADER_START):
        return BRREG_SUB_UNITS_CSV if brreg_csv.SUB_UNIT_MARK in first else BRREG_UNITS_CSV
    return None


def _of_objects(head: bytes) -> Form | None:
    if b'"CfarNr"' in head:
        return SCB_WORKPLACES
    if b'"PeOrgNr"' in head:
        return SCB_COMPANIES
    if any(mark in head for mark in SUB_UNIT_MARKS):
        return BRREG_SUB_UNITS
    if b'"organisasjonsnummer"' in head or b'"enheter"' in head:
        return BRREG_UNITS
    return None


class _Counted(io.FileIO):
    """A file that tells how much of it is read."""

    def __init__(self, path: Path, tell: Callable[[int], object]) -> None:
        super().__init__(path)
        self._tell = tell

    def readinto(self, buffer: Any, /) -> int:
        """Read, and tell how many bytes that were."""
        count = super().readinto(buffer) or 0
        self._tell(count)
        return count


@contextmanager
def opened(path: Path, tell: Callable[[int], object] = int) -> Iterator[BinaryIO]:
    """Open a file, unpacked; raises `FileBroken` where a packed one is damaged.

    `tell` is told how many bytes more were read of it.
    """
    try:
        with io.BufferedReader(_Counted(path, tell), BUFFER_BYTES) as file:
            start = file.read(4)
            file.seek(0)
            if start.startswith(GZIP_START):
                with gzip.open(file) as unpacked:
                    yield cast("BinaryIO", unpacked)
            elif start == ZIP_START:
                with zipfile.ZipFile(file) as archive, archive.open(_largest(archive)) as unpacked:
                    yield cast("BinaryIO", io.BufferedReader(cast("io.RawIOBase", unpacked)))
            else:
                yield cast("BinaryIO", file)
    except (zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise FileBroken(f"damaged: {error}") from error


def _largest(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    """Return the one file in an archive: its largest."""
    return max(archive.infolist(), key=lambda info: info.file_size)
