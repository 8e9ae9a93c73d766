"""Searching companies and fetching reports: `/companies`."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse

from standins.creditsafe import faults
from standins.creditsafe.changes import Company, company
from standins.creditsafe.clock import naive, now, parse, zoned
from standins.creditsafe.door import authenticated, correlation, not_found, problem, store_of
from standins.creditsafe.ratings import (
    COUNTRIES,
    SCORE_MAX,
    Rating,
    name_of,
    safe_number,
    subject_of,
)
from standins.store import Store

router = APIRouter(dependencies=[Depends(authenticated)])
PAGE_SIZE_MAX = 200


@router.get("/companies")
async def search(
    store: Annotated[Store, Depends(store_of)],
    countries: str,
    reg_no: Annotated[str, Query(alias="regNo")] = "",
    page: Annotated[int, Query(ge=1)] = 1,
    page_size: Annotated[int, Query(alias="pageSize", ge=1, le=PAGE_SIZE_MAX)] = 10,
) -> JSONResponse:
    """Find companies by number; a miss is an answer with a message, not an error."""
    asked = countries.split(",")
    if not set(asked) <= set(COUNTRIES):
        return problem(403, "Access forbidden")
    number = "".join(sign for sign in reg_no if sign.isalnum())
    found = [hit for country in asked if (hit := company(store, country, number))]
    shown = found[(page - 1) * page_size : page * page_size]
    messages = [] if found else [{"type": "Information", "code": "NoResults", "text": "No results"}]
    return JSONResponse(
        {
            "correlationId": correlation(),
            "messages": messages,
            "totalSize": len(found),
            "companies": [_hit(hit) for hit in shown],
        }
    )


@router.get("/companies/{identity}")
async def report(
    identity: str,
    request: Request,
    store: Annotated[Store, Depends(store_of)],
    call_ref: Annotated[str, Query(alias="callRef")] = "",
) -> JSONResponse:
    """Sell a report on a company."""
    found = company(store, *subject_of(identity))
    if found is None:
        return not_found("Company not found")
    store.insert(
        "INSERT INTO reports (at, country, number, call_ref) VALUES (?, ?, ?, ?)",
        *(naive(now()), found.country, found.number, call_ref),
    )
    struck = None
    if faults.present(store).fail in {"partial", "wrong-company"}:
        struck = faults.strike(store, request.url.path)
    return JSONResponse(_report(found, struck.fail if struck else None))


def _hit(found: Company) -> dict[str, Any]:
    street = {"street": "Exempelgatan", "houseNumber": "2", "city": "GRANHULT"}
    return {
        "id": found.id,
        "country": found.country,
        "regNo": found.number,
        "safeNo": safe_number(found.country, found.number),
        "name": name_of(found.country, found.number),
        "type": "Ltd",
        "officeType": "headOffice",
        "status": "Active",
        "address": {"type": "registered", **street, "postalCode": "12345"},
        "dateOfLatestChange": zoned(parse(found.changed_at)) if found.changed_at else None,
    }


def _rating(country: str, rating: Rating) -> dict[str, Any]:
    return {
        "commonValue": rating.band,
        "commonDescription": rating.description,
        "creditLimit": {"currency": COUNTRIES[country][1], "value": rating.limit_text},
        "providerValue": {"maxValue": str(SCORE_MAX), "minValue": "0", "value": rating.score_text},
        "providerDescription": rating.description.capitalize(),
    }


def _report(found: Company, fault: str | None) -> dict[str, Any]:
    """Return a report as Connect writes it; a fault may leave the rating out or mix it up."""
    number = found.number[::-1] if fault == "wrong-company" else found.number
    rating = None if fault == "partial" else _rating(found.country, found.rating)
    summary = {
        "businessName": name_of(found.country, found.number),
        "country": found.country,
        "companyNumber": safe_number(found.country, found.number),
        "companyRegistrationNumber": number,
        "companyStatus": {"status": "Active", "description": "Active"},
        "creditRating": rating,
    }
    score = {
        "currentCreditRating": rating,
        "previousCreditRating": found.previous and _rating(found.country, found.previous),
        "latestRatingChangeDate": zoned(parse(found.changed_at)) if found.changed_at else None,
    }
    body = {"companyId": found.id, "language": "en", "companySummary": summary}
    return {
        "correlationId": correlation(),
        "failedSections": ["creditScore"] if fault == "partial" else [],
        "companyId": found.id,
        "dateOfOrder": zoned(now()),
        "language": "en",
        "userId": str(UUID(int=1)),
        "report": {**body, "creditScore": score, "negativeInformation": {}, "groupStructure": {}},
    }
