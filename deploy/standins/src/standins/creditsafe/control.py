"""The stand-in's own endpoints, which no bureau has: change a rating, misbehave, tell all."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel, ConfigDict, Field

from standins import misbehaving
from standins.creditsafe.changes import change, company
from standins.creditsafe.door import store_of
from standins.creditsafe.ratings import SCORE_MAX, Rating, is_number, rating_of
from standins.logs import log
from standins.store import Store

router = APIRouter(prefix="/_control", tags=["control"])
router.include_router(misbehaving.router)
Stored = Annotated[Store, Depends(store_of)]


class NewRating(BaseModel):
    """Another rating; what is left out stays as it is, null is no score or no limit."""

    model_config = ConfigDict(extra="forbid")

    score: Annotated[int, Field(ge=0, le=SCORE_MAX)] | None = None
    limit: Annotated[int, Field(ge=0)] | None = None


@router.post("/companies/{country}/{number}")
async def change_rating(store: Stored, country: str, number: str, wish: NewRating) -> Any:
    """Change a company's rating and queue its notifications; a company not known becomes known."""
    if not is_number(country, number):
        raise HTTPException(422, "no such number")
    known = company(store, country, number)
    old = known.rating if known else rating_of(country, number)
    named = wish.model_fields_set
    new = Rating(
        wish.score if "score" in named else old.score,
        wish.limit if "limit" in named else old.limit,
    )
    done = change(store, country, number, new)
    log("rating changed here", country=country, number=number, score=new.score, **done)
    return {"old": _shown(old), "new": _shown(new), **done}


@router.get("/companies/{country}/{number}")
async def show_rating(store: Stored, country: str, number: str) -> Any:
    """Show a company's rating without a token and unmetered."""
    known = company(store, country, number)
    if known is None:
        raise HTTPException(404, "not known here")
    return {"id": known.id, **_shown(known.rating)}


@router.get("/ledger")
async def ledger(store: Stored) -> Any:
    """Tell every change and notification made, every report sold, and who is watched."""
    return {
        "changes": store.rows("SELECT * FROM changes ORDER BY id"),
        "notifications": store.rows("SELECT * FROM notifications ORDER BY id"),
        "reports": store.rows("SELECT * FROM reports ORDER BY id"),
        "portfolios": store.rows("SELECT id, name FROM portfolios ORDER BY id"),
        "members": store.rows("SELECT * FROM members ORDER BY portfolio_id, company_id"),
    }


def _shown(rating: Rating) -> dict[str, Any]:
    return {"score": rating.score, "limit": rating.limit, "band": rating.band}
