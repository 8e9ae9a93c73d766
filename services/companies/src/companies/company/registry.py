"""The registry's values against those set by hand: proposed, never silently written."""

from dataclasses import replace
from typing import Any, TypeAlias

from chassis.decider import Rejected
from companies.company.state import Company, given, same, without
from contracts.companies.company import (
    AcceptRegistryChange,
    CompanyEvent,
    FieldName,
    NoteRegistryFacts,
    PinRegistryValue,
    RegistryChangeAccepted,
    RegistryChangeProposed,
    RegistryChangeRejected,
    RegistryChangeWithdrawn,
    RegistryValuePinned,
    RejectRegistryChange,
)
from contracts.values import CompanyDetails, Sealed

RegistryWord: TypeAlias = (
    RegistryValuePinned
    | RegistryChangeProposed
    | RegistryChangeAccepted
    | RegistryChangeRejected
    | RegistryChangeWithdrawn
)
AboutRegistry: TypeAlias = (
    NoteRegistryFacts | PinRegistryValue | AcceptRegistryChange | RejectRegistryChange
)


def decide_on_registry(command: AboutRegistry, company: Company) -> list[CompanyEvent]:
    """Hold the registry's word against ours, or choose between them."""
    match command:
        case NoteRegistryFacts():
            return _note(command, company)
        case PinRegistryValue():
            return _pin(command, company)
        case AcceptRegistryChange():
            return _accept(command, company)
        case RejectRegistryChange():
            return _reject(command, company)


def _note(command: NoteRegistryFacts, company: Company) -> list[CompanyEvent]:
    """Propose each value that differs from the one set by hand, once, until it is another.

    What is proposed is withdrawn when the registry says again what was set by hand.
    """
    events: list[CompanyEvent] = []
    kept = _kept(command, company)
    for name, value in given(command.facts.details).items():
        if isinstance(value, Sealed) and value.text is None:
            continue
        if name in kept:
            old = CompanyDetails(**{name: kept[name]})
            events.append(RegistryValuePinned(company_id=command.company_id, field=name, value=old))
        elif name not in company.by_hand:
            continue
        elif name in company.proposed and same(company.by_hand[name], value):
            events.append(RegistryChangeWithdrawn(company_id=command.company_id, field=name))
        known = (company.by_hand, company.proposed, company.rejected)
        if any(name in values and same(values[name], value) for values in known):
            continue
        proposed = CompanyDetails(**{name: value})
        events.append(
            RegistryChangeProposed(company_id=command.company_id, field=name, proposed=proposed)
        )
    return events


def _kept(command: NoteRegistryFacts, company: Company) -> dict[FieldName, Any]:
    """Return the registry's old values that stay, where the tenant wants to choose."""
    if command.policy == "write":
        return {}
    return {n: value for n, value in given(command.before).items() if n not in company.by_hand}


def _pin(command: PinRegistryValue, company: Company) -> list[CompanyEvent]:
    """Keep a value that nobody set by hand; one that was, stays anyway."""
    value = given(command.value).get(command.field)
    if command.field in company.by_hand:
        return []
    if value is None:
        raise Rejected("nothing-to-pin", "This field has no value to keep; set one.")
    only = CompanyDetails(**{command.field: value})
    return [RegistryValuePinned(company_id=command.company_id, field=command.field, value=only)]


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


def choice_changed(company: Company, event: RegistryWord) -> Company:
    """Keep what is proposed until it is withdrawn, declined, or accepted in place of ours."""
    field, proposed = event.field, company.proposed
    if isinstance(event, RegistryValuePinned):
        return replace(company, by_hand={**company.by_hand, **given(event.value)})
    if isinstance(event, RegistryChangeProposed):
        return replace(company, proposed={**proposed, **given(event.proposed)})
    if isinstance(event, RegistryChangeWithdrawn):
        return replace(company, proposed=without(proposed, field))
    if isinstance(event, RegistryChangeRejected):
        return replace(
            company,
            proposed=without(proposed, field),
            rejected={**company.rejected, field: proposed.get(field)},
        )
    return replace(
        company,
        by_hand=without(company.by_hand, field),
        proposed=without(proposed, field),
        rejected=without(company.rejected, field),
    )
