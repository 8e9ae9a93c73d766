"""Bureaus without an interface: their ratings are what a tenant reports from their files.

There is nothing to ask and nobody to log in to. What is reported is told as any bureau's
notifications are, value by value, and a report costs nothing.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import orjson

from chassis.tenancy import Pool, tenant_transaction
from contracts.values import Band, CreditRating, Money
from credit_monitor.bureaus.account import key_of
from credit_monitor.bureaus.port import (
    Batch,
    Capabilities,
    Entry,
    Member,
    NotRated,
    Rated,
    Reading,
    Report,
    Subject,
    Unknown,
)
from credit_monitor.credit.changes import Fact, Part

NAME = "csv"
BANDS: Mapping[str, Mapping[str, Band]] = {
    "A-E": {"A": Band.A, "B": Band.B, "C": Band.C, "D": Band.D, "E": Band.E},
    "AAA-C": {
        "AAA": Band.A,
        "AA": Band.B,
        "A": Band.B,
        "AN": Band.C,
        "B": Band.C,
        "C": Band.D,
    },
    "1-5": {"5": Band.A, "4": Band.B, "3": Band.C, "2": Band.D, "1": Band.E},
}
"""What the grades of each scale are for us: never computed, always looked up."""
FIND = "SELECT * FROM reported_ratings WHERE tenant_id = $1 AND country = $2 AND number = $3"
LISTED = """
SELECT l.reference, r.* FROM listings l
LEFT JOIN reported_ratings r ON r.tenant_id = l.tenant_id AND r.country || r.number = l.reference
WHERE l.tenant_id = $1 AND l.account = $2
"""
COUNTRY_LETTERS = 2


def part_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a reported row says of a rating."""
    amount = row["credit_limit"]
    limit = Money(amount=Decimal(amount), currency=row["currency"]) if amount is not None else None
    band = BANDS.get(row["scale"], {}).get(row["grade"] or "", Band.NOT_RATED)
    return {"band": band, "grade": row["grade"], "score": row["score"], "limit": limit}


def written(part: Part) -> str:
    """Write down what is said of a rating, to be told."""
    limit = part["limit"]
    said = {**part, "limit": limit and limit.model_dump(mode="json")}
    return orjson.dumps(said, option=orjson.OPT_SORT_KEYS).decode()


def reference_of(country: str, number: str) -> str:
    """Return what a company is known by: there is no other name for it."""
    return f"{country}{number}"


class Reported:
    """What one tenant reported."""

    name = NAME
    countries = frozenset({"SE", "NO", "DK", "FI", "GB"})
    can = Capabilities(can_search=False)

    def __init__(self, pool: Pool, tenant: str) -> None:
        self._pool = pool
        self._tenant = tenant

    async def find(self, country: str, number: str) -> str | None:
        """Return a company's reference, if it was reported."""
        row = await self._row(country, number)
        return reference_of(country, number) if row else None

    async def report(self, subject: Subject, purpose: str) -> Report:  # noqa: ARG002 - the port's
        """Return what was last reported."""
        row = await self._row(subject.country, subject.number)
        if row is None:
            return Unknown()
        part = part_of(row)
        if part["band"] is Band.NOT_RATED:
            return NotRated(row["changed_at"])
        rating = CreditRating(
            bureau=self.name,
            reference=subject.reference,
            scale=row["scale"],
            rated_on=row["rated_on"],
            **part,
        )
        return Rated(rating, row["changed_at"])

    async def open_portfolio(self, name: str) -> str:
        """Return the one there is."""
        return name

    async def watch(self, portfolio: str, reference: str, ours: str) -> bool:  # noqa: ARG002
        """Say whether a company was reported: who was, is watched by being reported again."""
        return await self.entry(portfolio, reference) is not None

    async def unwatch(self, portfolio: str, reference: str) -> None:
        """Do nothing: nobody watches."""

    async def entry(self, portfolio: str, reference: str) -> Entry | None:  # noqa: ARG002
        """Return what was last reported of a company."""
        row = await self._row(reference[:COUNTRY_LETTERS], reference[COUNTRY_LETTERS:])
        return Entry(reference, part_of(row)) if row else None

    async def listed(self, portfolio: str) -> Sequence[Member] | None:  # noqa: ARG002
        """Return who is watched: what we have is what there is."""
        async with tenant_transaction(self._pool, self._tenant) as connection:
            rows = await connection.fetch(LISTED, self._tenant, key_of(self.name, self._tenant))
        return [
            Member(row["reference"], None, part_of(dict(row)) if row["scale"] else {})
            for row in rows
        ]

    async def notices(self, reading: Reading) -> Batch:  # noqa: ARG002 - the port's
        """Return nothing: what is reported is told at once."""
        return Batch()

    def part(self, fact: Fact, text: str, country: str) -> Part:  # noqa: ARG002 - the port's
        """Return what a notification's value means for a rating."""
        if not text:
            return {}
        said = orjson.loads(text)
        limit = said["limit"] and Money.model_validate(said["limit"])
        return {**said, "band": Band(said["band"]), "limit": limit}

    async def _row(self, country: str, number: str) -> Mapping[str, Any] | None:
        async with tenant_transaction(self._pool, self._tenant) as connection:
            row = await connection.fetchrow(FIND, self._tenant, country, number)
        return dict(row) if row else None
