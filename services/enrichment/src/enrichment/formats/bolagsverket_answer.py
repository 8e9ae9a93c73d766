"""Bolagsverket's API for "värdefulla datamängder": a company in blocks, each with its own trouble.

Blocks come from two authorities, and which is named with a block is not to be relied upon. A
block may be null, or say why it could not be had while all the rest is there.
"""

from typing import Any

from enrichment.formats.bolagsverket import LEGAL_FORMS, PROCEEDINGS
from enrichment.formats.listing import (
    DESCRIPTION_CHARACTERS_MAX,
    Listing,
    address,
    day,
    industries,
    legal_form,
    line,
    named,
    stated,
)
from enrichment.formats.scb import SCHEME

NO_SUCH = "ORGANISATION_FINNS_EJ"
ONGOING = (
    "pagaendeAvvecklingsEllerOmstruktureringsforfarande",
    "pagandeAvvecklingsEllerOmstruktureringsforfarande",
)
"""Written either way."""
BLOCKS = {
    "organisationsnamn": ("name",),
    "organisationsform": ("legal_form",),
    "organisationsdatum": ("registered_on",),
    "avregistreradOrganisation": ("deregistered_on",),
    "reklamsparr": ("no_marketing",),
    **dict.fromkeys(ONGOING, ("proceedings",)),
    "verksamhetsbeskrivning": ("description",),
    "naringsgrenOrganisation": ("industries",),
    "postadressOrganisation": ("postal",),
}
"""Which of our fields a block is for."""
YES = {"JA": True, "NEJ": False}


def number_of(answer: dict[str, Any]) -> str:
    """Return whose answer it is; empty where that could not be had either."""
    return str(_block(answer, "organisationsidentitet").get("identitetsbeteckning") or "")


def troubles(answer: dict[str, Any]) -> dict[str, str]:
    """Return which blocks could not be had, and why."""
    found = {}
    for name, block in answer.items():
        trouble = block.get("fel") if isinstance(block, dict) else None
        if isinstance(trouble, dict) and trouble.get("typ"):
            found[name] = str(trouble["typ"])
    return found


def missing(answer: dict[str, Any]) -> frozenset[str]:
    """Return which of our fields are unknown today because a block could not be had."""
    return frozenset(field for name in troubles(answer) for field in BLOCKS.get(name, ()))


def listing(number: str, answer: dict[str, Any]) -> Listing:
    """Read a company, as far as it was told."""
    form = _block(answer, "organisationsform")
    postal = _block(_block(answer, "postadressOrganisation"), "postadress")
    code = form.get("kod")
    gone = _block(answer, "avregistreradOrganisation").get("avregistreringsdatum")
    facts = {
        **named(_name(answer)),
        "legal_form": legal_form(code, LEGAL_FORMS.get(str(code)) or form.get("klartext")),
        "registered_on": day(_block(answer, "organisationsdatum").get("registreringsdatum")),
        "deregistered_on": day(gone),
        "no_marketing": YES.get(str(_block(answer, "reklamsparr").get("kod"))),
        "proceedings": _proceedings(answer),
        "description": line(
            _block(answer, "verksamhetsbeskrivning").get("beskrivning"), DESCRIPTION_CHARACTERS_MAX
        ),
        "industries": industries(
            SCHEME,
            *[
                (each.get("kod"), each.get("klartext"))
                for each in _list(_block(answer, "naringsgrenOrganisation"), "sni")
            ],
        ),
        "postal": address(
            [postal.get("coAdress"), postal.get("utdelningsadress")],
            postal.get("postnummer"),
            postal.get("postort"),
        ),
        "city": line(postal.get("postort")),
    }
    return Listing("SE", number, None, stated(facts))


def _name(answer: dict[str, Any]) -> object:
    """Return the company's own name before its secondary ones."""
    names = _list(_block(answer, "organisationsnamn"), "organisationsnamnLista")
    own = [n for n in names if _block(n, "organisationsnamntyp").get("kod") == "FORETAGSNAMN"]
    return next((each.get("namn") for each in [*own, *names]), None)


def _proceedings(answer: dict[str, Any]) -> list[dict[str, Any]]:
    found = []
    for spelling in ONGOING:
        for each in _list(_block(answer, spelling), f"{spelling}Lista"):
            kind = PROCEEDINGS.get(str(each.get("kod")))
            if kind:
                found.append(stated({"kind": kind, "since": day(each.get("fromDatum"))}))
    return found


def _block(answer: dict[str, Any], name: str) -> dict[str, Any]:
    block = answer.get(name)
    return block if isinstance(block, dict) else {}


def _list(block: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found = block.get(name)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
