"""The table `subjects`: what is known of each company, under row-level security."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.tenancy import Connection
from credit_monitor.subject import Subject

FACTS = (
    "created, workplace, archived, personal, country, number, relations,"
    " form_by_hand, form_by_registry, registry_key"
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
    row = await connection.fetchrow(
        f"SELECT {FACTS}, rated_key, rated_at, reference, as_of FROM subjects"
        f" WHERE tenant_id = $1 AND company_id = $2 {'FOR UPDATE' if held else ''}",
        tenant,
        company_id,
    )
    if row is None:
        return Subject(), Standing()
    facts = dict(row)
    standing = {name: facts.pop(name) for name in ("rated_key", "rated_at", "reference", "as_of")}
    facts["relations"] = frozenset(facts["relations"])
    return Subject(**facts), Standing(**standing)


async def save(connection: Connection, tenant: str, company_id: UUID, subject: Subject) -> None:
    """Keep what is known of a company."""
    await connection.execute(
        f"INSERT INTO subjects (tenant_id, company_id, {FACTS})"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
        " ON CONFLICT (tenant_id, company_id) DO UPDATE SET"
        f" ({FACTS}) = ($3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        tenant,
        company_id,
        subject.created,
        subject.workplace,
        subject.archived,
        subject.personal,
        subject.country,
        subject.number,
        sorted(subject.relations),
        subject.form_by_hand,
        subject.form_by_registry,
        subject.registry_key,
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
