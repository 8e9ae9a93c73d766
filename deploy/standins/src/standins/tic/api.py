"""Search, scores and watchlists."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Depends, HTTPException, Query, Request
from fastapi.responses import JSONResponse

from standins.creditsafe import faults
from standins.creditsafe.clock import naive, now
from standins.creditsafe.door import store_of
from standins.creditsafe.ratings import name_of
from standins.store import Store
from standins.tic.companies import COUNTRY, KINDS, Company, by_id, by_number, stamp, told

Stored = Annotated[Store, Depends(store_of)]
EXACT = "registrationNumber:="
NEIGHBOUR = "5560000001"


async def authenticated(request: Request) -> None:
    """Let nobody in without the key."""
    if request.headers.get("x-api-key") != request.app.state.key:
        raise HTTPException(401, "The API key is not valid.")


router = APIRouter(dependencies=[Depends(authenticated)])


@router.get("/search-public/companies")
async def search(
    store: Stored,
    q: str,
    filter_by: str = "",
    query_by: str = "",
    per_page: Annotated[int, Query(ge=1, le=50)] = 10,
) -> JSONResponse:
    """Search; by number it forgives a slip, so that near misses are found too, even first."""
    number = filter_by.removeprefix(EXACT) if filter_by.startswith(EXACT) else q
    near = f"{number[:-1]}{(int(number[-1:] or 0) + 1) % 10}" if number.isdigit() else ""
    asked = (near, number) if query_by == "registrationNumber" or filter_by else (number,)
    found = [hit for one in asked if one and (hit := by_number(store, one))][:per_page]
    hits = [{"document": _document(hit)} for hit in found]
    return JSONResponse({"found": len(hits), "page": 1, "hits": hits})


def _document(found: Company) -> dict[str, Any]:
    return {
        "id": str(found.id),
        "companyId": found.id,
        "registrationNumber": found.number,
        "names": [{"nameOrIdentifier": name_of(COUNTRY, found.number)}],
        "legalEntityType": "AB",
        "isCeased": False,
    }


@router.get("/datasets/companies/{identity}/credit-score")
async def score(identity: int, request: Request, store: Stored) -> JSONResponse:
    """Tell a company's score: 100 is best, 0 cannot be determined."""
    found = by_id(store, identity)
    if found is None:
        return JSONResponse({"message": "Company not found"}, status_code=404)
    store.insert(
        "INSERT INTO reports (at, country, number, call_ref) VALUES (?, ?, ?, ?)",
        *(naive(now()), COUNTRY, found.number, ""),
    )
    struck = None
    if faults.present(store).fail in {"partial", "wrong-company"}:
        struck = faults.strike(store, request.url.path)
    said: dict[str, Any] = {
        "companyId": found.id,
        "registrationNumber": found.number,
        "creditScore": found.score or 0,
        "creditScoreReasons": ["Omsättning"] if found.score else ["Underlag saknas"],
        "lastUpdatedAtUtc": found.changed_at or stamp(now()),
    }
    if struck and struck.fail == "partial":
        del said["creditScore"], said["creditScoreReasons"]
    if struck and struck.fail == "wrong-company":
        said["registrationNumber"] = NEIGHBOUR
    return JSONResponse(said)


@router.get("/watchlists")
async def lists(store: Stored) -> JSONResponse:
    """List the watchlists; names are not unique."""
    rows = store.rows("SELECT id, name FROM watchlists ORDER BY rowid")
    return JSONResponse([{"watchListId": row["id"], "name": row["name"]} for row in rows])


@router.post("/watchlists")
async def make(store: Stored, wish: Annotated[dict[str, Any], Body()]) -> JSONResponse:
    """Make a watchlist, without any subscription."""
    made = str(UUID(int=int(now().timestamp() * 1_000_000)))
    store.run("INSERT INTO watchlists (id, name) VALUES (?, ?)", made, str(wish["name"]))
    return JSONResponse({"watchListId": made, "name": wish["name"]})


