"""A company of the register: what may be asked of it, and what it becomes."""

from dataclasses import replace
from typing import assert_never

from chassis.decider import Decider, Rejected
from companies.company.addresses import copy_address, set_address
from companies.company.creation import create
from companies.company.details import change_details
from companies.company.identity import identify_company, number_claimed, number_taken
from companies.company.invoicing import set_invoice_profile
from companies.company.looking_after import add_owner, remove_owner, set_department
from companies.company.merging import decide_on_merge, merged_or_not, other_company
from companies.company.registry import (
    AboutRegistry,
    RegistryWord,
    choice_changed,
    decide_on_registry,
)
from companies.company.relations import end_relation, start_relation
from companies.company.state import Company, given, same, without
from companies.company.sub_units import AboutSubUnits, decide_on_sub_units, workplaces_created
from contracts.companies.company import (
    AddOwner,
    AddressChanged,
    AddressCopied,
    ArchiveCompany,
    ChangeCompanyDetails,
    CompanyArchived,
    CompanyCommand,
    CompanyCreated,
    CompanyDetailsChanged,
    CompanyEvent,
    CompanyIdentified,
    CompanyMerged,
    CompanyRestored,
    CopyAddress,
    CreateCompany,
    DepartmentSet,
    EndRelation,
    IdentifyCompany,
    InvoiceProfileChanged,
    MergeCompany,
    MergeReversed,
    OtherCompanyGivenBack,
    OtherCompanyTakenOver,
    OwnerAdded,
    OwnerRemoved,
    RefuseWish,
    RelationEnded,
    RelationStarted,
    RemoveOwner,
    RestoreCompany,
    ReverseMerge,
    SetAddress,
    SetDepartment,
    SetInvoiceProfile,
    StartRelation,
    SubUnitDismissed,
)

EVER_TAKEN = (CreateCompany, ArchiveCompany, RestoreCompany, ReverseMerge, RefuseWish)
"""What looks itself at how the company stands."""


def decide(command: CompanyCommand, company: Company) -> list[CompanyEvent]:  # noqa: C901, PLR0911, PLR0912 - a table of contents
    """Say what follows from a command; say nothing when it is already so."""
    check_taken(command, company)
    if isinstance(command, AboutRegistry):
        return decide_on_registry(command, company)
    if isinstance(command, AboutSubUnits):
        return decide_on_sub_units(command, company)
    match command:
        case CreateCompany():
            return create(command, company)
        case ChangeCompanyDetails():
            return change_details(command, company)
        case IdentifyCompany():
            return identify_company(command, company)
        case SetAddress():
            return set_address(command, company)
        case CopyAddress():
            return copy_address(command, company)
        case StartRelation():
            return start_relation(command, company)
        case EndRelation():
            return end_relation(command, company)
        case AddOwner():
            return add_owner(command, company)
        case RemoveOwner():
            return remove_owner(command, company)
        case SetDepartment():
            return set_department(command, company)
        case SetInvoiceProfile():
            return set_invoice_profile(command, company)
        case ArchiveCompany():
            return archive(command, company)
        case RestoreCompany():
            return restore(command, company)
        case MergeCompany() | ReverseMerge():
            return decide_both(command, company, Company())
        case RefuseWish(problem=found):
            raise Rejected(found.code, found.message, **found.details)
        case _:
            assert_never(command)


def decide_both(command: CompanyCommand, company: Company, other: Company) -> list[CompanyEvent]:
    """Say what follows from a command that concerns a second company."""
    check_taken(command, company)
    if not isinstance(command, MergeCompany | ReverseMerge):
        raise TypeError(command.type)
    return decide_on_merge(command, company, other)


def check_taken(command: CompanyCommand, company: Company) -> None:
    """Refuse what the company does not take as it is."""
    if not isinstance(command, EVER_TAKEN):
        check_active(company)


def check_active(company: Company) -> None:
    """Refuse what only an active company takes."""
    check_by_itself(company)
    if company.status == "archived":
        raise Rejected("company-archived", "This company is archived; restore it first.")


