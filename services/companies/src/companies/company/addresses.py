"""Where a company is visited, gets its post and its invoices: what was set by hand."""

from chassis.decider import Rejected
from companies.company.state import Company
from contracts.companies.company import (
    AddressChanged,
    AddressCopied,
    CompanyEvent,
    CopyAddress,
    SetAddress,
)


def set_address(command: SetAddress, company: Company) -> list[CompanyEvent]:
    """Set an address, or remove it."""
    if company.addresses.get(command.kind) == command.address:
        return []
    return [
        AddressChanged(company_id=command.company_id, kind=command.kind, address=command.address)
    ]


def copy_address(command: CopyAddress, company: Company) -> list[CompanyEvent]:
    """Copy an address once; what is filled is replaced only when that was asked for."""
    if command.source == command.target:
        raise Rejected("address-same", "An address is copied to one of another kind; choose that.")
    address = company.addresses.get(command.source)
    if address is None:
        raise Rejected(
            "address-unknown",
            "No such address was set by hand, so there is nothing to copy; set it first.",
            kind=command.source.value,
        )
    there = company.addresses.get(command.target)
    if there == address:
        return []
    if there is not None and not command.overwrite:
        raise Rejected(
            "address-filled",
            "There is another address already; say that it may be replaced.",
            kind=command.target.value,
        )
    return [
        AddressCopied(
            company_id=command.company_id,
            source=command.source,
            target=command.target,
            address=address,
        )
    ]
