"""What the service does when it hears of companies: it learns, and has the company looked at.

Nothing is decided here. Whether to rate, to watch or to leave alone follows from all that is
known, and is decided where it is done.
"""

from typing import Any

from chassis.reaction import Happened, Reaction
from chassis.tenancy import set_tenant
from contracts.companies.company import (
    CompanyArchived,
    CompanyCreated,
    CompanyDetailsChanged,
    CompanyIdentified,
    CompanyRestored,
    RelationEnded,
    RelationStarted,
)
from contracts.credit_monitor import CompanyRated
from contracts.enrichment import CompanyEnriched, CompanyNotInRegistry
from credit_monitor import subjects, work
from credit_monitor.subject import learn


async def learn_of_company(happened: Happened) -> None:
    """Take in a fact about a company; where it matters for its credit, look at the company."""
    event: Any = happened.event
    connection, tenant = happened.connection, happened.envelope.tenant
    await set_tenant(connection, tenant)
    before, _ = await subjects.load(connection, tenant, event.company_id)
    if learn(before, event) == before:
        return
    # Whoever works on the company holds its work first and what is known of it second; in
    # another order we would wait for each other.
    await _look_at(happened)
    before, _ = await subjects.load(connection, tenant, event.company_id, held=True)
    await subjects.save(connection, tenant, event.company_id, learn(before, event))


async def watch_rated_company(happened: Happened) -> None:
    """See that a company that got its rating is watched: the rating starts the watch."""
    await _look_at(happened)


async def _look_at(happened: Happened) -> None:
    envelope = happened.envelope
    event: Any = happened.event
    await work.touch(
        happened.connection, envelope.tenant, event.company_id, envelope.correlation, envelope.id
    )


LEARNT: tuple[type[Any], ...] = (
    CompanyCreated,
    CompanyIdentified,
    CompanyDetailsChanged,
    CompanyArchived,
    CompanyRestored,
    RelationStarted,
    RelationEnded,
    CompanyEnriched,
    CompanyNotInRegistry,
)

reactions = (
    Reaction("learn-of-company", LEARNT, learn_of_company),
    Reaction("watch-rated-company", (CompanyRated,), watch_rated_company),
)
