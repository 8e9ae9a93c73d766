"""Matching numbers and selling data blocks."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse

from standins.creditsafe import faults
from standins.creditsafe.clock import naive, now, zoned
from standins.creditsafe.door import store_of
from standins.creditsafe.ratings import COUNTRIES, name_of
from standins.dnb.companies import Company, by_duns, by_number, model_of
from standins.dnb.door import authenticated, detail, problem
from standins.store import Store

router = APIRouter(dependencies=[Depends(authenticated)])
Stored = Annotated[Store, Depends(store_of)]
NEIGHBOUR = "5560000001"


@router.get("/v1/match/cleanseMatch")
async def match(
    store: Stored,
    number: Annotated[str, Query(alias="registrationNumber")],
    country: Annotated[str, Query(alias="countryISOAlpha2Code")],
) -> JSONResponse:
    """Find a company by its number; a miss is 404, and a hit has a neighbour that looks like it."""
    found = by_number(store, country, number) if country in COUNTRIES else None
    if found is None:
        return problem(404, "20505", "No Match found for the given input criteria.")
    near = by_number(store, country, _neighbour(number))
    hits = [(near, 6)] if near else []
    hits.append((found, 10))
    return JSONResponse(
        {
            "transactionDetail": detail(),
            "candidatesMatchedQuantity": len(hits),
            "matchDataCriteria": "National ID Lookup",
            "matchCandidates": [_hit(place, *hit) for place, hit in enumerate(hits, 1)],
        }
    )


@router.get("/v1/data/duns/{duns}")
async def data(
    duns: str,
    request: Request,
    store: Stored,
    blocks: Annotated[str, Query(alias="blockIDs")],
    customer_reference: Annotated[str, Query(alias="customerReference")] = "",
) -> JSONResponse:
    """Sell a company's blocks."""
    found = by_duns(store, duns)
    if found is None:
        return problem(404, "10001", "Requested product not available due to insufficient data.")
    store.insert(
        "INSERT INTO reports (at, country, number, call_ref) VALUES (?, ?, ?, ?)",
        *(naive(now()), found.country, found.number, customer_reference),
    )
    struck = None
    if faults.present(store).fail in {"partial", "wrong-company"}:
        struck = faults.strike(store, request.url.path)
    said = _organization(found, blocks, struck.fail if struck else None, model_of(store))
    return JSONResponse({"transactionDetail": detail(), "organization": said})


def _neighbour(number: str) -> str:
    return number[:-1] + str((int(number[-1]) + 1) % 10)


def _numbers(number: str) -> list[dict[str, Any]]:
    kind = {"typeDescription": "Registration Number", "typeDnBCode": 0}
    return [{"registrationNumber": number, **kind}]


def _hit(place: int, found: Company, confidence: int) -> dict[str, Any]:
    return {
        "displaySequence": place,
        "organization": {
            "duns": found.duns,
            "dunsControlStatus": {
                "operatingStatus": {"description": "Active", "dnbCode": 9074},
            },
            "primaryName": name_of(found.country, found.number),
            "registrationNumbers": _numbers(found.number),
        },
        "matchQualityInformation": {"confidenceCode": confidence, "nameMatchScore": 100.0},
    }


def _organization(found: Company, blocks: str, fault: str | None, model: str) -> dict[str, Any]:
    number = NEIGHBOUR if fault == "wrong-company" else found.number
    said: dict[str, Any] = {
        "duns": found.duns,
        "primaryName": name_of(found.country, found.number),
        "countryISOAlpha2Code": found.country,
        "dunsControlStatus": {"operatingStatus": {"description": "Active", "dnbCode": 9074}},
        "registrationNumbers": _numbers(number),
    }
    if "financialstrengthinsight" in blocks and fault != "partial":
        said["dnbAssessment"] = _assessment(found, model)
    return said


def _assessment(found: Company, model: str) -> dict[str, Any]:
    on = (found.changed_at or zoned(now()))[:10]
    said: dict[str, Any] = {
        # A company without a grade has a list where others have an object.
        "nordicAAARating": {"rating": found.grade} if found.grade else [],
        "hasSevereNegativeEvents": found.grade == "C",
    }
    if found.percentile is not None:
        said["failureScore"] = {
            "scoreDate": on,
            "nationalPercentile": found.percentile,
            "scoreModel": {"description": model, "dnbCode": 0},
        }
    if found.limit is not None:
        limit = {"value": found.limit, "currency": found.currency}
        said["creditLimitRecommendation"] = {"assessmentDate": on, "maximumRecommendedLimit": limit}
    return said
