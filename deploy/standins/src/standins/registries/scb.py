"""Statistics Sweden's "Sök på var": flat rows, ten calls in ten seconds, 2,000 rows each."""

import time
from collections import deque
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from standins.creditsafe.door import store_of
from standins.creditsafe.faults import present
from standins.registries import faults
from standins.registries.store import Document, document, named, of_parent
from standins.store import Store

ROWS_MAX = 2_000
CALLS_MAX, CALLS_SECONDS = 10, 10.0

router = APIRouter(prefix="/nv0101/v1/sokpavar/api", tags=["scb"])
Stored = Annotated[Store, Depends(store_of)]
_calls: deque[float] = deque(maxlen=CALLS_MAX)


class Variable(BaseModel):
    """One condition."""

    Variabel: str
    Operator: str
    Varde1: str
    Varde2: str = ""


class Question(BaseModel):
    """All conditions."""

    variabler: list[Variable]
    Kategorier: list[dict[str, Any]] = []


@router.post("/{what}/{verb}")
async def rows(
    store: Stored, request: Request, what: str, verb: str, question: Question
) -> JSONResponse:
    """Count rows, or return them; more than there may be are refused."""
    if present(store).limits and _is_too_often():
        return JSONResponse({"Message": "Too many requests"}, status_code=429)
    if what not in {"je", "ae"}:
        return JSONResponse({"Message": "Not found"}, status_code=404)
    found = _found(store, what, question.variabler[0])
    if verb.startswith("rakna"):
        return JSONResponse(len(found))
    if len(found) > ROWS_MAX:
        return JSONResponse({"Message": "För många rader"}, status_code=400)
    if faults.strikes(store, request.url.path, "wrong-company"):
        found = [{**row, "PeOrgNr": "165299999994", "OrgNr": "5299999994"} for row in found]
    return JSONResponse(found)


def _found(store: Store, what: str, wanted: Variable) -> list[Document]:
    if wanted.Operator == "BorjarPa":
        return named(store, f"scb-{what}", wanted.Varde1)
    if what == "ae":
        return of_parent(store, "scb-ae", wanted.Varde1)
    one = document(store, "scb-je", wanted.Varde1)
    return [one] if one else []


def _is_too_often() -> bool:
    """Say whether this is the eleventh call within ten seconds."""
    now = time.monotonic()
    if len(_calls) == CALLS_MAX and now - _calls[0] < CALLS_SECONDS:
        return True
    _calls.append(now)
    return False
