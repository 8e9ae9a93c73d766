"""The list: one flat row a company, with what it is searched, filtered and sorted by."""
# ruff: noqa: RUF012 - a row is never changed, its defaults neither

from importlib.resources import files
from typing import Any, NamedTuple

from chassis.projection import Projection, Told
from contracts.companies.company import (
    CompanyArchived,
    CompanyCreated,
    CompanyDetailsChanged,
    CompanyIdentified,
    CompanyMerged,
    CompanyRestored,
    DepartmentSet,
    MergeReversed,
    OwnerAdded,
    OwnerRemoved,
    RegistryChangeAccepted,
    RegistryValuePinned,
    RelationEnded,
    RelationStarted,
)
from contracts.credit_monitor import (
    CompanyRated,
    CreditChangeNoted,
    CreditRatingChanged,
    CreditReportCorrected,
    MonitoringExcluded,
    MonitoringResumed,
    MonitoringStarted,
    MonitoringStopped,
)
from contracts.enrichment import CompanyEnriched, CompanyNotInRegistry
from contracts.legal_forms import stands_for_people
from gateway import provenance
from gateway.letters import folded, sort_key

SHOWN = frozenset({"name", "legal_form", "industries", "municipality"})


class Line(NamedTuple):
    """A row of `company_list`; `created_at` is absent while only others spoke of the company."""

    company_id: str
    created_at: str | None = None
    kind: str = "COMPANY"
    parent_id: str | None = None
    country: str | None = None
    number: str | None = None
    name: str = ""
    sort_name: str = ""
    search: str = ""
    legal_form: str | None = None
    industries: list[str] = []
    municipality: str | None = None
    municipality_name: str | None = None
    relations: dict[str, Any] = {}
    owners: list[str] = []
    department_id: str | None = None
    band: str | None = None
    rating_band: str | None = None
    """What the bureau said; `band` shows it where the company's form lets it be shown."""
    rated_on: str | None = None
    watch: str | None = None
    watch_since: str | None = None
    watch_reason: str | None = None
    watch_bureau: str | None = None
    heard_at: str | None = None
    archived: bool = False
    merged_into: str | None = None
    known: dict[str, Any] = {}


def evolve(row: Line | None, told: Told) -> Line | None:
    """Take in one more fact."""
    line = row or Line(str(told.event.stream_id))
    known = provenance.take_in(line.known, told)
    if known is not line.known:
        line = line._replace(known=provenance.only(known, SHOWN))
    return _by_credit(_by_people(line, told), told)


def settle(line: Line) -> Line:
    """Put what is known into columns."""
    values, _ = provenance.settled(line.known)
    identity = line.known.get("identity", {})
    name, number = values.get("name", ""), identity.get("number")
    municipality = values.get("municipality") or {}
    form = (values.get("legal_form") or {}).get("code")
    words = (name, number, municipality.get("name"))
    return line._replace(
        country=identity.get("country"),
        number=number,
        name=name,
        sort_name=sort_key(name),
        search=folded(" ".join(word for word in words if word)),
        legal_form=form,
        band=None if stands_for_people(identity.get("country"), form) else line.rating_band,
        industries=[industry["code"] for industry in values.get("industries", ())],
        municipality=municipality.get("code"),
        municipality_name=municipality.get("name"),
    )


def _by_people(line: Line, told: Told) -> Line:  # noqa: PLR0911 - a table of contents
    """Take in what people decided about a company."""
    match told.event:
        case CompanyCreated() as event:
            parent = str(event.parent_id) if event.parent_id else None
            return line._replace(created_at=told.at, kind=event.kind, parent_id=parent)
        case RelationStarted() as event:
            period = {"from": event.since.isoformat(), "to": None}
            return line._replace(relations={**line.relations, event.relation: period})
        case RelationEnded() as event:
            before = line.relations.get(event.relation, {})
            period = {**before, "to": event.until.isoformat()}
            return line._replace(relations={**line.relations, event.relation: period})
        case OwnerAdded() as event:
            owner = str(event.user_id)
            return line._replace(owners=[one for one in line.owners if one != owner] + [owner])
        case OwnerRemoved() as event:
            owner = str(event.user_id)
            return line._replace(owners=[one for one in line.owners if one != owner])
        case DepartmentSet() as event:
            chosen = str(event.department_id) if event.department_id else None
            return line._replace(department_id=chosen)
        case CompanyArchived():
            return line._replace(archived=True)
        case CompanyRestored() | MergeReversed():
            return line._replace(archived=False, merged_into=None)
        case CompanyMerged() as event:
            return line._replace(archived=True, merged_into=str(event.into))
        case _:
            return line


def _by_credit(line: Line, told: Told) -> Line:  # noqa: PLR0911 - a table of contents
    """Take in what the bureau says."""
    match told.event:
        case (
            CompanyRated(rating=rating)
            | CreditRatingChanged(new=rating)
            | CreditReportCorrected(right=rating)
        ):
            rated_on = rating.rated_on.isoformat()
            band = rating.band.value
            return line._replace(rating_band=band, rated_on=rated_on, heard_at=told.at)
        case CreditChangeNoted():
            return line._replace(heard_at=told.at)
        case MonitoringStarted(cause=cause, bureau=bureau):
            return _watch(line, "active", told.at, cause)._replace(watch_bureau=bureau)
        case MonitoringStopped(cause=cause):
            return _watch(line, "stopped", told.at, cause)
        case MonitoringExcluded(cause=cause):
            return _watch(line, "excluded", told.at, cause)
        case MonitoringResumed():
            return _watch(line, None, None, None)
        case _:
            return line


def _watch(line: Line, state: str | None, since: str | None, reason: str | None) -> Line:
    """Say how the watch is, since when and why."""
    return line._replace(watch=state, watch_since=since, watch_reason=reason, watch_bureau=None)


company_list: Projection[Line] = Projection(
    name="company_list",
    version=5,
    row=Line,
    table_sql=files("gateway.companies").joinpath("table.sql").read_text(),
    handles=(
        CompanyCreated,
        CompanyDetailsChanged,
        CompanyIdentified,
        RegistryValuePinned,
        RegistryChangeAccepted,
        RelationStarted,
        RelationEnded,
        OwnerAdded,
        OwnerRemoved,
        DepartmentSet,
        CompanyArchived,
        CompanyRestored,
        CompanyMerged,
        MergeReversed,
        CompanyEnriched,
        CompanyNotInRegistry,
        CompanyRated,
        CreditRatingChanged,
        CreditReportCorrected,
        CreditChangeNoted,
        MonitoringStarted,
        MonitoringStopped,
        MonitoringExcluded,
        MonitoringResumed,
    ),
    key=lambda told: str(told.event.stream_id),
    evolve=evolve,
    settle=settle,
)
