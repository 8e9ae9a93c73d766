"""The Finnish register's open data: a hundred companies a page, an empty list for none."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse

from standins.creditsafe.door import store_of
from standins.registries import faults
from standins.registries.store import document, named
from standins.store import Store

PAGE_SIZE = 100

router = APIRouter(prefix="/opendata-ytj-api/v3", tags=["prh"])
Stored = Annotated[Store, Depends(store_of)]


@router.get("/companies")
async def companies(
    store: Stored,
    request: Request,
    name: str = "",
    businessId: str = "",  # noqa: N803 - the register's own
    page: Annotated[int, Query(ge=1)] = 1,
) -> JSONResponse:
    """List companies by number, or by what their names have anywhere."""
    if not name and not businessId:
        return JSONResponse({"message": "no criteria", "errorcode": 1}, status_code=400)
    if businessId:
        one = document(store, "prh", businessId.replace("-", ""))
        found = [one] if one else []
    else:
        found = named(store, "prh", name, anywhere=True)
    if faults.strikes(store, request.url.path, "wrong-company"):
        found = [{**one, "businessId": {"value": "0112038-9"}} for one in found]
    shown = found[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
    return JSONResponse({"totalResults": len(found), "companies": shown})
