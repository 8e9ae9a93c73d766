"""The generated sample, read from the files in which the registries publish it."""

import gzip
import json
import zipfile
from pathlib import Path
from typing import Any

from standins.registries.store import Document, keep, mark
from standins.store import Store

COLUMNS = 11


def load(store: Store, folder: Path) -> int:
    """Take in all that is in the folder, once; returns how many documents there are."""
    if store.get("sample") is None:
        with store.whole():
            _norwegian(store, folder)
            _swedish(store, folder)
            store.put("sample", str(folder))
    row = store.row("SELECT count(*) AS documents FROM documents")
    return row["documents"] if row else 0


def _norwegian(store: Store, folder: Path) -> None:
    for kind in ("enheter", "underenheter"):
        for unit in json.loads(_packed(folder / f"{kind}.json.gz") or b"[]"):
            number, parent = unit["organisasjonsnummer"], unit.get("overordnetEnhet")
            keep(store, kind, number, unit, name=unit["navn"], parent=parent)
            if unit.get("slettedato"):
                mark(store, kind, number, "deleted")


def _swedish(store: Store, folder: Path) -> None:
    for row in json.loads(_packed(folder / "scb_foretag.json") or b"[]"):
        keep(store, "scb-je", row["OrgNr"], row, name=row["Företagsnamn"])
    for row in json.loads(_packed(folder / "scb_arbetsstallen.json") or b"[]"):
        keep(store, "scb-ae", row["CfarNr"], row, name=row["Benämning"], parent=row["OrgNr"])
    bulk = _packed(folder / "bolagsverket_bulkfil.zip")
    for line in bulk.decode().splitlines()[1:]:
        company = _company(line)
        keep(store, "bolagsverket", company["number"], company, name=company["name"])


def _packed(path: Path) -> bytes:
    """Return a file, unpacked; nothing if it is not there."""
    if not path.exists():
        return b""
    if path.suffix == ".gz":
        return gzip.decompress(path.read_bytes())
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            return archive.read(archive.namelist()[0])
    return path.read_bytes()


def _company(line: str) -> Document:
    """Take a row of the bulk file apart: `";"` between fields, `$` within them."""
    fields = line.strip().removeprefix('"').removesuffix('"').split('";"')
    text = '";"'.join(fields[9 : 10 + len(fields) - COLUMNS])
    street, _, city, postal_code, _ = fields[-1].split("$")
    ongoing, _, since = fields[7].partition("$")
    found: dict[str, Any] = {
        "number": fields[0].partition("$")[0],
        "name": fields[3].partition("$")[0],
        "form": fields[4].partition("-")[0],
        "gone": fields[5] or None,
        "reason": fields[6].partition("-")[0] or None,
        "ongoing": [[ongoing.partition("-")[0], since]] if ongoing else [],
        "registered": fields[8],
        "text": text,
        "address": {"street": street, "city": city, "postal_code": postal_code},
    }
    return found
