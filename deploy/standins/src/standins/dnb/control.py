"""The stand-in's own endpoints: rate otherwise, merge, misbehave, tell all."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel, ConfigDict, Field

from standins import misbehaving
from standins.creditsafe.door import store_of
from standins.creditsafe.ratings import is_number
from standins.dnb.companies import GRADES, Company, by_number, change, change_model, merge
from standins.store import Store

router = APIRouter(prefix="/_control", tags=["control"])
router.include_router(misbehaving.router)
Stored = Annotated[Store, Depends(store_of)]


class NewRating(BaseModel):
    """Another rating; what is left out stays as it is, null is none."""

    model_config = ConfigDict(extra="forbid")

    grade: str | None = None
    score: Annotated[int, Field(ge=1, le=100)] | None = None
    limit: Annotated[int, Field(ge=0)] | None = None


@router.post("/companies/{country}/{number}")
async def change_rating(store: Stored, country: str, number: str, wish: NewRating) -> Any:
    """Rate a company otherwise; whoever has registered it is told."""
    known = by_number(store, country, number) if is_number(country, number) else None
    if known is None or (wish.grade is not None and wish.grade not in GRADES):
        raise HTTPException(422, "no such company or grade")
    named = wish.model_fields_set
    new = Company(
        country,
        number,
        known.duns,
        wish.grade if "grade" in named else known.grade,
        wish.score if "score" in named else known.percentile,
        wish.limit if "limit" in named else known.limit,
        known.changed_at,
    )
    return change(store, known, new)


@router.get("/companies/{country}/{number}")
async def show_rating(store: Stored, country: str, number: str) -> Any:
    """Show a company without a token and unmetered."""
    known = by_number(store, country, number) if is_number(country, number) else None
    if known is None:
        raise HTTPException(404, "not known here")
    return {"id": known.duns, "grade": known.grade, "score": known.percentile, "limit": known.limit}


class NewModel(BaseModel):
    """Another version of the model."""

    model_config = ConfigDict(extra="forbid")

    version: Annotated[str, Field(min_length=1, max_length=100)]


@router.post("/model")
async def rate_by_another_model(store: Stored, wish: NewModel) -> dict[str, int]:
    """Rate everybody who is registered by another version of the model, in one night."""
    return {"moved": change_model(store, wish.version)}


@router.post("/companies/{country}/{number}/merged-into/{duns}")
async def merge_company(store: Stored, country: str, number: str, duns: str) -> Any:
    """Merge a company's DUNS into another one."""
    known = by_number(store, country, number)
    if known is None:
        raise HTTPException(404, "not known here")
    return merge(store, known, duns)


@router.get("/ledger")
async def ledger(store: Stored) -> Any:
    """Tell every change made, every notification queued, every report sold, who is registered."""
    return {
        "changes": store.rows("SELECT * FROM changes ORDER BY id"),
        "notifications": store.rows("SELECT * FROM queue ORDER BY id"),
        "reports": store.rows("SELECT * FROM reports ORDER BY id"),
        "portfolios": store.rows("SELECT reference AS id, reference AS name FROM registrations"),
        "reads": store.rows("SELECT kind, count(*) AS times FROM reads GROUP BY kind"),
        "members": store.rows(
            "SELECT s.reference AS portfolio_id, s.duns, c.country, c.number FROM subjects s"
            " LEFT JOIN companies c ON c.duns = s.duns ORDER BY s.reference, s.duns"
        ),
    }
