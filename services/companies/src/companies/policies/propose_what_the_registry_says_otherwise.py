"""What the registry says otherwise than was set by hand is proposed, never silently written."""

from chassis.decider import Rejected
from chassis.reaction import Happened, Reaction
from companies.company.model import companies
from contracts.companies.company import NoteRegistryFacts
from contracts.enrichment import CompanyEnriched

NAME = "propose-what-the-registry-says-otherwise"
OF_NO_CONCERN = frozenset({"company-archived", "subject-erased"})
"""Nothing is proposed for a company that was put away, nor about a person who was erased."""


async def propose(happened: Happened) -> None:
    """Hold the registry's facts against the company's own, in the event's transaction."""
    event = happened.event
    if not isinstance(event, CompanyEnriched):
        return
    command = NoteRegistryFacts(
        **happened.command(NAME), company_id=event.company_id, facts=event.facts
    )
    try:
        await happened.decide(companies, command)
    except Rejected as refusal:
        if refusal.code not in OF_NO_CONCERN:
            raise


reaction = Reaction(NAME, (CompanyEnriched,), propose)