def check_by_itself(company: Company) -> None:
    """Refuse what needs a company that was not merged into another."""
    check_known(company)
    if company.status == "merged":
        raise Rejected(
            "company-merged",
            "This company was merged into another; open that one, or reverse the merge first.",
            company_id=str(company.merged_into),
        )


def check_known(company: Company) -> None:
    """Refuse what needs a company."""
    if company.status == "absent":
        raise Rejected("company-unknown", "There is no such company.")


def archive(command: ArchiveCompany, company: Company) -> list[CompanyEvent]:
    """Put a company away, once."""
    check_by_itself(company)
    if company.status == "archived":
        return []
    return [CompanyArchived(company_id=command.company_id)]


def restore(command: RestoreCompany, company: Company) -> list[CompanyEvent]:
    """Take back a company that is archived."""
    check_by_itself(company)
    if company.status == "active":
        return []
    return [CompanyRestored(company_id=command.company_id)]


def evolve(company: Company, event: CompanyEvent) -> Company:  # noqa: C901, PLR0911, PLR0912 - a table of contents
    """Take in one more fact."""
    if isinstance(event, RegistryWord):
        return choice_changed(company, event)
    match event:
        case CompanyCreated():
            return created(event)
        case CompanyDetailsChanged():
            return details_changed(company, event)
        case CompanyIdentified():
            return replace(company, identity=event.identity, proposed={}, rejected={})
        case AddressChanged() | AddressCopied():
            return address_changed(company, event)
        case RelationStarted() | RelationEnded():
            return relation_changed(company, event)
        case OwnerAdded():
            return replace(company, owners=company.owners | {event.user_id})
        case OwnerRemoved():
            return replace(company, owners=company.owners - {event.user_id})
        case DepartmentSet():
            return replace(company, department_id=event.department_id)
        case InvoiceProfileChanged():
            return replace(company, invoice_profile=event.profile)
        case SubUnitDismissed():
            return replace(company, dismissed=company.dismissed | {event.number})
        case CompanyArchived():
            return replace(company, status="archived")
        case CompanyRestored():
            return replace(company, status="active")
        case CompanyMerged() | MergeReversed() | OtherCompanyTakenOver() | OtherCompanyGivenBack():
            return merged_or_not(company, event)
        case _:
            assert_never(event)


def created(event: CompanyCreated) -> Company:
    """Begin: a name that does not come from the registry was set by hand."""
    return Company(
        status="active",
        kind=event.kind,
        origin=event.origin,
        identity=event.identity,
        by_hand={} if event.origin == "REGISTRY" else {"name": event.name},
    )


def details_changed(company: Company, event: CompanyDetailsChanged) -> Company:
    """Keep what was set; a proposal ends where what it proposed was set, or all was cleared."""
    fresh = given(event.details)
    by_hand = without({**company.by_hand, **fresh}, *event.cleared)
    settled = [name for name, value in fresh.items() if same(company.proposed.get(name), value)]
    return replace(
        company,
        by_hand=by_hand,
        proposed=without(company.proposed, *event.cleared, *settled),
        rejected=without(company.rejected, *event.cleared),
    )


def address_changed(company: Company, event: AddressChanged | AddressCopied) -> Company:
    """Keep an address, or drop it."""
    kind = event.kind if isinstance(event, AddressChanged) else event.target
    rest = without(company.addresses, kind)
    return replace(company, addresses={**rest, kind: event.address} if event.address else rest)


def relation_changed(company: Company, event: RelationStarted | RelationEnded) -> Company:
    """Keep what runs, and when what does not was last ended."""
    relation = event.relation
    if isinstance(event, RelationStarted):
        return replace(company, relations={**company.relations, relation: event.since})
    return replace(
        company,
        relations=without(company.relations, relation),
        ended={**company.ended, relation: event.until},
    )


companies: Decider[CompanyCommand, Company, CompanyEvent] = Decider(
    Company(),
    decide,
    evolve,
    claims=number_claimed,
    taken=number_taken,
    created=workplaces_created,
    other=other_company,
    decide_both=decide_both,
)
