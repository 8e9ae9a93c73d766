"""The table `subjects`: what is known of each company, under row-level security."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.tenancy import Connection
from credit_monitor.facts.subject import Subject

FACTS = (
    "created, workplace, archived, merged, personal, country, number, relations,"
    " form_by_hand, form_by_registry, registry_key, person, erased"
)
STANDING = ("rated_key", "rated_at", "reference", "as_of")
FIND = (
    f"SELECT company_id, {FACTS}, {', '.join(STANDING)} FROM subjects"
    " WHERE tenant_id = $1 AND company_id = ANY ($2)"
)


@dataclass(frozen=True, slots=True)
class Standing:
    """How far we are with the bureau about a company."""

    rated_key: str | None = None
    rated_at: datetime | None = None
    reference: str | None = None
    as_of: datetime | None = None


async def load(
    connection: Connection, tenant: str, company_id: UUID, *, held: bool = False
) -> tuple[Subject, Standing]:
    """Return what is known of a company, held until the end of the transaction if wished."""
    row = await connection.fetchrow(f"{FIND}{' FOR UPDATE' if held else ''}", tenant, [company_id])
    return _read(row) if row else (Subject(), Standing())


async def load_all(
    connection: Connection, tenant: str, companies: list[UUID]
) -> dict[UUID, tuple[Subject, Standing]]:
    """Return what is known of each of some companies."""
    rows = {row["company_id"]: row for row in await connection.fetch(FIND, tenant, companies)}
    return {
        company_id: _read(rows[company_id]) if company_id in rows else (Subject(), Standing())
        for company_id in companies
    }


def _read(row: Any) -> tuple[Subject, Standing]:
    facts = dict(row)
    del facts["company_id"]
    standing = {name: facts.pop(name) for name in STANDING}
    facts["relations"] = frozenset(facts["relations"])
    return Subject(**facts), Standing(**standing)


async def save(connection: Connection, tenant: str, learnt: dict[UUID, Subject]) -> None:
    """Keep what is known of companies."""
    await connection.executemany(
        f"INSERT INTO subjects (tenant_id, company_id, {FACTS})"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"
        " ON CONFLICT (tenant_id, company_id) DO UPDATE SET"
        f" ({FACTS}) = ($3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        [
            (
                tenant,
                company_id,
                subject.created,
                subject.workplace,
                subject.archived,
                subject.merged,
                subject.personal,
                subject.country,
                subject.number,
                sorted(subject.relations),
                subject.form_by_hand,
                subject.form_by_registry,
                subject.registry_key,
                subject.person,
                subject.erased,
            )
            for company_id, subject in learnt.items()
        ],
    )


async def asked(connection: Connection, tenant: str, company_id: UUID, standing: Standing) -> None:
    """Keep what the bureau was asked about, and how far its answer reaches."""
    await connection.execute(
        "UPDATE subjects SET rated_key = $3, rated_at = now(), reference = $4, as_of = $5"
        " WHERE tenant_id = $1 AND company_id = $2",
        tenant,
        company_id,
        standing.rated_key,
        standing.reference,
        standing.as_of,
    )


async def unname(connection: Connection, tenant: str, company_id: UUID) -> None:
    """Forget what the bureau calls a company."""
    await connection.execute(
        "UPDATE subjects SET reference = NULL WHERE tenant_id = $1 AND company_id = $2",
        tenant,
        company_id,
    )


async def reached(
    connection: Connection, tenant: str, company_id: UUID, as_of: datetime | None
) -> None:
    """Keep up to which moment of the bureau's clock its changes are recorded."""
    await connection.execute(
        "UPDATE subjects SET as_of = $3 WHERE tenant_id = $1 AND company_id = $2",
        tenant,
        company_id,
        as_of,
    )
