"""Two companies become one, and two again: one stays, and takes over what it lacks."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any, TypeAlias
from uuid import UUID

from chassis.decider import Rejected
from companies.company.looking_after import OWNERS_MAX, owners_full
from companies.company.relations import RELATIONS_MAX, relations_full
from companies.company.state import Company, given, same, without
from contracts.companies.company import (
    AddressChanged,
    CompanyCommand,
    CompanyDetailsChanged,
    CompanyEvent,
    CompanyMerged,
    DepartmentSet,
    FieldName,
    InvoiceProfileChanged,
    MergeCompany,
    MergeReversed,
    OtherCompanyGivenBack,
    OtherCompanyTakenOver,
    OwnerAdded,
    OwnerRemoved,
    RelationEnded,
    RelationStarted,
    ReverseMerge,
    Taken,
)
from contracts.values import CompanyDetails, Sealed

AboutMerge: TypeAlias = MergeCompany | ReverseMerge
MergeFact: TypeAlias = CompanyMerged | MergeReversed | OtherCompanyTakenOver | OtherCompanyGivenBack
PEOPLES_OWN: frozenset[FieldName] = frozenset(
    {"no_marketing", "website", "email", "phone", "description"}
)
"""What people say of a company that has a number; the rest its registry says."""


def other_company(command: CompanyCommand, company: Company) -> UUID | None:
    """Name the company that a merge, or its reversal, concerns besides the merged one."""
    if isinstance(command, MergeCompany):
        return command.into
    return company.merged_into if isinstance(command, ReverseMerge) else None


def decide_on_merge(command: AboutMerge, company: Company, other: Company) -> list[CompanyEvent]:
    """Merge a company into another, or take that back: about both, or about neither."""
    if isinstance(command, MergeCompany):
        return _merge(command, company, other)
    return _reverse(command, company, other)


def _merge(command: MergeCompany, company: Company, stays: Company) -> list[CompanyEvent]:
    _check_goes_together(command, company, stays)
    taken = _lacking(command, company, stays)
    if len(stays.owners) + len(taken.owners) > OWNERS_MAX:
        raise owners_full()
    if len(stays.relations) + len(taken.relations) > RELATIONS_MAX:
        raise relations_full()
    return [
        CompanyMerged(company_id=command.company_id, into=command.into, reason=command.reason),
        *_taking(command.into, taken),
        OtherCompanyTakenOver(
            company_id=command.into,
            merged_id=command.company_id,
            reason=command.reason,
            taken=taken,
        ),
    ]


def _check_goes_together(command: MergeCompany, company: Company, stays: Company) -> None:
    """Refuse a merge that would lose something, or that is none."""
    if command.company_id == command.into:
        raise Rejected("merge-with-itself", "A company is merged into another one; choose that.")
    _check_stays(stays, command.into)
    if "WORKPLACE" in {company.kind, stays.kind}:
        raise Rejected("merge-of-workplace", "A workplace is not merged; archive it instead.")
    if _number(company) and not _number(stays):
        raise Rejected(
            "merge-other-way-round",
            "Only the company to be merged has an organisation number; merge the one without a"
            " number into it.",
        )
    if _number(company) and command.reason == "DUPLICATE":
        raise Rejected(
            "merge-of-two-numbers",
            "These are two companies with a number each. If one has become the other's in law,"
            " give SUCCESSION as the reason; a wrong number is corrected instead.",
        )


def _check_stays(stays: Company, stays_id: UUID) -> None:
    """Refuse a company to merge into, or to take something back from, that takes nothing."""
    if stays.status == "absent":
        raise Rejected("merge-into-unknown", "There is no such company to merge into.")
    if stays.status == "archived":
        raise Rejected(
            "merge-into-archived",
            "The other company is archived; restore it first.",
            company_id=str(stays_id),
        )
    if stays.status == "merged":
        raise Rejected(
            "merge-into-merged",
            "The other company was merged into a third; take that one, or reverse its merge first.",
            company_id=str(stays.merged_into),
        )


def _number(company: Company) -> Any:
    return company.identity.number or company.identity.personal_number


def _lacking(command: MergeCompany, company: Company, stays: Company) -> Taken:
    """Return what the company that stays has not; it keeps whatever it has."""
    fields = PEOPLES_OWN if _number(stays) else {*company.by_hand} - {"name"}
    details = {
        name: _of_whom_stays(command, value)
        for name, value in company.by_hand.items()
        if name in fields and name not in stays.by_hand and not _is_erased(value)
    }
    profile = None if stays.invoice_profile else company.invoice_profile
    if profile and any(map(_is_erased, (profile.invoice_email, profile.your_reference))):
        profile = None
    return Taken(
        details=CompanyDetails(**details),
        addresses=without(company.addresses, *stays.addresses),
        relations={
            relation: max(since, stays.ended.get(relation, since))
            for relation, since in company.relations.items()
            if relation not in stays.relations
        },
        owners=tuple(sorted(company.owners - stays.owners)),
        department_id=None if stays.department_id else company.department_id,
        invoice_profile=profile
        and profile.model_copy(
            update={
                name: _of_whom_stays(command, getattr(profile, name))
                for name in ("invoice_email", "your_reference")
            }
        ),
    )


def _of_whom_stays(command: MergeCompany, value: Any) -> Any:
    """Return a value that is erased with the company that stays, if it is a personal text."""
    if isinstance(value, Sealed) and value.subject == command.company_id:
        return Sealed(subject=command.into, text=value.text)
    return value


def _is_erased(value: Any) -> bool:
    return isinstance(value, Sealed) and value.text is None


def _taking(stays_id: UUID, taken: Taken) -> Iterator[CompanyEvent]:
    """Tell of each thing as of any other that somebody sets."""
    if given(taken.details):
        yield CompanyDetailsChanged(company_id=stays_id, details=taken.details)
    for kind, address in taken.addresses.items():
        yield AddressChanged(company_id=stays_id, kind=kind, address=address)
    for relation, since in taken.relations.items():
        yield RelationStarted(company_id=stays_id, relation=relation, since=since)
    for owner in taken.owners:
        yield OwnerAdded(company_id=stays_id, user_id=owner)
    if taken.department_id:
        yield DepartmentSet(company_id=stays_id, department_id=taken.department_id)
    if taken.invoice_profile:
        yield InvoiceProfileChanged(company_id=stays_id, profile=taken.invoice_profile)


def _reverse(command: ReverseMerge, company: Company, stays: Company) -> list[CompanyEvent]:
    if company.status == "absent":
        raise Rejected("company-unknown", "There is no such company.")
    if company.merged_into is None:
        return []
    _check_stays(stays, company.merged_into)
    taken = stays.taken.get(command.company_id, Taken())
    return [
        MergeReversed(company_id=command.company_id, into=company.merged_into),
        *_giving_back(company.merged_into, stays, taken, command.at.date()),
        OtherCompanyGivenBack(company_id=company.merged_into, merged_id=command.company_id),
    ]


def _giving_back(
    stays_id: UUID, stays: Company, taken: Taken, today: date
) -> Iterator[CompanyEvent]:
    """Take back what is still as it was taken over; what somebody changed since is theirs.

    An invoice profile stays: nobody says of a company that it has none any more.
    """
    cleared = tuple(
        name for name, value in given(taken.details).items() if same(stays.by_hand.get(name), value)
    )
    if cleared:
        yield CompanyDetailsChanged(company_id=stays_id, cleared=cleared)
    for kind, address in taken.addresses.items():
        if stays.addresses.get(kind) == address:
            yield AddressChanged(company_id=stays_id, kind=kind)
    for relation, since in taken.relations.items():
        if stays.relations.get(relation) == since:
            yield RelationEnded(company_id=stays_id, relation=relation, until=max(since, today))
    for owner in taken.owners:
        if owner in stays.owners:
            yield OwnerRemoved(company_id=stays_id, user_id=owner)
    if taken.department_id and stays.department_id == taken.department_id:
        yield DepartmentSet(company_id=stays_id)


def merged_or_not(company: Company, event: MergeFact) -> Company:
    """Keep what this company is part of, and what it took over."""
    match event:
        case CompanyMerged():
            return replace(company, status="merged", merged_into=event.into)
        case MergeReversed():
            return replace(company, status="active", merged_into=None)
        case OtherCompanyTakenOver():
            return replace(company, taken={**company.taken, event.merged_id: event.taken})
        case OtherCompanyGivenBack():
            return replace(company, taken=without(company.taken, event.merged_id))
