"""What the service does when it hears of companies: it learns, and has the company looked at.

Nothing is decided here but that nothing follows. Whether to rate, to watch or to leave alone
follows from all that is known, and is decided where it is done.
"""

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson

from chassis import codec
from chassis.reaction import Happened, Reaction
from chassis.tenancy import Connection, set_tenant
from contracts.companies.company import (
    CompanyArchived,
    CompanyCreated,
    CompanyDetailsChanged,
    CompanyIdentified,
    CompanyMerged,
    CompanyRestored,
    MergeReversed,
    RelationEnded,
    RelationStarted,
)
from contracts.companies.subject import SubjectErased
from contracts.credit_monitor import (
    CompanyRated,
    CreditCheckRequested,
    CreditWanted,
    MonitoringExcluded,
    MonitoringResumed,
    MonitoringStopped,
)
from contracts.credit_policy import CreditPolicy, CreditPolicySet
from contracts.enrichment import CompanyEnriched, CompanyNotInRegistry
from contracts.envelope import Envelope
from credit_monitor import work
from credit_monitor.credit.state import Credit
from credit_monitor.facts import subjects
from credit_monitor.facts.subject import Subject, learn
from credit_monitor.facts.subjects import Standing
from credit_monitor.policy import policies
from credit_monitor.policy.next_step import Dealings, Step, next_step

PERSON_CHARACTERS = 16
"""Of a hash: enough that no two numbers of a company's are taken for one."""


async def learn_of_company(happened: Happened) -> None:
    """Take in a fact about a company."""
    await learn_of_companies([happened])


async def learn_of_companies(heard: Sequence[Happened]) -> None:
    """Take in facts about companies, each tenant's by themselves."""
    by_tenant: dict[str, dict[UUID, list[Happened]]] = {}
    for happened in heard:
        event: Any = happened.event
        of_tenant = by_tenant.setdefault(happened.envelope.tenant, {})
        of_tenant.setdefault(event.company_id, []).append(happened)
    for tenant, of_tenant in by_tenant.items():
        await set_tenant(heard[0].connection, tenant)
        await _learn(heard[0].connection, tenant, of_tenant)


async def _learn(connection: Connection, tenant: str, heard: dict[UUID, list[Happened]]) -> None:
    """Keep what is new; where it matters for a company's credit, have the company looked at."""
    known = await subjects.load_all(connection, tenant, list(heard))
    in_hand = await work.known(connection, tenant, list(heard))
    policy = await policies.load(connection, tenant)
    quiet = {}
    for company_id, happened in heard.items():
        before, standing = known[company_id]
        after = _learnt(before, happened)
        if after == before:
            continue
        if company_id not in in_hand and _is_of_no_concern(before, after, standing, policy):
            quiet[company_id] = after
            continue
        # Whoever works on the company holds its work first and what is known of it second; in
        # another order we would wait for each other.
        await _look_at(happened[-1])
        before, _ = await subjects.load(connection, tenant, company_id, held=True)
        await subjects.save(connection, tenant, {company_id: _learnt(before, happened)})
    await subjects.save(connection, tenant, quiet)


def _learnt(subject: Subject, heard: Sequence[Happened]) -> Subject:
    for happened in heard:
        event: Any = happened.event
        subject = learn(subject, event)
        if subject.personal and isinstance(event, CompanyCreated | CompanyIdentified):
            subject = replace(subject, person=_person(happened.envelope))
    return subject


def _person(envelope: Envelope) -> str:
    """Return what tells one person's number from another: how it came sealed, no two alike."""
    identity = codec.parse(envelope.data.encode())["identity"]
    return sha256(orjson.dumps(identity["personal_number"])).hexdigest()[:PERSON_CHARACTERS]


def _is_of_no_concern(
    before: Subject, after: Subject, standing: Standing, policy: CreditPolicy
) -> bool:
    """Say whether nothing follows for a company the bureau was never asked about.

    Most companies are never checked, and each comes with several facts. One that is left out, for
    a reason that these facts change nothing about, was so when the reason came up.
    """
    if standing != Standing():
        return False
    then = next_step(after, Credit(), Dealings(), policy)
    if then[0] is Step.EXCLUDE:
        return then == next_step(before, Credit(), Dealings(), policy)
    return then[0] is Step.NOTHING


async def forget_person(happened: Happened) -> None:
    """Have the watch of a sole trader ended who is to be known no longer."""
    event: Any = happened.event
    tenant, company_id, connection = happened.envelope.tenant, event.subject_id, happened.connection
    await set_tenant(connection, tenant)
    if not (await subjects.load(connection, tenant, company_id))[0].created:
        return
    envelope = happened.envelope
    await work.touch(connection, tenant, company_id, envelope.correlation, envelope.id)
    subject, _ = await subjects.load(connection, tenant, company_id, held=True)
    await subjects.save(connection, tenant, {company_id: replace(subject, erased=True)})
    await subjects.unname(connection, tenant, company_id)


async def watch_rated_company(happened: Happened) -> None:
    """See that a company that got its rating is watched: the rating starts the watch."""
    await _look_at(happened)


async def see_to_what_people_asked(happened: Happened) -> None:
    """See that what somebody asked of a company's credit is done.

    What follows from a policy's own word was seen to where it was said.
    """
    if not happened.envelope.by.startswith("policy:"):
        await _look_at(happened)


async def apply_policy(happened: Happened) -> None:
    """Keep what a tenant decided, and look at all of its companies anew."""
    event: Any = happened.event
    envelope, connection = happened.envelope, happened.connection
    await set_tenant(connection, envelope.tenant)
    await policies.save(connection, envelope.tenant, event.policy)
    await connection.execute(policies.TOUCH_ALL, envelope.tenant, envelope.correlation, envelope.id)


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
    CompanyMerged,
    MergeReversed,
    RelationStarted,
    RelationEnded,
    CompanyEnriched,
    CompanyNotInRegistry,
)

ASKED: tuple[type[Any], ...] = (
    CreditCheckRequested,
    CreditWanted,
    MonitoringStopped,
    MonitoringExcluded,
    MonitoringResumed,
)

reactions = (
    Reaction("learn-of-company", LEARNT, learn_of_company, learn_of_companies),
    Reaction("forget-erased-person", (SubjectErased,), forget_person),
    Reaction("watch-rated-company", (CompanyRated,), watch_rated_company),
    Reaction("see-to-what-people-asked", ASKED, see_to_what_people_asked),
    Reaction("apply-credit-policy", (CreditPolicySet,), apply_policy),
)
