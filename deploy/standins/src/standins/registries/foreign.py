"""Finnish, Danish and other companies, made up from their place in a row: the sample has none."""

from collections.abc import Iterator

from standins.registries.store import Document, keep
from standins.store import Store

COUNT = 200
NAMES = ("Kuusi", "Fjord", "Harbour", "Järvi", "Birke", "Granite", "Meri", "Klit", "Heather")
TRADES = ("Rakennus", "Byg", "Joinery", "Kuljetus", "Transport", "Bakery", "Sähkö", "El", "Tools")
ENDED_EVERY, INSOLVENT_EVERY = 23, 17
DAYS = ("2015-03-01", "2019-10-15", "2024-05-02", "2026-06-01")
FINNISH_WEIGHTS, DANISH_WEIGHTS = (7, 9, 10, 5, 8, 4, 2), (2, 7, 6, 5, 4, 3, 2)
MODULUS = 11


def load(store: Store) -> None:
    """Take them in, once."""
    if store.get("foreign") is not None:
        return
    with store.whole():
        for at, number in enumerate(numbers(FINNISH_WEIGHTS, 9_000_000)):
            keep(store, "prh", number, finnish(at, number), name=_name(at, "Oy"))
        for at, number in enumerate(numbers(DANISH_WEIGHTS, 9_500_000)):
            keep(store, "cvr", number, danish(at, number), name=_name(at, "ApS"))
            for place in range(at % 3):
                unit = f"1{number}{place}"
                document = production_unit(at, number, unit)
                keep(store, "cvr-p", unit, document, name=_name(at, "ApS"), parent=number)
        for at in range(COUNT):
            record = british(at)
            name = _name(at, "Ltd")
            keep(store, "gleif", f"9{at:07d}", record, name=name)
            keep(store, "gleif-lei", record["id"], record, name=name)
        store.put("foreign", str(COUNT))


def finnish(at: int, number: str) -> Document:
    """Return a company as the Finnish register has it; it had another name before."""
    begun, renamed, gone, insolvent = DAYS
    document: Document = {
        "businessId": {"value": f"{number[:7]}-{number[7]}", "registrationDate": begun},
        "names": [
            {"name": f"Vanha {at} Oy", "type": "1", "registrationDate": begun, "endDate": renamed},
            {"name": _name(at, "Oy"), "type": "1", "registrationDate": renamed, "endDate": None},
            {"name": "Aputoiminimi", "type": "3", "registrationDate": renamed},
        ],
        "mainBusinessLine": {
            "type": "62010",
            "descriptions": _texts("1", "Ohjelmistojen suunnittelu", "3", "Computer programming"),
            "typeCodeSet": "TOIMI3",
        },
        "companyForms": [{"type": "16", "descriptions": _texts("1", "Osakeyhtiö")}],
        "companySituations": [],
        "addresses": [
            {
                "type": 1,
                "street": "Esimerkkikatu",
                "buildingNumber": str(at + 1),
                "postCode": "00100",
                "postOffices": [
                    {"city": "HELSINKI", "languageCode": "1", "municipalityCode": "091"},
                    {"city": "HELSINGFORS", "languageCode": "2", "municipalityCode": "091"},
                ],
            }
        ],
        "tradeRegisterStatus": "1",
        "registrationDate": begun,
    }
    if at % ENDED_EVERY == 1:
        document["endDate"] = gone
    if at % INSOLVENT_EVERY == 1:
        document["companySituations"] = [{"type": "KONK", "registrationDate": insolvent}]
    return document


def _texts(*texts: str) -> list[Document]:
    """Return texts, each after the code of its language."""
    pairs = zip(texts[::2], texts[1::2], strict=True)
    return [{"languageCode": code, "description": text} for code, text in pairs]


def danish(at: int, number: str) -> Document:
    """Return a company as the Danish register has it: periods upon periods."""
    begun, renamed, gone, insolvent = DAYS
    ended = gone if at % ENDED_EVERY == 1 else None
    status = "UNDER KONKURS" if at % INSOLVENT_EVERY == 1 else "NORMAL"
    return {
        "cvrNummer": int(number),
        "reklamebeskyttet": at % 5 == 0,
        "livsforloeb": [_period(begun, ended)],
        "virksomhedsform": [
            {"kortBeskrivelse": "APS", "langBeskrivelse": "Anpartsselskab", **_period(begun)}
        ],
        "virksomhedsstatus": [
            {"status": "NORMAL", **_period(begun, insolvent)},
            {"status": status, **_period(insolvent)},
        ],
        "aarsbeskaeftigelse": [{"aar": 2025, "intervalKodeAntalAnsatte": "ANTAL_10_19"}],
        "navne": [
            {"navn": f"Gammelt Navn {at} ApS", **_period(begun, renamed)},
            {"navn": _name(at, "ApS"), **_period(renamed)},
        ],
        **_placed(at, begun),
        "sidstOpdateret": "2026-09-01T10:00:00.000+02:00",
    }


def production_unit(at: int, number: str, unit: str) -> Document:
    """Return a production unit (P-enhed)."""
    begun = DAYS[0]
    return {
        "pNummer": int(unit),
        "virksomhedsrelation": [{"cvrNummer": int(number), **_period(begun)}],
        "navne": [{"navn": _name(at, "ApS"), **_period(begun)}],
        **_placed(at, begun),
    }


def british(at: int) -> Document:
    """Return a record of a legal entity identifier."""
    address = {
        "addressLines": [f"{at + 1} Example Street"],
        "city": "Cardiff",
        "country": "GB",
        "postalCode": "CF10 0AA",
    }
    entity = {
        "legalName": {"name": _name(at, "Ltd"), "language": "en"},
        "legalAddress": address,
        "headquartersAddress": address,
        "registeredAt": {"id": "RA000585"},
        "registeredAs": f"9{at:07d}",
        "jurisdiction": "GB",
        "legalForm": {"id": "H0PO"},
        "status": "INACTIVE" if at % ENDED_EVERY == 1 else "ACTIVE",
    }
    lei = f"9999005X7QEXEMP{at:05d}"
    return {"type": "lei-records", "id": lei, "attributes": {"lei": lei, "entity": entity}}


def _placed(at: int, begun: str) -> Document:
    place = {
        "landekode": "DK",
        "vejnavn": "Eksempelvej",
        "husnummerFra": at + 1,
        "postnummer": 2100,
        "postdistrikt": "København Ø",
        "kommune": {"kommuneKode": 101, "kommuneNavn": "KØBENHAVN"},
    }
    trade = {"branchekode": "620100", "branchetekst": "Computerprogrammering"}
    return {
        "beliggenhedsadresse": [{**place, **_period(begun)}],
        "hovedbranche": [{**trade, **_period(begun)}],
    }


def _period(begun: str, ended: str | None = None) -> Document:
    return {"periode": {"gyldigFra": begun, "gyldigTil": ended}}


def _name(at: int, form: str) -> str:
    return f"{NAMES[at % len(NAMES)]} {TRADES[at // len(NAMES) % len(TRADES)]} {at} {form}"


def numbers(weights: tuple[int, ...], first: int) -> Iterator[str]:
    """Return valid numbers: seven digits whose weighted sum has a check digit below ten."""
    found = 0
    for start in range(first, first + 10 * COUNT):
        body = str(start)
        check = -sum(w * int(digit) for w, digit in zip(weights, body, strict=True)) % MODULUS
        if check < 10 and found < COUNT:  # noqa: PLR2004 - one digit
            found += 1
            yield f"{body}{check}"
