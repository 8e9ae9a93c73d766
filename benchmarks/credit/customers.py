"""Companies as a tenant makes customers of them, and what it is told of their cost."""

from collections.abc import Sequence
from decimal import Decimal
from string import ascii_lowercase

import httpx2

from benchmarks.credit.bureau import Bureau
from chassis.edge import new_id

PRICE = Decimal(12)
"""Of one report, in kronor: an example; what a customer pays stands in a contract."""
BUREAU = "creditsafe"


async def companies(api: httpx2.AsyncClient, bureau: Bureau, count: int) -> list[str]:
    """Return limited companies of the sample that the bureau knows."""
    found: list[str] = []
    for first in ascii_lowercase:
        for second in ascii_lowercase:
            answer = await api.get(
                "/registry/companies", params={"q": first + second, "country": "SE", "limit": 50}
            )
            for item in answer.json()["items"]:
                one = item["organisation_number"]
                is_fit = item["legal_form"] == "AB" and item["active"] and one not in found
                if is_fit and await bureau.reference(one):
                    found.append(one)
                if len(found) == count:
                    return found
    raise RuntimeError(f"the sample has {len(found)} such companies")


async def created(api: httpx2.AsyncClient, numbers: Sequence[str]) -> None:
    """Make customers of companies."""
    for one in numbers:
        wish = {"registry": {"country": "SE", "organisation_number": one}}
        answer = await api.post(
            "/companies",
            json={**wish, "relations": ["customer"]},
            headers={"Idempotency-Key": str(new_id())},
        )
        answer.raise_for_status()


async def priced(api: httpx2.AsyncClient) -> None:
    """Say what a report costs."""
    price = {"amount": str(PRICE), "currency": "SEK"}
    answer = await api.put(
        "/settings/credit-policy",
        json={"prices": {BUREAU: price}},
        headers={"Idempotency-Key": str(new_id())},
    )
    answer.raise_for_status()


async def spent(api: httpx2.AsyncClient) -> Decimal:
    """Return what this month's reports came to, by the tenant's own books."""
    answer = await api.get("/credit/costs")
    answer.raise_for_status()
    total = answer.json()["total"]
    return Decimal(total["amount"]) if total else Decimal(0)
