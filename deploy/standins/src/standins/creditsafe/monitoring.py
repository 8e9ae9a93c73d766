"""Portfolios, who is in them, and the rules that say what is told of: `/monitoring`."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Query, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from standins.creditsafe.changes import BAND, GLOBAL, LIMIT, LOCAL, company
from standins.creditsafe.clock import naive, now
from standins.creditsafe.door import authenticated, correlation, not_found, problem, store_of
from standins.creditsafe.paging import paging
from standins.creditsafe.ratings import name_of, safe_number, subject_of
from standins.store import Store

router = APIRouter(prefix="/monitoring", dependencies=[Depends(authenticated)])
Stored = Annotated[Store, Depends(store_of)]
Page = Annotated[int, Query(ge=0)]
PageSize = Annotated[int, Query(alias="pageSize", ge=1, le=1000)]

RULES: dict[str, list[tuple[int, str]]] = {
    GLOBAL: [(BAND, "International Rating"), (LIMIT, "Credit Limit"), (105, "Address")],
    "SE": [(LOCAL["SE"], "Local Rating"), (1502, "Payment Remarks")],
    "NO": [(LOCAL["NO"], "Local Rating"), (1602, "Payment Remarks")],
}
"""What can be told of: global rules have the country `XX`, the others are a country's own."""


class Email(BaseModel):
    """Who gets the bureau's own mails."""

    first_name: Annotated[str, Field(alias="firstName")] = ""
    last_name: Annotated[str, Field(alias="lastName")] = ""
    address: Annotated[str, Field(alias="emailAddress")]


class NewPortfolio(BaseModel):
    """What a portfolio is made from."""

    name: Annotated[str, Field(min_length=1)]
    is_default: Annotated[bool, Field(alias="isDefault")] = False
    emails: list[Email] = []
    language: Annotated[str, Field(alias="emailLanguage")] = "en"
    frequency: str = "1"


class NewMember(BaseModel):
    """A company to be watched."""

    id: str
    reference: Annotated[str, Field(alias="personalReference")] = ""
    free_text: Annotated[str, Field(alias="freeText")] = ""
    personal_limit: Annotated[str, Field(alias="personalLimit")] = ""


class RuleSetting(BaseModel):
    """Whether a rule is on in a portfolio, and how."""

    code: Annotated[int, Field(alias="ruleCode")]
    is_active: Annotated[bool, Field(alias="isActive")]
    param0: str = ""
    param1: str = ""
    param2: str = ""


def _portfolio(store: Store, portfolio: int) -> dict[str, Any] | None:
    return store.row("SELECT * FROM portfolios WHERE id = ?", portfolio)


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "portfolioId": row["id"],
        "name": row["name"],
        "isDefault": bool(row["is_default"]),
        "emails": json.loads(row["emails"]),
        "isSharedPortfolio": False,
    }


@router.get("/portfolios")
async def list_portfolios(store: Stored, page: Page = 0, size: PageSize = 50) -> JSONResponse:
    """List the account's portfolios."""
    rows = store.rows("SELECT * FROM portfolios ORDER BY id")
    shown = [_shown(row) for row in rows[page * size : (page + 1) * size]]
    data = {"portfolios": shown, "sharedPortfolios": []}
    return JSONResponse(paging(len(rows), page, size) | {"data": data})


@router.post("/portfolios")
async def create_portfolio(store: Stored, wish: NewPortfolio) -> JSONResponse:
    """Make a portfolio; all its rules are off, and names need not be unique."""
    emails = [
        {"firstName": mail.first_name, "lastName": mail.last_name, "email": mail.address}
        for mail in wish.emails
    ]
    portfolio = store.insert(
        "INSERT INTO portfolios (name, is_default, emails, language) VALUES (?, ?, ?, ?)",
        *(wish.name, wish.is_default, json.dumps(emails), wish.language),
    )
    made = {"portfolioId": portfolio, "name": wish.name, "isDefault": wish.is_default}
    return JSONResponse({"correlationId": correlation(), **made})


@router.delete("/portfolios/{portfolio}")
async def delete_portfolio(store: Stored, portfolio: int) -> Response:
    """Remove a portfolio and all that belongs to it."""
    with store.whole():
        store.run("DELETE FROM members WHERE portfolio_id = ?", portfolio)
        store.run("DELETE FROM rules WHERE portfolio_id = ?", portfolio)
        gone = store.run("DELETE FROM portfolios WHERE id = ?", portfolio)
    return Response(status_code=204) if gone.rowcount else not_found("Portfolio not found")


