"""GLEIF: JSON:API records by filters, and completions that lead to them."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from standins.creditsafe.door import store_of
from standins.registries import faults
from standins.registries.store import Document, document, named
from standins.store import Store

PAGE_SIZE = 15

router = APIRouter(prefix="/api/v1", tags=["gleif"])
Stored = Annotated[Store, Depends(store_of)]


@router.get("/lei-records")
async def records(store: Stored, request: Request) -> JSONResponse:
    """List records by number at a national register, or by identifier."""
    asked = request.query_params
    numbers = asked.get("filter[entity.registeredAs]", "").split(",")
    ids = [one for one in asked.get("filter[lei]", "").split(",") if one]
    known = [document(store, "gleif-lei", one) for one in ids] or [
        document(store, "gleif", number) for number in numbers if number
    ]
    country = asked.get("filter[entity.legalAddress.country]")
    found = [one for one in known if one and country in {None, _country(one)}]
    if faults.strikes(store, request.url.path, "wrong-company"):
        found = [_of_another(one) for one in found]
    page = {"currentPage": 1, "perPage": PAGE_SIZE, "total": len(found), "lastPage": 1}
    return JSONResponse({"meta": {"pagination": page}, "data": found})


@router.get("/fuzzycompletions")
async def completions(store: Stored, q: str = "", field: str = "") -> JSONResponse:
    """Complete a name; some completions lead to no record."""
    if not field or not q:
        return JSONResponse({"errors": [{"title": "missing"}]}, status_code=400)
    data = [
        {
            "type": "fuzzycompletions",
            "attributes": {"value": one["attributes"]["entity"]["legalName"]["name"]},
            "relationships": {"lei-records": {"data": {"type": "lei-records", "id": one["id"]}}},
        }
        for one in named(store, "gleif-lei", q, anywhere=True)[:PAGE_SIZE]
    ]
    bare = {"type": "fuzzycompletions", "attributes": {"value": q.upper()}}
    return JSONResponse({"data": [*data, bare] if data else []})


def _country(record: Document) -> str:
    return str(record["attributes"]["entity"]["legalAddress"]["country"])


def _of_another(record: Document) -> Document:
    attributes = record["attributes"]
    entity = {**attributes["entity"], "registeredAs": "99999999"}
    return {**record, "attributes": {**attributes, "entity": entity}}
