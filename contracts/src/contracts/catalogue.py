"""Every message there is, by the name it bears on the wire."""

from collections.abc import Iterator
from typing import Annotated, Any, get_args, get_origin

from contracts.companies.company import CompanyCommand, CompanyEvent
from contracts.companies.department import DepartmentCommand, DepartmentEvent
from contracts.companies.references import FindReferences
from contracts.companies.settings import SettingsCommand, SettingsEvent
from contracts.companies.subject import EraseSubject, SubjectErased
from contracts.companies.user import UserCommand, UserEvent
from contracts.credit_alerts import AlertCommand, AlertEvent, AlertWayEvent
from contracts.credit_bureaus import (
    CreditBureauCommand,
    CreditBureauEvent,
    HintFromBureau,
    ShowCreditBureau,
)
from contracts.credit_checks import CreditRequests, OpenCreditReport, ReadCreditCosts
from contracts.credit_monitor import CreditEvent
from contracts.credit_policy import CreditPolicyCommand, CreditPolicyEvent
from contracts.enrichment import ForgetSearch, LookUpCompany, RegistryEvent, SearchRegistry
from contracts.message import Command, Event, Query


def _members(union: Any) -> Iterator[type[Any]]:
    """Take a union apart."""
    if get_origin(union) is Annotated:
        yield from _members(get_args(union)[0])
    elif isinstance(union, type):
        yield union
    else:
        for member in get_args(union):
            yield from _members(member)


def _by_name(*unions: Any) -> dict[str, Any]:
    """Index messages by the name on the wire."""
    return {
        message.model_fields["type"].default: message
        for union in unions
        for message in _members(union)
    }


COMMANDS: dict[str, type[Command]] = _by_name(
    CompanyCommand,
    UserCommand,
    DepartmentCommand,
    SettingsCommand,
    EraseSubject,
    CreditRequests,
    CreditPolicyCommand,
    AlertCommand,
    CreditBureauCommand,
)
EVENTS: dict[str, type[Event]] = _by_name(
    CompanyEvent,
    UserEvent,
    DepartmentEvent,
    SettingsEvent,
    SubjectErased,
    RegistryEvent,
    CreditEvent,
    CreditPolicyEvent,
    AlertEvent,
    AlertWayEvent,
    CreditBureauEvent,
)
QUERIES: dict[str, type[Query]] = _by_name(
    FindReferences,
    SearchRegistry,
    ForgetSearch,
    LookUpCompany,
    ReadCreditCosts,
    OpenCreditReport,
    ShowCreditBureau,
    HintFromBureau,
)
SOURCES = {
    "company": "companies",
    "user": "companies",
    "department": "companies",
    "settings": "companies",
    "subject": "companies",
    "registry-facts": "enrichment",
    "credit": "credit-monitor",
    "credit-policy": "credit-monitor",
    "alert": "credit-monitor",
    "alert-preferences": "credit-monitor",
    "alert-settings": "credit-monitor",
    "credit-bureau": "credit-monitor",
}
"""Which service says what about which kind of stream: nobody else's word counts, and nobody else
is asked."""
