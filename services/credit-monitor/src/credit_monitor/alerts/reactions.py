"""What the service does when it hears of something that people are to know.

What is learnt of people and companies is kept first, what follows is said last: to say it, it waits
for a lock that all share, and nothing else may be waited for after that.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from chassis.edge import derived_id, now
from chassis.reaction import Happened, Reaction
from chassis.tenancy import Connection, set_tenant
from contracts.companies.company import (
    CompanyArchived,
    CompanyCreated,
    CompanyDetailsChanged,
    CompanyMerged,
    CompanyRestored,
    MergeReversed,
    OwnerAdded,
    OwnerRemoved,
)
from contracts.companies.subject import SubjectErased
from contracts.companies.user import UserAdded, UserChanged
from contracts.credit_alerts import (
    AlertKind,
    AlertPreferencesSet,
    AlertSettingsSet,
    CreditAlertAcknowledged,
    CreditAlertEscalated,
    CreditAlertRaised,
)
from contracts.credit_monitor import (
    CreditChangeNoted,
    CreditRatingChanged,
    CreditReportCorrected,
    MonitoringExcluded,
)
from contracts.credit_policy import CreditPolicySet
from contracts.enrichment import CompanyEnriched
from credit_monitor.alerts import companies, concern, nights, people, unseen
from credit_monitor.alerts.concern import Concern
from credit_monitor.alerts.model import RaiseAlert, alerts_
from credit_monitor.alerts.settings import AlertsSettings
from credit_monitor.alerts.shown import is_told_one_by_one, seen_by, told_of
from credit_monitor.facts import subjects
from credit_monitor.months import month_of

NAME = "tell-whom-it-concerns"
OF_COMPANIES: tuple[type[Any], ...] = (
    CompanyCreated,
    CompanyDetailsChanged,
    CompanyArchived,
    CompanyRestored,
    CompanyMerged,
    MergeReversed,
    OwnerAdded,
    OwnerRemoved,
    CompanyEnriched,
)
OF_PEOPLE = (UserAdded, UserChanged, SubjectErased, AlertPreferencesSet, AlertSettingsSet)
OF_CREDIT = (CreditRatingChanged, CreditReportCorrected, CreditChangeNoted)
OF_ALERTS = (CreditAlertRaised, CreditAlertAcknowledged, CreditAlertEscalated)
OF_POLICY = (CreditPolicySet, MonitoringExcluded)
Heard = Sequence[Happened]


async def hear(happened: Happened) -> None:
    """Take in one event."""
    await hear_all([happened])


async def hear_all(heard: Heard) -> None:
    """Take in events, each tenant's by themselves; learn from all before anything is said."""
    by_tenant: dict[str, list[Happened]] = {}
    for happened in heard:
        by_tenant.setdefault(happened.envelope.tenant, []).append(happened)
    to_say: list[tuple[str, Happened, RaiseAlert]] = []
    for tenant, of_tenant in sorted(by_tenant.items()):
        await set_tenant(heard[0].connection, tenant)
        wishes = await _learn(heard[0].connection, tenant, of_tenant)
        to_say += [(tenant, happened, wish) for happened, wish in wishes]
    for tenant, happened, wish in to_say:
        await set_tenant(happened.connection, tenant)
        await happened.decide(alerts_, wish)


async def _learn(
    connection: Connection, tenant: str, heard: Heard
) -> list[tuple[Happened, RaiseAlert]]:
    """Keep what is new of a tenant; return the alerts that are to be raised."""
    for happened in heard:
        if isinstance(happened.event, OF_PEOPLE):
            await people.learn(happened, tenant)
        if isinstance(happened.event, (*OF_ALERTS, AlertSettingsSet, CreditPolicySet)):
            await unseen.learn(happened, tenant)
    troubles = await _learn_of_companies(connection, tenant, heard)
    late = await _note_moves(connection, tenant, heard)
    alone = [
        one for one in heard if isinstance(one.event, OF_CREDIT) and is_told_one_by_one(one.event)
    ]
    changes = await _of_changes(connection, tenant, [*alone, *late])
    raised = troubles + changes + await _of_caps(connection, tenant, heard)
    return [(happened, _raise(happened, alert)) for happened, alert in raised]


