"""Brønnøysundregistrene's Enhetsregister: units, sub-units, search, feeds, bulk files.

What an answer lacks is left out: an empty list has no `_embedded`, a 404 no body. A feed's page
past the nineteenth, a list's past the ten thousandth entry, and an `Accept` of v1 are refused.
"""

import csv
import gzip
import hashlib
import io
import json
from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, Response

from standins.creditsafe.door import store_of
from standins.registries import faults
from standins.registries.store import Document, document, named, of_parent, state_of
from standins.store import Store

SOURCE = "https://data.brreg.no/enhetsregisteret/api"
WINDOW_MAX = 10_000
FEED_PAGES_MAX = 20
NUMBERS_MAX = 2_000
EMBEDDED = {"enheter": "oppdaterteEnheter", "underenheter": "oppdaterteUnderenheter"}
LINKS = {"enheter": "enhet", "underenheter": "underenhet"}
CLASSES = {"enheter": "SlettetEnhet", "underenheter": "SlettetUnderenhet"}
FORMAT = "application/vnd.brreg.enhetsregisteret.enhet.v2+json"

router = APIRouter(prefix="/enhetsregisteret/api", tags=["brreg"])
Stored = Annotated[Store, Depends(store_of)]


@router.get("/oppdateringer/{feed}")
async def changes(  # noqa: PLR0917 - the parameters of the address
    store: Stored,
    feed: str,
    dato: str = "",
    oppdateringsid: int = 0,
    size: int = 20,
    page: int = 0,
    *,
    includeChanges: bool = False,  # noqa: N803 - the register's own
) -> Response:
    """Tell what changed, from an id on, itself included, or from a moment on."""
    if feed not in EMBEDDED:
        return Response(status_code=404)
    if size > WINDOW_MAX or page >= FEED_PAGES_MAX:
        return refused("size is at most 10000, page at most 19")
    rows = store.rows(
        "SELECT * FROM feed WHERE kind = ? AND id >= ? AND at >= ? ORDER BY id",
        feed,
        oppdateringsid,
        dato,
    )
    entries = [
        _entry(row, with_changes=includeChanges) for row in rows[page * size : (page + 1) * size]
    ]
    answer = _listed(f"oppdateringer/{feed}", EMBEDDED[feed], entries, len(rows), (page, size))
    return JSONResponse(answer, headers={"Cache-Control": "no-store"})


@router.get("/{kind}/lastned")
async def bulk(store: Stored, request: Request, kind: str) -> Response:
    """Give the whole register as a file, unless it is the one that is known already."""
    if kind not in EMBEDDED:
        return Response(status_code=404)
    units = [
        row["document"] for row in store.rows("SELECT document FROM documents WHERE kind = ?", kind)
    ]
    body = "".join(("[", ",\n".join(units), "]")).encode()
    tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={"ETag": tag})
    packed = gzip.compress(body, 5, mtime=0)
    return Response(packed, media_type="application/gzip", headers={"ETag": tag})


@router.get("/{kind}/lastned/csv")
async def bulk_as_csv(store: Stored, kind: str) -> Response:
    """Give the whole register as CSV: a column for each way to a field."""
    if kind not in EMBEDDED:
        return Response(status_code=404)
    found = store.rows("SELECT document FROM documents WHERE kind = ?", kind)
    units = [dict(_flat(json.loads(row["document"]))) for row in found]
    columns = dict.fromkeys(["organisasjonsnummer", *(name for unit in units for name in unit)])
    text = io.StringIO()
    writer = csv.DictWriter(text, columns)
    writer.writeheader()
    writer.writerows(units)
    return Response(
        gzip.compress(text.getvalue().encode(), 5, mtime=0), media_type="application/gzip"
    )


