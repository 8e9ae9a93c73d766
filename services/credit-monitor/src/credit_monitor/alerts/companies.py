"""The table `alert_companies`: whom each company concerns, under row-level security."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from chassis.tenancy import Connection
from contracts.credit_alerts import AlertKind
from credit_monitor.alerts.concern import Concern

FIELDS = "name, archived, owners, number, troubles"


async def load(
    connection: Connection, tenant: str, companies: Iterable[UUID]
) -> dict[UUID, Concern]:
    """Return what is known of companies, held until the end of the transaction.

    In a fixed order, so that two who hold several never wait for each other.
    """
    wanted = sorted(set(companies))
    rows = await connection.fetch(
        f"SELECT company_id, {FIELDS} FROM alert_companies"
        " WHERE tenant_id = $1 AND company_id = ANY ($2) ORDER BY company_id FOR UPDATE",
        tenant,
        wanted,
    )
    known = {row["company_id"]: _read(row) for row in rows}
    return {company_id: known.get(company_id, Concern()) for company_id in wanted}


def _read(row: Any) -> Concern:
    troubles = row["troubles"]
    return Concern(
        name=row["name"],
        archived=row["archived"],
        owners=tuple(row["owners"]),
        number=row["number"],
        troubles=None if troubles is None else frozenset(map(AlertKind, troubles)),
    )


async def save(connection: Connection, tenant: str, learnt: Mapping[UUID, Concern]) -> None:
    """Keep what is known of companies."""
    await connection.executemany(
        f"INSERT INTO alert_companies (tenant_id, company_id, {FIELDS})"
        " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (tenant_id, company_id) DO UPDATE"
        f" SET ({FIELDS}) = ($3, $4, $5, $6, $7)",
        [
            (
                tenant,
                company_id,
                concern.name,
                concern.archived,
                list(concern.owners),
                concern.number,
                None if concern.troubles is None else sorted(concern.troubles),
            )
            for company_id, concern in sorted(learnt.items())
        ],
    )


async def name_of(connection: Connection, tenant: str, company_id: UUID) -> str:
    """Return what a company is called here."""
    found = await connection.fetchval(
        "SELECT name FROM alert_companies WHERE tenant_id = $1 AND company_id = $2",
        tenant,
        company_id,
    )
    return found or ""
