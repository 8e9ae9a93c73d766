"""Which company it is: its number, understood as its country writes it, and had only once."""

from datetime import date
from uuid import UUID

from chassis.decider import Claim, Rejected
from companies.company.state import Company, same_identity
from contracts.companies.company import (
    CompanyCreated,
    CompanyEvent,
    CompanyIdentified,
    CompanyIdentity,
    IdentifyCompany,
)
from contracts.identifiers import NumberInvalid, NumberKind, identify, workplace
from contracts.values import Sealed
from contracts.written_numbers import COUNTRIES


def identify_company(command: IdentifyCompany, company: Company) -> list[CompanyEvent]:
    """Give a company its number, or another one; its number is not taken away."""
    if company.kind == "WORKPLACE":
        identity = workplace_identity(command.identity)
    else:
        identity = understood(command.identity, command.at.date())
    if same_identity(identity, company.identity):
        return []
    had_one = company.identity.number or company.identity.personal_number
    if had_one and not (identity.number or identity.personal_number):
        raise Rejected(
            "number-missing", "A company that has a number keeps one; give the right number."
        )
    return [CompanyIdentified(company_id=command.company_id, identity=identity)]


def understood(identity: CompanyIdentity, today: date) -> CompanyIdentity:
    """Return an identity with its number in the one form that it is claimed and compared in."""
    if identity.country not in COUNTRIES:
        raise Rejected(
            "country-unsupported",
            "There is no such country; give its two-letter code, such as SE or NO.",
        )
    if identity.number is not None and identity.personal_number is not None:
        raise Rejected(
            "number-ambiguous",
            "A company has an organisation number or, for a sole trader, a personal number;"
            " give one of the two.",
        )
    if identity.number is not None:
        number = company_number(identity.country, identity.number, today)
        return CompanyIdentity(country=identity.country, number=number)
    if identity.personal_number is not None:
        personal = _personal_number(identity.country, identity.personal_number, today)
        return CompanyIdentity(country=identity.country, personal_number=personal)
    return identity


def company_number(country: str, typed: str, today: date) -> str:
    """Return an organisation number as it is kept; a personal one must not stand readable."""
    try:
        found = identify(country, typed, today)
    except NumberInvalid as error:
        raise Rejected(error.code, str(error)) from error
    if found.kind is NumberKind.PERSNR:
        raise Rejected(
            "number-personal",
            "This is a person's number; give it as the personal number of a sole trader.",
        )
    return found.number


def workplace_identity(identity: CompanyIdentity) -> CompanyIdentity:
    """Return a workplace's identity with its number in the one form that it is claimed in."""
    if identity.number is None:
        raise Rejected("number-missing", "A workplace is known by its number; give that.")
    try:
        number = workplace(identity.country, identity.number).number
    except NumberInvalid as error:
        raise Rejected(error.code, str(error)) from error
    return CompanyIdentity(country=identity.country, number=number)


def _personal_number(country: str, sealed: Sealed, today: date) -> Sealed:
    try:
        found = identify(country, sealed.text or "", today)
    except NumberInvalid as error:
        raise Rejected(error.code, str(error)) from error
    if found.kind is not NumberKind.PERSNR:
        raise Rejected("number-not-personal", "This is an organisation's number; give it as such.")
    return Sealed(subject=sealed.subject, text=found.number)


def number_claimed(event: CompanyEvent) -> Claim | None:
    """Return the number that only this company of the tenant may have."""
    if not isinstance(event, CompanyCreated | CompanyIdentified):
        return None
    identity = event.identity
    number = identity.number or (identity.personal_number and identity.personal_number.text)
    return Claim("company-number", f"{identity.country}:{number}") if number else None


def number_taken(holder: UUID) -> Rejected:
    """Refuse a number that another company of the tenant has."""
    return Rejected(
        "company-exists",
        "You have a company with this number already; open that one. If it is archived or merged"
        " into another, that can be taken back.",
        company_id=str(holder),
    )
