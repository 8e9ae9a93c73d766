"""Registrations: who is registered, and a queue that is read once."""

import json
from email import message_from_bytes
from email.message import Message
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse

from standins.creditsafe import faults
from standins.creditsafe.clock import now, parse
from standins.creditsafe.door import store_of
from standins.dnb.companies import by_duns
from standins.dnb.door import authenticated, detail, problem
from standins.store import Store

router = APIRouter(prefix="/v1/monitoring/registrations", dependencies=[Depends(authenticated)])
Stored = Annotated[Store, Depends(store_of)]
KEPT_SECONDS, REPLAYED_SECONDS = 4 * 86_400, 14 * 86_400
"""How long what nobody reads is kept, and what was read can be read again."""
MOST = 100
Most = Annotated[int, Query(alias="maxNotifications", ge=1, le=MOST)]


def _form(kind: str, body: bytes) -> dict[str, str]:
    """Read a form in parts (RFC 7578)."""
    message = message_from_bytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body)
    parts = message.get_payload() if message.is_multipart() else []
    return {
        str(part.get_param("name", header="content-disposition")): str(part.get_payload()).strip()
        for part in parts
        if isinstance(part, Message)
    }


def _no_registration() -> JSONResponse:
    return problem(404, "21001", "Registration not found")


def _is_there(store: Store, reference: str) -> bool:
    return bool(store.row("SELECT 1 FROM registrations WHERE reference = ?", reference))


@router.post("")
async def register(request: Request, store: Stored) -> JSONResponse:
    """Make a registration; its reference is unique."""
    form = _form(request.headers.get("content-type", ""), await request.body())
    reference = form.get("reference", "")
    if not reference or form.get("deliveryTrigger") != "API_PULL":
        return problem(400, "21002", "Missing or invalid parameters")
    if _is_there(store, reference):
        return problem(409, "21003", "Registration already exists")
    description = form.get("description", "")
    store.run("INSERT INTO registrations VALUES (?, ?)", reference, description)
    said = {"code": "21101", "message": "Registration created"}
    return JSONResponse({"transactionDetail": detail(), "information": said}, status_code=201)


@router.get("/export/{reference}/subjects")
async def export(
    reference: str,
    store: Stored,
    number: Annotated[int, Query(alias="page[number]", ge=1)] = 1,
    size: Annotated[int, Query(alias="page[size]", ge=1, le=1000)] = 1000,
) -> JSONResponse:
    """List who is registered; who was just added may be missing for a while."""
    if not _is_there(store, reference):
        return _no_registration()
    rows = store.rows(
        "SELECT duns FROM subjects WHERE reference = ? AND visible_from <= ? ORDER BY duns",
        reference,
        now().timestamp(),
    )
    shown = rows[(number - 1) * size : number * size]
    following = {"next": f"?page[number]={number + 1}"} if number * size < len(rows) else {}
    return JSONResponse(
        {
            "transactionDetail": detail(),
            "inquiryDetail": {"reference": reference},
            "subjectsCount": len(rows),
            "subjects": shown,
            "links": following,
        }
    )


@router.post("/{reference}/subjects/{duns}")
async def add(reference: str, duns: str, store: Stored) -> JSONResponse:
    """Register a company: at once or, where it is slow, some time after it said so."""
    if not _is_there(store, reference) or by_duns(store, duns) is None:
        return problem(404, "21004", "Registration or subject not found")
    slow = faults.present(store).pending_seconds
    store.run(
        "INSERT OR IGNORE INTO subjects VALUES (?, ?, ?)",
        *(reference, duns, now().timestamp() + slow),
    )
    code, message = ("21108", "Pending") if slow else ("21113", "Subject added")
    said = {"code": code, "message": message}
    body = {"transactionDetail": detail(), "information": said}
    return JSONResponse(body, status_code=202 if slow else 200)


@router.delete("/{reference}/subjects/{duns}")
async def remove(reference: str, duns: str, store: Stored) -> JSONResponse:
    """Let a company go."""
    gone = store.run("DELETE FROM subjects WHERE reference = ? AND duns = ?", reference, duns)
    if not gone.rowcount:
        return problem(404, "21005", "Subject not found")
    said = {"code": "21114", "message": "Subject removed"}
    return JSONResponse({"transactionDetail": detail(), "information": said})


@router.get("/{reference}/notifications")
async def pull(reference: str, store: Stored, most: Most = MOST) -> JSONResponse:
    """Give what nobody has read; what is given is read, whether it arrives or not."""
    moment = now().timestamp()
    rows = store.rows(
        "SELECT id, body FROM queue WHERE reference = ? AND read_at IS NULL"
        " AND visible_from <= ? AND delivered >= ? ORDER BY id LIMIT ?",
        *(reference, moment, moment - KEPT_SECONDS, most),
    )
    store.insert("INSERT INTO reads (kind) VALUES ('pull')")
    if not rows:
        return problem(404, "21006", "No notifications found")
    with store.whole():
        for row in rows:
            store.run("UPDATE queue SET read_at = ? WHERE id = ?", moment, row["id"])
    return _told(store, reference, rows)


@router.get("/{reference}/notifications/replay")
async def replay(
    reference: str,
    store: Stored,
    since: Annotated[str, Query(alias="replayStartTimestamp")],
    most: Most = MOST,
) -> JSONResponse:
    """Give once more what was read, oldest first."""
    start = max(parse(since).timestamp(), now().timestamp() - REPLAYED_SECONDS)
    rows = store.rows(
        "SELECT id, body FROM queue WHERE reference = ? AND read_at IS NOT NULL"
        " AND delivered >= ? ORDER BY delivered, id LIMIT ?",
        *(reference, start, most),
    )
    store.insert("INSERT INTO reads (kind) VALUES ('replay')")
    if not rows:
        return problem(404, "21006", "No notifications found")
    return _told(store, reference, rows)


def _told(store: Store, reference: str, rows: list[dict[str, Any]]) -> JSONResponse:
    present = faults.present(store)
    told = [json.loads(row["body"]) for row in rows for _ in range(1 + present.repeat)]
    if present.reorder:
        told.reverse()
    return JSONResponse(
        {
            "transactionDetail": detail(),
            "inquiryDetail": {"reference": reference},
            "notifications": told,
        }
    )