async def _note_moves(connection: Connection, tenant: str, heard: Heard) -> list[Happened]:
    """Count what a bureau's model moved; return those that came too late to be of that night."""
    moved = [one for one in heard if _is_by_model(one)]
    if not moved:
        return []
    at = now()
    late = await nights.late_among(connection, tenant, moved, at)
    of_a_night = [one for one in moved if one not in late]
    if of_a_night:
        quiet = AlertsSettings().alert_quiet_seconds
        await nights.note(connection, tenant, of_a_night, at, quiet)
    return late


def _is_by_model(happened: Happened) -> bool:
    return isinstance(happened.event, CreditRatingChanged) and happened.event.cause == "MODEL"


async def _learn_of_companies(
    connection: Connection, tenant: str, heard: Heard
) -> list[tuple[Happened, CreditAlertRaised]]:
    """Keep what is new of companies; return the troubles that came."""
    told = [one for one in heard if isinstance(one.event, OF_COMPANIES)]
    known = await companies.load(connection, tenant, [one.event.stream_id for one in told])
    before = dict(known)
    came: list[tuple[Happened, AlertKind]] = []
    for happened in told:
        event: Any = happened.event
        learnt = concern.learn(known[event.company_id], event)
        came += [(happened, kind) for kind in concern.news(known[event.company_id], learnt)]
        known[event.company_id] = learnt
    new = {one: learnt for one, learnt in known.items() if learnt != before[one]}
    await companies.save(connection, tenant, new)
    return [
        (happened, await _alert(connection, tenant, happened, known, kind=kind))
        for happened, kind in came
    ]


async def _of_changes(
    connection: Connection, tenant: str, heard: Heard
) -> list[tuple[Happened, CreditAlertRaised]]:
    """Return the alerts that changes of companies' credit lead to."""
    ids = [happened.event.stream_id for happened in heard]
    known = await companies.load(connection, tenant, ids)
    forms = await subjects.load_all(connection, tenant, ids)
    raised = []
    for happened in heard:
        event: Any = happened.event
        if not known[event.company_id].archived:
            said = told_of(event, forms[event.company_id][0])
            alert = await _alert(connection, tenant, happened, known, **said)
            raised.append((happened, alert))
    return raised


async def _alert(
    connection: Connection,
    tenant: str,
    happened: Happened,
    known: Mapping[UUID, Concern],
    **said: Any,
) -> CreditAlertRaised:
    """Return an alert to a company's owners; to whoever looks after alerts where it has none."""
    event: Any = happened.event
    company_id = event.company_id
    concerned = {*known[company_id].owners, *seen_by(event)}
    owners = await people.active_of(connection, tenant, concerned)
    return CreditAlertRaised(
        alert_id=derived_id(happened.envelope.id, "alert", said["kind"].value),
        company_id=company_id,
        to=tuple(sorted(owners)) or await people.escalated_to(connection, tenant),
        **said,
    )


async def _of_caps(
    connection: Connection, tenant: str, heard: Heard
) -> list[tuple[Happened, CreditAlertRaised]]:
    """Return the alert that a month's cap is reached: one, however many companies wait for it."""
    kept_out = [one for one in heard if _is_by_cap(one)]
    if not kept_out:
        return []
    zone = (await people.rules(connection, tenant)).timezone
    month = month_of(kept_out[0].envelope.at, zone)
    alert = CreditAlertRaised(
        alert_id=derived_id(tenant, "cap-reached", month),
        kind=AlertKind.CAP_REACHED,
        to=await people.escalated_to(connection, tenant),
    )
    return [(kept_out[0], alert)]


def _is_by_cap(happened: Happened) -> bool:
    return isinstance(happened.event, MonitoringExcluded) and happened.event.cause == "COST_CAP"


def _raise(happened: Happened, alert: CreditAlertRaised) -> RaiseAlert:
    common = {**happened.command(NAME), "command_id": derived_id(alert.alert_id, "raise")}
    return RaiseAlert(**common, alert_id=alert.alert_id, raised=alert)


reaction = Reaction(
    NAME, (*OF_COMPANIES, *OF_PEOPLE, *OF_ALERTS, *OF_CREDIT, *OF_POLICY), hear, hear_all
)
