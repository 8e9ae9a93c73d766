"""What a company's legal form lets be shown of its credit: values, or only that something changed.

Events about persons hold no values. What is left is a company that was taken for a legal person,
or was one, and is none now: of it the values that events do hold are shown to nobody.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson

from chassis.tenancy import Connection
from contracts.legal_forms import stands_for_people

VALUES = ("old", "new", "rating", "wrong", "right", "amount")
"""The fields of credit events that say how a company is rated."""
FORMS = """
SELECT company_id, country, legal_form FROM company_list
WHERE tenant_id = $1 AND company_id = ANY($2)
"""


async def private_among(
    connection: Connection, tenant: str, companies: Sequence[UUID]
) -> set[UUID]:
    """Return those companies whose ratings are shown to nobody."""
    rows = await connection.fetch(FORMS, tenant, [str(one) for one in set(companies)])
    return {
        UUID(row["company_id"])
        for row in rows
        if stands_for_people(row["country"], row["legal_form"])
    }


async def disclosed(connection: Connection, tenant: str, rows: Sequence[Any]) -> list[Any]:
    """Return rows of history without the values that may not be shown."""
    companies = [_company_of(row) for row in rows]
    about = [one for one in companies if one is not None]
    private = await private_among(connection, tenant, about) if about else set()
    if not private:
        return list(rows)
    return [
        {**dict(row), "data": without_values(row["data"])} if company in private else row
        for row, company in zip(rows, companies, strict=True)
    ]


def _company_of(row: Any) -> UUID | None:
    """Return the company whose credit an event is about, if it is about one's."""
    if row["category"] == "credit":
        found: UUID = row["stream_id"]
        return found
    if row["category"] != "alert":
        return None
    company = orjson.loads(row["data"]).get("company_id")
    return UUID(company) if company else None


def without_values(text: str) -> str:
    """Return an event's JSON that says only *that* something is so."""
    data = orjson.loads(text)
    return orjson.dumps({name: said for name, said in data.items() if name not in VALUES}).decode()
