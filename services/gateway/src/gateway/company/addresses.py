"""A company's addresses over HTTP."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Response

from contracts.companies.company import CopyAddress, SetAddress
from contracts.values import Address, AddressKind
from gateway import provenance
from gateway.asked_by import CompanyChanger
from gateway.asking import Asked, Wish, Written, written
from gateway.bodies import strictly
from gateway.company import queries, view
from gateway.company.bodies import CopyBody
from gateway.problems import Refused

router = APIRouter(prefix="/companies/{company_id}/addresses", tags=["companies"])


@router.put("/{kind}")
async def set_address(
    _who: CompanyChanger,
    asked: Asked,
    company_id: UUID,
    kind: AddressKind,
    body: Annotated[Address, strictly(Address), Body()],
    response: Response,
) -> Written:
    """Set one of a company's addresses by hand."""
    command = SetAddress(**asked.stamp(company_id=company_id, kind=kind, address=body))
    return written(response, await asked.ask(command))


@router.delete("/{kind}")
async def remove_address(
    _who: CompanyChanger, asked: Asked, company_id: UUID, kind: AddressKind, response: Response
) -> Written:
    """Remove an address set by hand; the registry's shows again, if it has one."""
    command = SetAddress(**asked.stamp(company_id=company_id, kind=kind, address=None))
    return written(response, await asked.ask(command))


@router.post("/copy")
async def copy_address(
    _who: CompanyChanger,
    asked: Asked,
    company_id: UUID,
    body: Annotated[CopyBody, strictly(CopyBody), Body()],
    response: Response,
) -> Written:
    """Copy one address to another, once; a filled one only with `overwrite`."""
    card = await queries.card_row(asked.site, asked.tenant, company_id)
    published = _published(card, body) if card else None
    if card:
        _check_target(card, body)
    if card and published and body.source != body.target:
        return written(response, await asked.ask(_set_published(asked, card, body, published)))
    command = CopyAddress(
        **asked.stamp(
            company_id=company_id,
            source=body.source,
            target=body.target,
            overwrite=body.overwrite,
        )
    )
    return written(response, await asked.ask(command))


def _published(card: dict[str, Any], body: CopyBody) -> dict[str, Any] | None:
    """Return the source address where only the registry has it."""
    if body.source in card["addresses"]:
        return None
    found: dict[str, Any] | None = (
        provenance.facts(card["known"]).get("addresses", {}).get(body.source)
    )
    return found


def _check_target(card: dict[str, Any], body: CopyBody) -> None:
    """Refuse what `companies`, which does not know the registry's addresses, cannot see."""
    if body.overwrite or body.source == body.target:
        return
    if body.source in card["addresses"] and body.target in card["addresses"]:
        return
    there, taken = view.address_of(card, body.target), view.address_of(card, body.source)
    if there and taken and there != taken:
        raise Refused(
            "address-filled",
            "There is another address already; say that it may be replaced.",
            status=409,
            kind=body.target.value,
        )


def _set_published(
    asked: Wish, card: dict[str, Any], body: CopyBody, published: dict[str, Any]
) -> SetAddress:
    """Copy what only the registry has: `companies` does not know it, so it is told."""
    stamp = asked.stamp(company_id=UUID(card["company_id"]), kind=body.target, address=published)
    # Nobody else's address is replaced unseen: the card must still be as it was read.
    return SetAddress(**stamp | {"expected_version": asked.expected_version or card["version"]})