def _known(store: Store, watchlist: str) -> None:
    if not store.row("SELECT 1 FROM watchlists WHERE id = ?", watchlist):
        raise HTTPException(404, "There is no such watchlist.")


@router.post("/watchlists/{watchlist}/subscriptions")
async def subscribe(
    store: Stored, watchlist: str, wish: Annotated[dict[str, Any], Body()]
) -> JSONResponse:
    """Have a kind of event recorded: without that nothing is."""
    _known(store, watchlist)
    kind = str(wish.get("eventType"))
    if kind not in KINDS:
        raise HTTPException(400, "There is no such event type.")
    store.run("INSERT OR IGNORE INTO subscriptions VALUES (?, ?)", watchlist, kind)
    return JSONResponse([{"subscriptionId": f"{watchlist}-{kind}", "eventType": kind}])


@router.post("/watchlists/{watchlist}/notifications")
async def notify(
    store: Stored, watchlist: str, wish: Annotated[dict[str, Any], Body()]
) -> JSONResponse:
    """Have events pushed somewhere."""
    _known(store, watchlist)
    where = str(wish["destination"])
    store.run("UPDATE watchlists SET destination = ? WHERE id = ?", where, watchlist)
    said = {"notificationId": watchlist, "destination": where, "destinationType": "webhook"}
    return JSONResponse({**said, "hasBeenValidated": True, "lastUpdatedAtUtc": stamp(now())})


@router.get("/watchlists/{watchlist}/members")
async def members(
    store: Stored, watchlist: str, page: int = 1, per_page: Annotated[int, Query(le=500)] = 500
) -> JSONResponse:
    """List who is watched."""
    _known(store, watchlist)
    rows = store.rows(
        "SELECT company, external FROM members WHERE watchlist = ? ORDER BY id LIMIT ? OFFSET ?",
        *(watchlist, per_page, (page - 1) * per_page),
    )
    return JSONResponse(
        [{"companyId": row["company"], "externalId": row["external"]} for row in rows]
    )


@router.put("/watchlists/{watchlist}/members/{identity}")
async def add(
    store: Stored, watchlist: str, identity: int, wish: Annotated[dict[str, Any], Body()]
) -> JSONResponse:
    """Watch a company; being there already is as good."""
    _known(store, watchlist)
    if by_id(store, identity) is None:
        raise HTTPException(404, "There is no such company.")
    store.run(
        "INSERT OR IGNORE INTO members (watchlist, company, external) VALUES (?, ?, ?)",
        *(watchlist, identity, str(wish.get("externalId") or "")),
    )
    return JSONResponse({"companyId": identity})


@router.delete("/watchlists/{watchlist}/members/{identity}")
async def remove(store: Stored, watchlist: str, identity: int) -> JSONResponse:
    """Watch a company no longer."""
    _known(store, watchlist)
    gone = store.run("DELETE FROM members WHERE watchlist = ? AND company = ?", watchlist, identity)
    return JSONResponse({"removed": gone.rowcount}, status_code=200 if gone.rowcount else 404)


@router.post("/watchlists/{watchlist}/events")
async def events(
    store: Stored, watchlist: str, wish: Annotated[dict[str, Any], Body()]
) -> JSONResponse:
    """List what was recorded, row by row."""
    _known(store, watchlist)
    start, end = int(wish.get("startRow", 0)), int(wish.get("endRow", 100))
    since = (wish.get("filterModel") or {}).get("lastUpdatedAtUtc", {}).get("dateFrom", "")
    rows = store.rows(
        "SELECT * FROM events WHERE watchlist = ? AND visible_from <= ? AND updated >= ?"
        " ORDER BY id",
        *(watchlist, now().timestamp(), since),
    )
    present = faults.present(store)
    listed = [told(row) for row in rows[start:end] for _ in range(1 + present.repeat)]
    if present.reorder:
        listed.reverse()
    return JSONResponse({"rows": listed, "lastRow": len(rows)})
