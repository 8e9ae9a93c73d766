"""The registry's values against those set by hand: proposed, never silently written."""

from chassis.decider import Rejected
from companies.company.state import Company, given, same
from contracts.companies.company import (
    AcceptRegistryChange,
    CompanyEvent,
    NoteRegistryFacts,
    RegistryChangeAccepted,
    RegistryChangeProposed,
    RegistryChangeRejected,
    RejectRegistryChange,
)
from contracts.values import CompanyDetails, Sealed


def note_registry_facts(command: NoteRegistryFacts, company: Company) -> list[CompanyEvent]:
    """Propose each value that differs from the one set by hand, once, until it is another."""
    events: list[CompanyEvent] = []
    for name, value in given(command.facts.details).items():
        if name not in company.by_hand or (isinstance(value, Sealed) and value.text is None):
            continue
        known = (company.by_hand, company.proposed, company.rejected)
        if any(name in values and same(values[name], value) for values in known):
            continue
        proposed = CompanyDetails(**{name: value})
        events.append(
            RegistryChangeProposed(company_id=command.company_id, field=name, proposed=proposed)
        )
    return events


def choose(
    command: AcceptRegistryChange | RejectRegistryChange, company: Company
) -> list[CompanyEvent]:
    """Choose between what the registry says and what was set by hand."""
    if isinstance(command, AcceptRegistryChange):
        return _accept(command, company)
    return _reject(command, company)


def _accept(command: AcceptRegistryChange, company: Company) -> list[CompanyEvent]:
    """End the value set by hand; where there is none the registry's is in force already."""
    if command.field not in company.by_hand:
        return []
    if command.field not in company.proposed:
        raise proposal_unknown(command.field)
    return [RegistryChangeAccepted(company_id=command.company_id, field=command.field)]


def _reject(command: RejectRegistryChange, company: Company) -> list[CompanyEvent]:
    """Decline what is proposed; what was declined before stays so."""
    if command.field in company.proposed:
        return [RegistryChangeRejected(company_id=command.company_id, field=command.field)]
    if command.field in company.rejected:
        return []
    raise proposal_unknown(command.field)


def proposal_unknown(field: str) -> Rejected:
    """Refuse to choose where there is no choice."""
    return Rejected(
        "proposal-unknown",
        "The registry proposes nothing for this field; read the company again.",
        field=field,
    )
