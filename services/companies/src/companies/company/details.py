"""What people set by hand about a company, field by field."""

from chassis.decider import Rejected
from companies.company.state import Company, given, same
from contracts.companies.company import (
    ChangeCompanyDetails,
    CompanyDetailsChanged,
    CompanyEvent,
)
from contracts.values import CompanyDetails

PERSONAL_VAT_THIRD_DIGITS = frozenset("01")
"""A Swedish VAT number is built on the company's; only a person's has such a third digit."""


def change_details(command: ChangeCompanyDetails, company: Company) -> list[CompanyEvent]:
    """Set what is new, clear what was set, and say nothing of the rest."""
    wanted = given(checked(command.details))
    if both := sorted(wanted.keys() & set(command.cleared)):
        raise Rejected(
            "field-set-and-cleared", "Set a field or clear it, not both at once.", field=both[0]
        )
    if "name" in command.cleared and "name" in company.by_hand and company.origin != "REGISTRY":
        raise Rejected("name-required", "A company has a name; give another, do not clear it.")
    changed = {
        name: value
        for name, value in wanted.items()
        if name not in company.by_hand or not same(company.by_hand[name], value)
    }
    cleared = tuple(name for name in dict.fromkeys(command.cleared) if name in company.by_hand)
    if not changed and not cleared:
        return []
    return [
        CompanyDetailsChanged(
            company_id=command.company_id, details=CompanyDetails(**changed), cleared=cleared
        )
    ]


def checked(details: CompanyDetails) -> CompanyDetails:
    """Let no person's number stand readable among the details."""
    vat = details.vat_number
    if vat and vat.startswith("SE") and vat[4:5] in PERSONAL_VAT_THIRD_DIGITS:
        raise Rejected(
            "number-personal",
            "This VAT number contains a person's number; it follows from the personal number and"
            " need not be given.",
        )
    return details