@router.post("/portfolios/{portfolio}/companies")
async def add_company(store: Stored, portfolio: int, wish: NewMember) -> JSONResponse:
    """Watch a company."""
    country, number = subject_of(wish.id)
    if not _portfolio(store, portfolio) or not company(store, country, number):
        return not_found("Portfolio or company not found")
    added = store.run(
        "INSERT OR IGNORE INTO members VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        *(portfolio, wish.id, country, number, wish.reference, wish.free_text),
        *(wish.personal_limit, naive(now())),
    )
    if not added.rowcount:
        return problem(409, "Company already in portfolio", correlationId=correlation())
    return JSONResponse({"correlationId": correlation(), "message": "Company Added"})


@router.get("/portfolios/{portfolio}/companies")
async def list_companies(
    store: Stored,
    portfolio: int,
    *,
    page: Page = 0,
    size: PageSize = 50,
    search: Annotated[str, Query(alias="searchQuery")] = "",
    country: Annotated[str, Query(alias="countryCode")] = "",
) -> JSONResponse:
    """List who is watched, and how they are rated now."""
    if not _portfolio(store, portfolio):
        return not_found("Portfolio not found")
    rows = store.rows(
        "SELECT * FROM members WHERE portfolio_id = ? AND (? IN ('', country))"
        " AND (company_id || ' ' || reference) LIKE '%' || ? || '%' ORDER BY added_at, company_id",
        *(portfolio, country, search),
    )
    shown = [_member(store, row) for row in rows[page * size : (page + 1) * size]]
    return JSONResponse(paging(len(rows), page, size) | {"data": shown})


def _member(store: Store, row: dict[str, Any]) -> dict[str, Any]:
    found = company(store, row["country"], row["number"])
    assert found  # noqa: S101 - it was known when it was added, and nothing is ever forgotten
    return {
        "id": row["company_id"],
        "safeNumber": safe_number(row["country"], row["number"]),
        "name": name_of(row["country"], row["number"]),
        "countryCode": row["country"],
        "portfolioId": row["portfolio_id"],
        "creditLimit": found.rating.limit_text,
        "dateLastEvent": found.changed_at,
        "freeText": row["free_text"],
        "personalLimit": row["personal_limit"],
        "personalReference": row["reference"],
        "ratingCommon": found.rating.band,
        "ratingLocal": found.rating.score_text,
        "companyStatus": "Active",
        "dateAdded": row["added_at"],
    }


@router.delete("/portfolios/{portfolio}/companies/{identity}")
async def remove_company(store: Stored, portfolio: int, identity: str) -> Response:
    """Stop watching a company."""
    gone = store.run(
        "DELETE FROM members WHERE portfolio_id = ? AND company_id = ?", portfolio, identity
    )
    return Response(status_code=204) if gone.rowcount else not_found("Company not in portfolio")


def _rule(country: str, code: int, name: str, kept: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "isActive": int(kept["is_active"]) if kept else 0,
        "ruleCode": code,
        "ruleCountryCode": country,
        "ruleType": 1,
        "ruleTypeName": "Rating",
        "name": name,
        "param0": kept["param0"] if kept else "",
        "param1": kept["param1"] if kept else "",
        "param2": kept["param2"] if kept else "",
    }


@router.get("/eventRules")
async def all_rules() -> JSONResponse:
    """List every rule there is."""
    return JSONResponse([_rule(cc, *rule, None) for cc, rules in RULES.items() for rule in rules])


@router.get("/eventRules/{country}")
async def country_rules(country: str) -> JSONResponse:
    """List the rules of a country, or the global ones."""
    return JSONResponse([_rule(country, *rule, None) for rule in RULES.get(country, [])])


@router.get("/portfolios/{portfolio}/eventRules/{country}")
async def portfolio_rules(store: Stored, portfolio: int, country: str) -> JSONResponse:
    """List the rules of a country as a portfolio has them set."""
    if not _portfolio(store, portfolio):
        return not_found("Portfolio not found")
    rows = store.rows(
        "SELECT * FROM rules WHERE portfolio_id = ? AND country = ?", portfolio, country
    )
    kept = {row["code"]: row for row in rows}
    rules = RULES.get(country, [])
    return JSONResponse([_rule(country, code, name, kept.get(code)) for code, name in rules])


@router.put("/portfolios/{portfolio}/eventRules/{country}")
async def set_rules(
    store: Stored, portfolio: int, country: str, wished: Annotated[list[RuleSetting], Body()]
) -> Response:
    """Switch rules on and off."""
    if not _portfolio(store, portfolio):
        return not_found("Portfolio not found")
    if not {rule.code for rule in wished} <= {code for code, _ in RULES.get(country, [])}:
        return problem(400, "Bad request", correlationId=correlation(), details="no such rule")
    with store.whole():
        for rule in wished:
            store.run(
                "INSERT OR REPLACE INTO rules VALUES (?, ?, ?, ?, ?, ?, ?)",
                *(portfolio, country, rule.code, rule.is_active),
                *(rule.param0, rule.param1, rule.param2),
            )
    return Response(status_code=204)
