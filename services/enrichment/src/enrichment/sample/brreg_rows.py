"""A company of the sample as Brønnøysundregistrene have it."""

from typing import Any

from enrichment.sample.company import AS_OF, Sampled, SampledUnit
from enrichment.sample.words import Place
from enrichment.sample.written import json_row

EMPLOYEES_SHOWN_MIN = 5
"""Fewer are not published."""
LEGAL_FORMS = {
    "AS": "Aksjeselskap",
    "ASA": "Allmennaksjeselskap",
    "ANS": "Ansvarlig selskap med solidarisk ansvar",
    "DA": "Ansvarlig selskap med delt ansvar",
    "SA": "Samvirkeforetak",
    "BRL": "Borettslag",
    "NUF": "Norskregistrert utenlandsk foretak",
}
SOURCE = "https://data.brreg.no/enhetsregisteret/api"


def unit(company: Sampled) -> list[bytes]:
    """Return the unit: what is not so is left out, or false."""
    kind, since = company.proceeding or ("", None)
    row: dict[str, Any] = {
        "respons_klasse": "Enhet",
        "organisasjonsnummer": company.number,
        "navn": company.name,
        "organisasjonsform": {"kode": company.form, "beskrivelse": LEGAL_FORMS[company.form]},
        "forretningsadresse": _address(company.place, company.postal_code, company.street),
        "naeringskode1": {"kode": company.trade.code, "beskrivelse": company.trade.text},
        **_employees(company.employed),
        "registreringsdatoEnhetsregisteret": str(company.registered_on),
        "registrertIMvaregisteret": company.employed > 0,
        "registrertIForetaksregisteret": True,
        "aktivitet": [company.description],
        "konkurs": kind == "bankruptcy",
        "underAvvikling": kind == "liquidation",
        "underTvangsavviklingEllerTvangsopplosning": False,
        "_links": {"self": {"href": f"{SOURCE}/enheter/{company.number}"}},
    }
    if company.post_box:
        row["postadresse"] = _address(company.place, company.postal_code, f"Post{company.post_box}")
    if company.website:
        row["hjemmeside"] = company.website
    if company.deregistered_on:
        row["slettedato"] = str(company.deregistered_on)
    if since:
        row["konkursdato" if kind == "bankruptcy" else "underAvviklingDato"] = str(since)
    return [json_row(row)]


def sub_units(company: Sampled) -> list[bytes]:
    """Return its sub-units, which have their address under another name."""
    return [json_row(_sub_unit(company, unit)) for unit in company.units]


def _sub_unit(company: Sampled, unit: SampledUnit) -> dict[str, Any]:
    return {
        "respons_klasse": "Underenhet",
        "organisasjonsnummer": unit.number,
        "navn": unit.name,
        "organisasjonsform": {"kode": "BEDR", "beskrivelse": "Underenhet til næringsdrivende"},
        "overordnetEnhet": company.number,
        "beliggenhetsadresse": _address(unit.place, unit.postal_code, unit.street),
        "naeringskode1": {"kode": company.trade.code, "beskrivelse": company.trade.text},
        **_employees(unit.employees[0]),
        "registreringsdatoEnhetsregisteret": str(company.registered_on),
        "oppstartsdato": str(company.registered_on),
        "_links": {"self": {"href": f"{SOURCE}/underenheter/{unit.number}"}},
    }


def _employees(count: int) -> dict[str, Any]:
    if count < EMPLOYEES_SHOWN_MIN:
        return {"harRegistrertAntallAnsatte": count > 0}
    return {
        "antallAnsatte": count,
        "harRegistrertAntallAnsatte": True,
        "registreringsdatoAntallAnsatteEnhetsregisteret": str(AS_OF.date()),
    }


def _address(place: Place, postal_code: str, line: str) -> dict[str, Any]:
    return {
        "land": "Norge",
        "landkode": "NO",
        "postnummer": postal_code,
        "poststed": place.name.upper(),
        "adresse": [line],
        "kommune": place.name.upper(),
        "kommunenummer": place.code,
    }
