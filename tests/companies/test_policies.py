"""What follows by rule from what happened elsewhere."""

from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from chassis.decider import Rejected
from chassis.reaction import Happened, react
from chassis.streams import MemoryStreams, Stream, transact
from companies.app import service
from companies.company.model import companies
from contracts.companies.company import (
    ArchiveCompany,
    CompanyIdentity,
    CreateCompany,
    RegistryChangeProposed,
)
from contracts.enrichment import CompanyEnriched, RegistryFacts
from contracts.envelope import Envelope
from contracts.examples import example
from contracts.message import Event
from contracts.values import CompanyDetails
from support.enveloped import enveloped

create = example(CreateCompany).model_copy(
    update={
        "origin": "HAND",
        "name": "Sjövik",
        "identity": CompanyIdentity(country="SE", number="5571200434"),
    }
)
HOME = Stream(create.tenant, "company", create.company_id)
facts = RegistryFacts(details=CompanyDetails(name="Sjöviks Snickeri AB"), active=True)
enriched = example(CompanyEnriched).model_copy(update={"facts": facts})


def of_enrichment(event: Event, event_id: UUID) -> Envelope:
    same_story = {"at": create.at, "correlation": create.correlation}
    return enveloped(event, create.tenant, "enrichment", id=event_id, **same_story)


async def hear(streams: MemoryStreams, event: Event, event_id: UUID) -> None:
    """Let the service react, with streams that need no transaction."""
    kept = SimpleNamespace(within=lambda _connection: streams)
    site: Any = SimpleNamespace(streams=kept, service=service)
    nothing: Any = None
    await react(service.reactions, of_enrichment(event, event_id), nothing, site)


async def test_what_the_registry_says_otherwise_is_proposed_once() -> None:
    streams = MemoryStreams()
    await transact(streams, companies, create)
    before = len(streams.events[HOME])
    for event_id in (UUID(int=1), UUID(int=1), UUID(int=2)):
        await hear(streams, enriched, event_id)
    assert streams.events[HOME][before:] == [
        RegistryChangeProposed(company_id=create.company_id, field="name", proposed=facts.details)
    ]


async def test_nothing_is_proposed_for_an_archived_company() -> None:
    streams = MemoryStreams()
    await transact(streams, companies, create)
    archive = example(ArchiveCompany).model_copy(update={"expected_version": None})
    await transact(streams, companies, archive)
    before = list(streams.events[HOME])
    await hear(streams, enriched, UUID(int=1))
    assert streams.events[HOME] == before


async def test_facts_about_a_company_that_is_not_there_are_not_passed_over() -> None:
    with pytest.raises(Rejected) as refusal:
        await hear(MemoryStreams(), enriched, UUID(int=1))
    assert refusal.value.code == "company-unknown"


def test_what_follows_names_its_cause() -> None:
    nothing: Any = None
    happened = Happened(enriched, of_enrichment(enriched, UUID(int=7)), nothing, nothing)
    (reaction,) = service.reactions
    command = happened.command(reaction.name)
    assert command["causation"] == UUID(int=7)
    assert command["correlation"] == create.correlation
    assert command["by"] == "policy:propose-what-the-registry-says-otherwise"
