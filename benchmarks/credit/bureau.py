"""The stand-in bureau as whoever runs it sees it: it changes ratings, and tells what it sold."""

from dataclasses import dataclass
from typing import Any

import httpx2


@dataclass(frozen=True, slots=True)
class Sold:
    """What the bureau has done so far."""

    reports: int
    notifications: int


class Bureau:
    """The stand-in's own endpoints."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self._client = client

    async def reference(self, number: str) -> str:
        """Return the bureau's own id of a company; empty where it has none."""
        answer = await self._client.get(f"/_control/companies/SE/{number}")
        return str(answer.json()["id"]) if answer.is_success else ""

    async def rate(self, number: str, score: int) -> None:
        """Give a company another score; one that has it gets the next."""
        path = f"/_control/companies/SE/{number}"
        is_same = (await self._client.get(path)).json()["score"] == score
        answer = await self._client.post(path, json={"score": score + is_same})
        answer.raise_for_status()

    async def sold(self) -> Sold:
        """Return how many reports and notifications there were."""
        told: dict[str, Any] = (await self._client.get("/_control/ledger")).json()
        return Sold(len(told["reports"]), len(told["notifications"]))
