"""The stand-in's own endpoints: score otherwise, misbehave, tell all; and its pushes."""

import asyncio
import json
import urllib.request
from typing import Annotated, Any

from fastapi import APIRouter, BackgroundTasks, Depends, HTTPException
from pydantic import BaseModel, ConfigDict, Field

from standins import misbehaving
from standins.creditsafe import faults
from standins.creditsafe.door import store_of
from standins.logs import log
from standins.store import Store
from standins.tic.companies import COUNTRY, by_number, change, told

router = APIRouter(prefix="/_control", tags=["control"])
router.include_router(misbehaving.router)
Stored = Annotated[Store, Depends(store_of)]
ATTEMPTS = 3
"""A push that fails so often is lost."""
PUSH_SECONDS_MAX = 2.0
PAUSE_SECONDS = 0.2


class NewScore(BaseModel):
    """Another score; null and 0 cannot be determined."""

    model_config = ConfigDict(extra="forbid")

    score: Annotated[int, Field(ge=0, le=100)] | None = None


@router.post("/companies/{country}/{number}")
async def change_score(
    store: Stored, country: str, number: str, wish: NewScore, later: BackgroundTasks
) -> Any:
    """Score a company otherwise; whoever watches it is pushed to."""
    known = by_number(store, number) if country == COUNTRY else None
    if known is None:
        raise HTTPException(422, "no such company")
    recorded = change(store, known, wish.score)
    later.add_task(_push, store, recorded)
    return {"events": recorded}


@router.get("/companies/{country}/{number}")
async def show_score(store: Stored, country: str, number: str) -> Any:
    """Show a company without a key and unmetered."""
    known = by_number(store, number) if country == COUNTRY else None
    if known is None:
        raise HTTPException(404, "not known here")
    return {"id": known.id, "score": known.score}


@router.get("/ledger")
async def ledger(store: Stored) -> Any:
    """Tell every change made, every event recorded, every score told, and who is watched."""
    return {
        "changes": store.rows("SELECT * FROM changes ORDER BY id"),
        "notifications": store.rows("SELECT * FROM events ORDER BY id"),
        "reports": store.rows("SELECT * FROM reports ORDER BY id"),
        "portfolios": store.rows("SELECT id, name, destination FROM watchlists"),
        "members": store.rows(
            "SELECT m.watchlist AS portfolio_id, m.external AS reference, c.number FROM members m"
            " JOIN companies c ON c.id = m.company ORDER BY m.id"
        ),
    }


async def _push(store: Store, recorded: list[int]) -> None:
    """Push each event, three times at most; the body is a list of one."""
    for identity in recorded:
        row = store.row(
            "SELECT e.*, w.destination FROM events e JOIN watchlists w ON w.id = e.watchlist"
            " WHERE e.id = ?",
            identity,
        )
        if row is None or not row["destination"] or faults.present(store).hide_seconds:
            continue
        for _ in range(ATTEMPTS):
            done = await asyncio.to_thread(_send, row["destination"], json.dumps([told(row)]))
            if done:
                store.run("UPDATE events SET pushes = pushes + 1 WHERE id = ?", identity)
                break
            await asyncio.sleep(PAUSE_SECONDS)


def _send(destination: str, body: str) -> bool:
    request = urllib.request.Request(  # noqa: S310 - where we were told to push to
        destination,
        method="POST",
        data=body.encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=PUSH_SECONDS_MAX) as answer:  # noqa: S310
            return bool(answer.status // 100 == 2)  # noqa: PLR2004 - HTTP's own
    except OSError as error:
        log("push failed", why=str(error))
        return False
