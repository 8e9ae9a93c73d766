"""How a company wants its invoices, and which ways go together."""

from datetime import date

from chassis.decider import Rejected
from companies.company.identity import company_number
from companies.company.state import Company, same_profile
from contracts.companies.company import CompanyEvent, InvoiceProfileChanged, SetInvoiceProfile
from contracts.values import Delivery, InvoiceProfile

BY_EMAIL = frozenset({Delivery.EMAIL_TRACKING_LINK, Delivery.EMAIL_PDF})
PEPPOL_COUNTRIES = {"0007": "SE", "0192": "NO"}
"""Whose numbers a Peppol scheme holds."""


def set_invoice_profile(command: SetInvoiceProfile, company: Company) -> list[CompanyEvent]:
    """Set a profile that can work."""
    check_profile(command.profile, command.at.date())
    if same_profile(company.invoice_profile, command.profile):
        return []
    return [InvoiceProfileChanged(company_id=command.company_id, profile=command.profile)]


def check_profile(profile: InvoiceProfile, today: date) -> None:
    """Refuse a profile that cannot work."""
    ways = {way for way in (profile.delivery, profile.fallback) if way}
    if profile.automatic_handling and Delivery.EMAIL_TRACKING_LINK in ways:
        raise Rejected(
            "invoice-link-unreadable",
            "A system that handles invoices automatically cannot read one sent as a link; choose"
            " e-mail with a PDF.",
        )
    if ways & BY_EMAIL and not (profile.invoice_email and profile.invoice_email.text):
        raise Rejected(
            "invoice-email-missing", "Invoices by e-mail need an address; give the invoice e-mail."
        )
    if Delivery.PEPPOL in ways and profile.electronic_address is None:
        raise Rejected(
            "electronic-address-missing", "Invoices by Peppol need an electronic address; give it."
        )
    if profile.fallback == profile.delivery:
        raise Rejected(
            "invoice-fallback-same", "A fallback is another way than the first; choose another."
        )
    if profile.electronic_address is not None:
        electronic = profile.electronic_address
        company_number(PEPPOL_COUNTRIES[electronic.scheme], electronic.id, today)