def _flat(part: dict[str, Any], way: str = "") -> Iterator[tuple[str, str]]:
    for name, value in part.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{way}{name}.")
        elif isinstance(value, list):
            yield f"{way}{name}", ", ".join(map(str, value))
        else:
            yield f"{way}{name}", json.dumps(value) if isinstance(value, bool) else str(value)


@router.get("/{kind}/{number}")
async def unit(store: Stored, request: Request, kind: str, number: str) -> Response:
    """Give one unit, or what is left of one."""
    if ".v1+json" in request.headers.get("accept", ""):
        return Response(status_code=406)
    state = state_of(store, kind, number) if kind in EMBEDDED else None
    found = document(store, kind, number) if state else None
    if found is None:
        return Response(status_code=404)
    if faults.strikes(store, request.url.path, "wrong-company"):
        found = {**found, "organisasjonsnummer": "815000129"}
    if state == "present":
        return JSONResponse(found, media_type=FORMAT)
    links = {"self": {"href": f"{SOURCE}/{kind}/{number}"}}
    left = {"organisasjonsnummer": number, "slettedato": found.get("slettedato"), "_links": links}
    if state == "removed":
        return JSONResponse(left, status_code=410)
    kept = {name: found[name] for name in ("navn", "organisasjonsform") if name in found}
    return JSONResponse({"respons_klasse": CLASSES[kind], **left, **kept}, media_type=FORMAT)


@router.get("/{kind}")
async def search(  # noqa: PLR0917 - the parameters of the address
    store: Stored,
    kind: str,
    navn: str = "",
    organisasjonsnummer: str = "",
    overordnetEnhet: str = "",  # noqa: N803 - the register's own
    size: Annotated[int, Query(ge=0)] = 20,
    page: Annotated[int, Query(ge=0)] = 0,
) -> Response:
    """List units by name, by numbers, or below another; the deleted are in no list."""
    if kind not in EMBEDDED:
        return Response(status_code=404)
    if (page + 1) * size > WINDOW_MAX:
        return refused("(page + 1) * size is at most 10000")
    numbers = [number for number in organisasjonsnummer.split(",") if number]
    if len(numbers) > NUMBERS_MAX:
        return refused("too many numbers")
    if numbers:
        found = [
            unit
            for number in numbers
            if state_of(store, kind, number) == "present"
            and (unit := document(store, kind, number))
        ]
    elif overordnetEnhet:
        found = of_parent(store, kind, overordnetEnhet)
    else:
        found = named(store, kind, navn)
    shown = found[page * size : (page + 1) * size]
    return JSONResponse(_listed(kind, kind, shown, len(found), (page, size)))


def refused(message: str) -> JSONResponse:
    """Refuse a parameter."""
    body = {
        "status": 400,
        "error": "Bad Request",
        "trace": "0",
        "validationErrors": [{"errorMessage": message}],
    }
    return JSONResponse(body, status_code=400)


def _listed(
    path: str, key: str, items: list[Document], total: int, window: tuple[int, int]
) -> Document:
    """Return a page with its links; the next one is named even where it would be refused."""
    page, size = window
    pages = -(-total // size) if size else 0
    links = {"self": {"href": f"{SOURCE}/{path}"}}
    if page + 1 < pages:
        links["next"] = {"href": f"{SOURCE}/{path}?page={page + 1}&size={size}"}
    listed: dict[str, Any] = {"_embedded": {key: items}} if items else {}
    about = {"size": size, "totalElements": total, "totalPages": pages, "number": page}
    return {**listed, "_links": links, "page": about}


def _entry(row: Document, *, with_changes: bool) -> Document:
    kind, number = row["kind"], row["number"]
    entry = {
        "oppdateringsid": row["id"],
        "dato": row["at"],
        "organisasjonsnummer": number,
        "endringstype": row["what"],
        "_links": {LINKS[kind]: {"href": f"{SOURCE}/{kind}/{number}"}},
    }
    if with_changes and row["patch"]:
        entry["endringer"] = json.loads(row["patch"])
    return entry
