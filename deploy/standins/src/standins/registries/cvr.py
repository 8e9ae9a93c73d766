"""The Danish register's distribution: an Elasticsearch index behind a user name and password."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request
from fastapi.responses import JSONResponse

from standins.creditsafe.door import store_of
from standins.registries import faults
from standins.registries.basic import is_basic
from standins.registries.store import Document, document, named, of_parent
from standins.store import Store

ACCOUNT = ("demo", "demo")
KEYS = {"virksomhed": ("cvr", "Vrvirksomhed"), "produktionsenhed": ("cvr-p", "VrproduktionsEnhed")}

router = APIRouter(prefix="/cvr-permanent", tags=["cvr"])
Stored = Annotated[Store, Depends(store_of)]


@router.post("/{index}/_search")
async def search(
    store: Stored,
    request: Request,
    index: str,
    body: dict[str, Any],
    authorization: Annotated[str, Header()] = "",
) -> JSONResponse:
    """Find documents by number, or by words that names begin with."""
    if not is_basic(authorization, *ACCOUNT):
        return JSONResponse({"error": "unauthorized"}, status_code=401)
    if index not in KEYS:
        return JSONResponse({"error": "index_not_found_exception"}, status_code=404)
    kind, key = KEYS[index]
    found = _found(store, kind, body["query"])
    if faults.strikes(store, request.url.path, "wrong-company"):
        found = [{**one, "cvrNummer": 13585628} for one in found]
    first, size = body.get("from", 0), body.get("size", 10)
    hits = [{"_source": {key: one}} for one in found[first : first + size]]
    return JSONResponse({"took": 1, "hits": {"total": len(found), "hits": hits}})


def _found(store: Store, kind: str, query: dict[str, Any]) -> list[Document]:
    (operator, wanted), *_ = query.items()
    value = str(next(iter(wanted.values())))
    if operator == "match_phrase_prefix":
        return [*named(store, kind, value), *named(store, kind, f" {value}", anywhere=True)]
    if kind == "cvr-p":
        return of_parent(store, kind, value)
    one = document(store, kind, value)
    return [one] if one else []
