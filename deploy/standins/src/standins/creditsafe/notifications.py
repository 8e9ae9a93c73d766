"""What was told of, as it is polled: `/monitoring/notificationEvents`."""

from hashlib import blake2b
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.responses import JSONResponse

from standins.creditsafe import faults
from standins.creditsafe.clock import naive, now, parse
from standins.creditsafe.door import authenticated, store_of
from standins.creditsafe.monitoring import RULES
from standins.creditsafe.paging import paging
from standins.creditsafe.ratings import name_of, safe_number, subject_of
from standins.store import Store

router = APIRouter(prefix="/monitoring", dependencies=[Depends(authenticated)])
RULE_NAMES = {code: name for rules in RULES.values() for code, name in rules}
SORTED_BY = {"eventId": "n.id", "eventDate": "n.event_at", "countryCode": "n.company_id"}
EVENT_OFFSET, NOTIFICATION_OFFSET = 426_000_000, 51_000_000
"""The bureau's several ids of one thing are not alike."""


class Asked:
    """Which notifications, in which order, and how many at a time."""

    def __init__(
        self,
        *,
        start: Annotated[str, Query(alias="startDate")] = "",
        end: Annotated[str, Query(alias="endDate")] = "",
        by_created: Annotated[bool, Query(alias="filterByCreatedDate")] = False,
        sort_by: Annotated[str, Query(alias="sortBy")] = "eventDate",
        direction: Annotated[Literal["asc", "desc"], Query(alias="sortDir")] = "desc",
        page: Annotated[int, Query(ge=0)] = 0,
        size: Annotated[int, Query(alias="pageSize", ge=1, le=1000)] = 50,
    ) -> None:
        self.start = naive(parse(start)) if start else ""
        self.end = naive(parse(end)) if end else "9"
        self.column = "n.processed_at" if by_created else "n.event_at"
        self.order = f"{SORTED_BY.get(sort_by, 'n.company_id')} {direction}, n.id {direction}"
        self.page = page
        self.size = size


@router.get("/notificationEvents")
async def all_events(
    store: Annotated[Store, Depends(store_of)], asked: Annotated[Asked, Depends()]
) -> JSONResponse:
    """List what the account was told of."""
    return _listed(store, asked, "1", ())


@router.get("/portfolios/{portfolio}/notificationEvents")
async def portfolio_events(
    portfolio: int,
    store: Annotated[Store, Depends(store_of)],
    asked: Annotated[Asked, Depends()],
) -> JSONResponse:
    """List what one portfolio was told of."""
    return _listed(store, asked, "n.portfolio_id = ?", (portfolio,))


def _listed(store: Store, asked: Asked, where: str, values: tuple[Any, ...]) -> JSONResponse:
    rows = store.rows(
        "SELECT n.*, p.name AS portfolio_name FROM notifications n"
        " JOIN portfolios p ON p.id = n.portfolio_id"
        f" WHERE n.visible_from <= ? AND {asked.column} >= ? AND {asked.column} <= ? AND {where}"
        f" ORDER BY {asked.order}",
        *(now().timestamp(), asked.start, asked.end, *values),
    )
    present = faults.present(store)
    if present.reorder:
        rows.sort(key=lambda row: blake2b(str(row["id"]).encode()).digest())
    rows = [row for row in rows for _ in range(1 + present.repeat)]
    page = rows[asked.page * asked.size : (asked.page + 1) * asked.size]
    data = [_shown(row) for row in page]
    return JSONResponse(paging(len(rows), asked.page, asked.size) | {"data": data})


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    country, number = subject_of(row["company_id"])
    name = RULE_NAMES[row["rule_code"]]
    return {
        "company": {
            "id": row["company_id"],
            "safeNumber": safe_number(country, number),
            "name": name_of(country, number),
            "countryCode": country,
            "portfolioId": row["portfolio_id"],
            "portfolioName": row["portfolio_name"],
        },
        "eventId": EVENT_OFFSET + row["id"],
        "eventDate": row["event_at"],
        "newValue": row["new"],
        "oldValue": row["old"],
        "notificationEventId": NOTIFICATION_OFFSET + row["id"],
        "notificationId": row["change_id"],
        "processedDate": row["processed_at"],
        "ruleCode": row["rule_code"],
        "ruleName": name,
        "ruleText": f"{name} | any change",
        "summary": f"{name} changed",
        "localEventCode": f"{country}{row['rule_code']}",
        "isProcessed": False,
    }
