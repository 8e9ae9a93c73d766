"""A company of the sample as Bolagsverket and Statistics Sweden have it."""

from enrichment.sample.company import Sampled, SampledUnit
from enrichment.sample.written import json_row

BOLAGSVERKET_HEAD = (
    b"organisationsidentitet;namnskyddslopnummer;registreringsland;organisationsnamn;"
    b"organisationsform;avregistreringsdatum;avregistreringsorsak;"
    b"pagandeAvvecklingsEllerOmstruktureringsforfarande;registreringsdatum;"
    b"verksamhetsbeskrivning;postadress\r\n"
)
COLUMNS = (
    *("ForAndrTyp", "COAdress", "Foretagsnamn", "FtgStat", "Gatuadress", "JEStat", "JurForm"),
    *("Namn", "Ng1", "Ng2", "Ng3", "Ng4", "Ng5", "PeOrgNr", "PostNr", "PostOrt", "RegDatKtid"),
    "Reklamsparrtyp",
)
SCB_HEAD = "".join(
    [*(f"{column}\t" for column in COLUMNS), *(f"m{column}\t" for column in COLUMNS[1:]), "\r\n"]
).encode("cp1252")
PROCEEDINGS = {"bankruptcy": "KK-AVOMFO", "liquidation": "LI-AVOMFO"}
REASONS = "VERKUPP-AVORG"
LEGAL_FORMS = {
    "AB": ("49", "Övriga aktiebolag"),
    "HB": ("31", "Handelsbolag, kommanditbolag"),
    "KB": ("31", "Handelsbolag, kommanditbolag"),
    "EK": ("51", "Ekonomiska föreningar"),
    "BRF": ("53", "Bostadsrättsföreningar"),
}
SIZE_CLASSES = {0: 1, 1: 2, 5: 3, 10: 4, 20: 5, 50: 6, 100: 7, 200: 8, 500: 9, 1000: 10}
"""Storleksklass, by the fewest employees in it."""


def bolagsverket(company: Sampled) -> list[bytes]:
    """Return the row of the bulk file: quoted whole, quotes inside left as they are."""
    gone, proceeding = company.deregistered_on, company.proceeding
    fields = (
        f"{company.number}$ORGNR-IDORG",
        "",
        "SE-LAND",
        f"{company.name}$FORETAGSNAMN-ORGNAM${company.registered_on}",
        f"{company.form}-ORGFO",
        str(gone or ""),
        REASONS if gone else "",
        f"{PROCEEDINGS[proceeding[0]]}${proceeding[1]}" if proceeding else "",
        str(company.registered_on),
        company.description,
        f"{_posted(company)}$${company.place.name.upper()}${company.postal_code}$SE-LAND",
    )
    return [('"' + '";"'.join(fields) + '"\r\n').encode()]


def scb_bulk(company: Sampled) -> list[bytes]:
    """Return the row of the bulk file: cp1252, a tab after each field."""
    values = {
        "Foretagsnamn": company.name,
        "FtgStat": "9" if company.deregistered_on else "1",
        "Gatuadress": _posted(company),
        "JEStat": "1",
        "JurForm": LEGAL_FORMS[company.form][0],
        "Namn": company.name,
        "Ng1": company.trade.code,
        "PeOrgNr": f"16{company.number}",
        "PostNr": company.postal_code,
        "PostOrt": company.place.name.upper(),
        "RegDatKtid": f"{company.registered_on:%Y%m%d}",
        "Reklamsparrtyp": _marketing(company),
    }
    row = "\t".join(values.get(column, "") for column in COLUMNS)
    return [(row + "\t" * len(COLUMNS) + "\r\n").encode("cp1252", errors="replace")]


def scb_company(company: Sampled) -> list[bytes]:
    """Return the row of the look-up service: all values are text."""
    low, high = company.employees
    code, form = LEGAL_FORMS[company.form]
    return [
        json_row(
            {
                "PeOrgNr": f"16{company.number}",
                "OrgNr": company.number,
                "Företagsnamn": company.name,
                "COAdress": "",
                "PostAdress": _posted(company),
                "PostNr": company.postal_code,
                "PostOrt": company.place.name.upper(),
                "Säteskommun, kod": company.place.code,
                "Säteskommun": company.place.name,
                "Säteslän, kod": company.place.code[:2],
                "Antal arbetsställen": str(len(company.units)),
                "Stkl, kod": str(SIZE_CLASSES[low]),
                "Storleksklass": _size_class(low, high),
                "Företagsstatus, kod": "9" if company.deregistered_on else "1",
                "Juridisk form, kod": code,
                "Juridisk form": form,
                "Reklam, kod": _marketing(company),
                "Startdatum": str(company.registered_on),
                "Slutdatum": str(company.deregistered_on or ""),
                "Registreringsdatum": str(company.registered_on),
                "Bransch_1, kod": company.trade.code,
                "Bransch_1": company.trade.text,
                "Telefon": "*",
                "E-post": "*",
            }
        )
    ]


def scb_workplaces(company: Sampled) -> list[bytes]:
    """Return the rows of its workplaces, as the look-up service has them."""
    return [_workplace(company, unit, main=at == 0) for at, unit in enumerate(company.units)]


def _workplace(company: Sampled, unit: SampledUnit, *, main: bool) -> bytes:
    low, high = unit.employees
    return json_row(
        {
            "CfarNr": unit.number,
            "PeOrgNr": f"16{company.number}",
            "OrgNr": company.number,
            "Företagsnamn": company.name,
            "Benämning": unit.name,
            "PostAdress": unit.street,
            "PostNr": unit.postal_code,
            "PostOrt": unit.place.name.upper(),
            "BesöksAdress": unit.street,
            "BesöksPostNr": unit.postal_code,
            "BesöksPostOrt": unit.place.name.upper(),
            "Kommun, kod": unit.place.code,
            "Kommun": unit.place.name,
            "Län, kod": unit.place.code[:2],
            "Arbetsställestatus, kod": "1",
            "Stkl, kod": str(SIZE_CLASSES[low]),
            "Storleksklass": _size_class(low, high),
            "Bransch_1, kod": company.trade.code,
            "Bransch_1": company.trade.text,
            "Startdatum": str(company.registered_on),
            "Slutdatum": "",
            "Arbetsställetyp": "Huvudarbetsställe" if main else "Hjälparbetsställe",
        }
    )


def _posted(company: Sampled) -> str:
    return company.post_box or company.street


def _marketing(company: Sampled) -> str:
    return "21" if company.no_marketing else "11"


def _size_class(low: int, high: int) -> str:
    return f"{low}-{high} anställda" if high else "0 anställda"
