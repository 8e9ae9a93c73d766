"""Ratings by bureaus without an interface, reported over HTTP as their files have them."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from contracts.credit_bureaus import ReportRatings, Scale
from contracts.values import CountryCode
from gateway.asked_by import BureauManager
from gateway.asking import Asked, Written, written
from gateway.bureaus.ratings_file import ratings_in
from gateway.problems import Refused

router = APIRouter(prefix="/bureaus/csv", tags=["settings"])

KIND = "text/csv"
FILE = {
    "requestBody": {
        "required": True,
        "description": "Headings in Swedish or English, `;` or `,` between the cells.",
        "content": {
            KIND: {
                "schema": {"type": "string"},
                "example": "Orgnr;Betyg;Limit;Datum\n556036-0793;4;450 000;2026-11-20\n",
            }
        },
    }
}


@router.post("/ratings", openapi_extra=FILE)
async def report_ratings(
    *,
    _who: BureauManager,
    asked: Asked,
    request: Request,
    response: Response,
    scale: Annotated[
        Scale, Query(description="Which grades the file has, the least risk first.")
    ] = "A-E",
    country: Annotated[
        CountryCode, Query(description="Whose numbers they are where no column says so.")
    ] = "SE",
) -> Written:
    """Report how a bureau rates companies: all rows, or none and what is wrong with them.

    Companies whose tenant has chosen the bureau `csv` are rated and watched by what is reported.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != KIND:
        raise Refused("unsupported-media-type", f"Send the file as {KIND}.")
    rows = ratings_in(await request.body(), scale, country)
    return written(response, await asked.ask(ReportRatings(**asked.stamp(scale=scale, rows=rows))))
