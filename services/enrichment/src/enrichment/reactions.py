"""A company that enters the register, or gets its number, is filled in from its registry."""

from typing import TypeAlias

from chassis.failpoints import reach
from chassis.reaction import Happened, Reaction
from chassis.tenancy import Connection
from contracts.companies.company import CompanyCreated, CompanyIdentified, CompanyIdentity
from enrichment.answers import find
from enrichment.model import Published, Reason, TakeRegistryFacts, registry_facts
from enrichment.registry import REGISTRIES

NAME = "take-registry-facts"
Named: TypeAlias = CompanyCreated | CompanyIdentified
KNOW = """
WITH known AS (
  INSERT INTO crm_companies VALUES ($1, $2, $3, $4)
  ON CONFLICT (tenant_id, company_id) DO UPDATE SET (country, number)
    = (excluded.country, excluded.number))
INSERT INTO questions (country, number) VALUES ($3, $4)
ON CONFLICT (country, number) DO UPDATE SET due_at = now(), attempts = 0
"""
FORGET = "DELETE FROM crm_companies WHERE tenant_id = $1 AND company_id = $2"


async def published(connection: Connection, identity: CompanyIdentity) -> Published | Reason:
    """Return what the registry publishes about a company, or why it cannot be asked."""
    if identity.personal_number:
        return "personal-number"
    if not identity.number:
        return "no-number" if identity.country in REGISTRIES else "no-registry"
    found = await find(connection, identity.country, identity.number)
    if found is None:
        return "unknown-number" if identity.country in REGISTRIES else "no-registry"
    return Published(
        number=identity.number, registry=found.registry, facts=found.facts, as_of=found.as_of
    )


async def take_registry_facts(happened: Happened) -> None:
    """Tell what the registry says of the company that somebody has just named."""
    event = happened.event
    if not isinstance(event, CompanyCreated | CompanyIdentified):
        return
    reach("enrichment.company-heard")
    found = await published(happened.connection, event.identity)
    reach("enrichment.facts-found")
    command = TakeRegistryFacts(
        **happened.command(NAME),
        company_id=event.company_id,
        country=event.identity.country,
        found=found,
    )
    await happened.decide(registry_facts, command)
    reach("enrichment.facts-told")


async def know(connection: Connection, tenant: str, event: Named) -> None:
    """Note which number a company goes with, and that its registry may be asked about it."""
    identity = event.identity
    if identity.number is None:
        await connection.execute(FORGET, tenant, event.company_id)
        return
    about = (identity.country, identity.number)
    await connection.execute(KNOW, tenant, event.company_id, *about)


async def know_the_company(happened: Happened) -> None:
    """Have it known for when its registry changes something."""
    event = happened.event
    if isinstance(event, CompanyCreated | CompanyIdentified):
        await know(happened.connection, happened.envelope.tenant, event)


reactions = (
    Reaction("know-the-company", (CompanyCreated, CompanyIdentified), know_the_company),
    Reaction(NAME, (CompanyCreated, CompanyIdentified), take_registry_facts),
)
