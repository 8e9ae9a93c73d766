"""What the registry says otherwise than was set by hand is proposed, never silently written."""

from chassis.decider import Rejected
from chassis.reaction import Happened, Reaction
from chassis.streams import Stream
from companies.company.model import companies
from companies.settings.model import settings_
from contracts.companies.company import NoteRegistryFacts
from contracts.companies.settings import RegistryPolicy, SetRegistryPolicy
from contracts.enrichment import CompanyEnriched
from contracts.values import CompanyDetails

NAME = "propose-what-the-registry-says-otherwise"
OF_NO_CONCERN = frozenset({"company-archived", "company-merged", "subject-erased"})
"""Nothing is proposed for a company that was put away or is another's part, nor about a person who
was erased."""


async def propose(happened: Happened) -> None:
    """Hold the registry's facts against the company's own, in the event's transaction."""
    event = happened.event
    if not isinstance(event, CompanyEnriched):
        return
    command = NoteRegistryFacts(
        **happened.command(NAME),
        company_id=event.company_id,
        facts=event.facts,
        before=event.before or CompanyDetails(),
        policy=await _policy(happened) if event.before else "write",
    )
    try:
        await happened.decide(companies, command)
    except Rejected as refusal:
        if refusal.code not in OF_NO_CONCERN:
            raise


async def _policy(happened: Happened) -> RegistryPolicy:
    """Return what the tenant wants done with a registry's own values that have changed."""
    asked = SetRegistryPolicy(**happened.command("look"), policy="write")
    home = Stream(asked.tenant, asked.aggregate, asked.stream_id)
    past = await happened.site.streams.within(happened.connection).read(home, asked)
    return settings_.fold(past.events).registry_policy


reaction = Reaction(NAME, (CompanyEnriched,), propose)
