"""Bolagsverket's API: tokens, companies in blocks, partial failures, and the weekly bulk file.

Every second company has its proceedings under the other spelling, and its dates as moments.
"""

import hashlib
import secrets
import time
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel

from standins.creditsafe.clock import now, zoned
from standins.creditsafe.door import store_of
from standins.creditsafe.faults import present
from standins.registries import faults
from standins.registries.basic import is_basic
from standins.registries.store import Document, document
from standins.store import Store

API = "/vardefulla-datamangder/v1"
CLIENT = ("demo", "demo")
ORGANISATION_DIGITS = 10

router = APIRouter(tags=["bolagsverket"])
Stored = Annotated[Store, Depends(store_of)]


class Asked(BaseModel):
    """Which company is asked for."""

    identitetsbeteckning: str


@router.post("/oauth2/token")
async def token(store: Stored, request: Request) -> JSONResponse:
    """Exchange credentials for a token."""
    form = (await request.body()).decode()
    if not is_basic(request.headers.get("authorization", ""), *CLIENT):
        return JSONResponse({"error": "invalid_client"}, status_code=401)
    if "grant_type=client_credentials" not in form:
        return JSONResponse({"error": "unsupported_grant_type"}, status_code=400)
    seconds = present(store).token_seconds
    issued = f"{store.get('token_generation') or 0}.{time.time() + seconds}.{secrets.token_hex(8)}"
    store.put(f"token {issued}", "")
    return JSONResponse({"access_token": issued, "token_type": "Bearer", "expires_in": seconds})


@router.post(f"{API}/organisationer")
async def companies(
    store: Stored, request: Request, asked: Asked, authorization: Annotated[str, Header()] = ""
) -> JSONResponse:
    """Tell what is published of a company."""
    if not _is_valid(store, authorization.removeprefix("Bearer ")):
        return _problem(401, "auth.error", "Unauthorized", "Token saknas eller har gått ut.")
    number = asked.identitetsbeteckning
    if not _checks(number):
        return _problem(
            400,
            "validation.client",
            "Bad Request",
            "Identitetsbeteckning har ogiltig kontrollsiffra.",
        )
    known = document(store, "bolagsverket", number)
    if known is None:
        return _problem(404, "not.found", "Not Found", "Organisationen finns ej.")
    answer = _answer(known)
    if faults.strikes(store, request.url.path, "partial"):
        answer = _without_a_source(answer)
    if faults.strikes(store, request.url.path, "wrong-company"):
        answer["organisationsidentitet"]["identitetsbeteckning"] = "5299999994"
    return JSONResponse({"organisationer": [answer]})


@router.get("/{authority}/{name}_bulkfil.zip")
async def bulk(store: Stored, request: Request, authority: str, name: str) -> Response:
    """Give a weekly file, unless it is the one that is known already."""
    path = Path(store.get("sample") or "") / f"{name}_bulkfil.zip"
    if authority not in {"bolagsverket", "scb"} or not path.exists():
        return Response(status_code=404)
    tag = f'"{hashlib.sha256(path.read_bytes()).hexdigest()[:16]}"'
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={"ETag": tag})
    return Response(path.read_bytes(), media_type="application/zip", headers={"ETag": tag})


def _answer(known: Document) -> Document:
    other = int(known["number"]) % 2 == 1
    ongoing = (
        "pagandeAvvecklingsEllerOmstruktureringsforfarande"
        if other
        else "pagaendeAvvecklingsEllerOmstruktureringsforfarande"
    )
    begun = f"{known['registered']}T00:00:00.000+00:00" if other else known["registered"]
    kind = {"kod": "FORETAGSNAMN", "klartext": "Företagsnamn"}
    name = {"namn": known["name"], "organisationsnamntyp": kind}
    gone = known["gone"] and _block("SCB", avregistreringsdatum=known["gone"])
    return {
        "organisationsidentitet": {
            "identitetsbeteckning": known["number"],
            "typ": {"kod": "ORGANISATIONSNUMMER", "klartext": "Organisationsnummer"},
        },
        "namnskyddslopnummer": None,
        "organisationsnamn": _block("Bolagsverket", organisationsnamnLista=[name]),
        "registreringsland": {"kod": "SE-LAND", "klartext": "Sverige"},
        "organisationsform": _block("Bolagsverket", kod=known["form"], klartext="Organisation"),
        "juridiskForm": _block("SCB", kod="49", klartext="Övriga aktiebolag"),
        "verksamOrganisation": _block("SCB", kod="NEJ" if known["gone"] else "JA"),
        "reklamsparr": _block("Bolagsverket", kod="NEJ"),
        "organisationsdatum": _block("Bolagsverket", registreringsdatum=begun),
        "avregistreradOrganisation": gone,
        "avregistreringsorsak": None,
        ongoing: _block(
            "Bolagsverket",
            **{f"{ongoing}Lista": [{"kod": c, "fromDatum": d} for c, d in known["ongoing"]]},
        ),
        "verksamhetsbeskrivning": _block("Bolagsverket", beskrivning=known["text"]),
        "naringsgrenOrganisation": None,
        "postadressOrganisation": _block("SCB", postadress=_address(known["address"])),
    }


def _address(place: Document) -> Document:
    return {
        "utdelningsadress": place["street"],
        "coAdress": None,
        "postnummer": place["postal_code"],
        "postort": place["city"],
        "land": "Sverige",
    }


def _block(producer: str, **fields: Any) -> Document:
    return {**fields, "fel": None, "dataproducent": producer}


def _without_a_source(answer: Document) -> Document:
    """Return an answer as it is while Statistics Sweden cannot be had; its status is still 200."""
    trouble = {"typ": "OTILLGANGLIG_UPPGIFTSKALLA", "felBeskrivning": "SCB svarar inte"}
    kept = dict(answer)
    for name in ("postadressOrganisation", "naringsgrenOrganisation", "reklamsparr"):
        kept[name] = {"fel": trouble, "dataproducent": "SCB"}
    return kept


def _is_valid(store: Store, issued: str) -> bool:
    generation, _, rest = issued.partition(".")
    known = store.get(f"token {issued}") is not None
    current = generation == str(store.get("token_generation") or 0)
    return known and current and float(rest.rpartition(".")[0]) > time.time()


def _checks(number: str) -> bool:
    """Check the last digit (Luhn)."""
    if len(number) != ORGANISATION_DIGITS or not number.isdigit():
        return False
    doubled = [int(digit) * (2 - place % 2) for place, digit in enumerate(number)]
    return sum(value // 10 + value % 10 for value in doubled) % 10 == 0


def _problem(status: int, instance: str, title: str, detail: str) -> JSONResponse:
    body = {
        "type": "about:blank",
        "instance": instance,
        "timestamp": zoned(now()),
        "requestId": secrets.token_hex(8),
        "status": status,
        "title": title,
        "detail": detail,
    }
    return JSONResponse(body, status_code=status)
