"""A company that is created, or gets its number, is filled in from its registry."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from chassis import codec, failpoints
from chassis.edge import new_id
from chassis.failpoints import Failure
from chassis.migrate import with_database
from chassis.reaction import react
from chassis.site import Site
from contracts.companies.company import CompanyCreated, CompanyIdentified, CompanyIdentity
from contracts.enrichment import CompanyEnriched, CompanyNotInRegistry, RegistryEvent
from contracts.envelope import Envelope
from contracts.values import Sealed
from enrichment.app import service
from enrichment.sample.company import Sampled, companies
from onebox.testing import Installation
from support.enveloped import enveloped

pytestmark = pytest.mark.servers

SEED = 7
STEPS = ["company-heard", "facts-found", "facts-told"]


@pytest.fixture(scope="module")
def company() -> Sampled:
    return next(one for one in companies(SEED, "NO", 500) if one.units)


def created(identity: CompanyIdentity, **more: Any) -> CompanyCreated:
    return CompanyCreated(
        company_id=new_id(), origin="HAND", identity=identity, name="Whoever AB", **more
    )


async def hear(site: Site, envelope: Envelope) -> None:
    async with site.pool.acquire() as lent, lent.transaction():
        connection: Any = lent
        await react(service.reactions, envelope, connection, site)


async def told(site: Site, tenant: str, company_id: UUID) -> list[RegistryEvent]:
    """Return what was told of a company."""
    rows = await site.pool.fetch(
        "SELECT data::text AS data, category, meta->>'causation' AS causation, position FROM events"
        " WHERE tenant_id = $1 AND stream_id = $2 ORDER BY version",
        tenant,
        company_id,
    )
    assert {row["category"] for row in rows} <= {"registry-facts"}
    events: list[Any] = [codec.event_from(codec.parse(row["data"].encode())) for row in rows]
    return events


async def after(site: Site, tenant: str, event: CompanyCreated) -> list[RegistryEvent]:
    await hear(site, enveloped(event, tenant, "companies"))
    return await told(site, tenant, event.company_id)


async def test_a_company_that_is_created_is_enriched(
    site: Site, tenant: str, company: Sampled
) -> None:
    event = created(CompanyIdentity(country="NO", number=company.number))
    (enriched,) = await after(site, tenant, event)
    assert isinstance(enriched, CompanyEnriched)
    assert (enriched.company_id, enriched.number) == (event.company_id, company.number)
    assert enriched.facts.details.name == company.name


@pytest.mark.parametrize("country", ["SE", "NO"])
async def test_a_workplace_is_enriched_by_its_own_number(
    site: Site, tenant: str, country: str
) -> None:
    head = next(one for one in companies(SEED, country, 500) if len(one.units) > 1)
    unit = head.units[1]
    identity = CompanyIdentity(country=country, number=unit.number)
    event = created(identity, kind="WORKPLACE", parent_id=new_id())
    (enriched,) = await after(site, tenant, event)
    assert isinstance(enriched, CompanyEnriched)
    assert enriched.facts.details.name == unit.name
    assert enriched.facts.details.municipality
    assert enriched.facts.details.municipality.code == unit.place.code


@pytest.mark.parametrize(
    ("identity", "reason"),
    [
        (CompanyIdentity(country="SE"), "no-number"),
        (CompanyIdentity(country="SE", number="5560160680"), "unknown-number"),
        (CompanyIdentity(country="DK", number="13585628"), "no-registry"),
        (
            CompanyIdentity(country="SE", personal_number=Sealed(subject=new_id())),
            "personal-number",
        ),
    ],
)
async def test_what_no_registry_knows_is_told_with_the_reason(
    site: Site, tenant: str, identity: CompanyIdentity, reason: str
) -> None:
    (absent,) = await after(site, tenant, created(identity))
    assert isinstance(absent, CompanyNotInRegistry)
    assert absent.reason == reason


async def test_a_company_that_gets_its_number_later_is_enriched_then(
    site: Site, tenant: str, company: Sampled
) -> None:
    event = created(CompanyIdentity(country="NO"))
    await hear(site, enveloped(event, tenant, "companies"))
    identity = CompanyIdentity(country="NO", number=company.number)
    identified = CompanyIdentified(company_id=event.company_id, identity=identity)
    await hear(site, enveloped(identified, tenant, "companies"))
    absent, enriched = await told(site, tenant, event.company_id)
    assert isinstance(absent, CompanyNotInRegistry)
    assert isinstance(enriched, CompanyEnriched)


async def test_an_event_heard_twice_is_told_of_once(
    site: Site, tenant: str, company: Sampled
) -> None:
    event = created(CompanyIdentity(country="NO", number=company.number))
    envelope = enveloped(event, tenant, "companies")
    await hear(site, envelope)
    await hear(site, envelope)
    assert len(await told(site, tenant, event.company_id)) == 1


async def test_the_same_facts_heard_of_anew_are_not_told_again(
    site: Site, tenant: str, company: Sampled
) -> None:
    event = created(CompanyIdentity(country="NO", number=company.number))
    await hear(site, enveloped(event, tenant, "companies"))
    await hear(site, enveloped(event, tenant, "companies"))
    assert len(await told(site, tenant, event.company_id)) == 1


@pytest.mark.parametrize("step", STEPS)
async def test_a_reaction_interrupted_at_any_step_is_done_once_afterwards(
    site: Site, tenant: str, company: Sampled, step: str
) -> None:
    event = created(CompanyIdentity(country="NO", number=company.number))
    envelope = enveloped(event, tenant, "companies")
    failpoints.arm(f"enrichment.{step}:1:raise")
    try:
        with pytest.raises(Failure):
            await hear(site, envelope)
    finally:
        failpoints.arm("")
    assert await told(site, tenant, event.company_id) == []
    await hear(site, envelope)
    assert len(await told(site, tenant, event.company_id)) == 1


BACKFILL = "0017_companies_known.sql"
AS_MIGRATED = """
SET LOCAL app.service_role = 'reading_enrichment'; SET LOCAL ROLE reading_owner;
"""
"""As scripts are run: by the tables' owner, who sees no row of any tenant."""


@pytest.mark.parametrize(
    ("forgotten", "position"), [(True, 0), (False, 9)], ids=["not known", "known"]
)
async def test_what_happened_before_companies_were_known_is_taken_in_once_more(
    loaded: Installation, site: Site, tenant: str, *, forgotten: bool, position: int
) -> None:
    event = created(CompanyIdentity(country="SE", number="5560160680"))
    await hear(site, enveloped(event, tenant, "companies"))
    script = files("enrichment.migrations").joinpath(BACKFILL).read_text()
    url = with_database(loaded.servers.admin_url, "reading_enrichment")
    connection = await asyncpg.connect(url)
    try:
        async with undone(connection):
            if forgotten:
                await connection.execute("DELETE FROM crm_companies")
            await connection.execute("INSERT INTO checkpoints VALUES ('enrichment','companies',9)")
            await connection.execute(AS_MIGRATED)
            await connection.execute(script)
            await connection.execute("RESET ROLE")
            at = "SELECT position FROM checkpoints WHERE source = 'companies'"
            assert await connection.fetchval(at) == position
    finally:
        await connection.close()


@asynccontextmanager
async def undone(connection: Any) -> AsyncIterator[None]:
    """Undo afterwards what was done."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        yield
    finally:
        await transaction.rollback()
