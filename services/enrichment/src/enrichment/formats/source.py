"""Which registry a file is from, told by how it begins; packed or not."""

import gzip
import io
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
SUB_UNIT_MARKS = (b'"beliggenhetsadresse"', b'"BEDR"', b'"AAFY"', b'"underenheter"')
"""Not `overordnetEnhet`: units of the public sector have one too."""

Reader: TypeAlias = Callable[[BinaryIO], Iterator[Listing | Skipped]]


@dataclass(frozen=True, slots=True)
class Form:
    """One kind of file.

    Where several files speak of one company, facts of a higher `rank` have the last word.
    """

    name: str
    rank: int
    read: Reader


SCB_BULK = Form("scb-bulk", 1, scb.read_bulk)
SCB_COMPANIES = Form("scb-companies", 2, scb.read_companies)
SCB_WORKPLACES = Form("scb-workplaces", 2, scb.read_workplaces)
BOLAGSVERKET = Form("bolagsverket", 3, bolagsverket.read)
BRREG_UNITS = Form("brreg-units", 1, brreg.read_units)
BRREG_SUB_UNITS = Form("brreg-sub-units", 1, brreg.read_sub_units)
BRREG_UNITS_CSV = replace(BRREG_UNITS, read=brreg_csv.read_units)
BRREG_SUB_UNITS_CSV = replace(BRREG_SUB_UNITS, read=brreg_csv.read_sub_units)


def form_of(path: Path) -> Form:
    """Tell what kind of file it is; raises `FileBroken` for any other."""
    with opened(path) as file:
        head = file.read(HEAD_BYTES)
    form = _with_columns(head) or _of_objects(head)
    if form is None:
        raise FileBroken(f"{path.name}: no file of a registry that is known here")
    return form


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
            if start.startswith(b"\x1f\x8b"):
                with gzip.open(file) as unpacked:
                    yield cast("BinaryIO", unpacked)
            elif start == b"PK\x03\x04":
                with zipfile.ZipFile(file) as archive, archive.open(_member(archive)) as unpacked:
                    yield cast("BinaryIO", io.BufferedReader(cast("io.RawIOBase", unpacked)))
            else:
                yield cast("BinaryIO", file)
    except (zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise FileBroken(f"damaged: {error}") from error


def _member(archive: zipfile.ZipFile) -> str:
    """Return the one file in an archive: its largest."""
    return max(archive.infolist(), key=lambda info: info.file_size).filename
