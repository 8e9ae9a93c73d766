"""From the card's row to its answer: by hand before registry, and what the watch is waiting for."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from contracts.legal_forms import stands_for_people
from gateway import provenance
from gateway.company import offered_units
from gateway.company.answers import CompanyAnswer

WATCHED_RELATIONS = frozenset({"customer", "prospect"})
"""Whose credit the tenant carries, or soon may."""


def answer(card: dict[str, Any], sub_units: Sequence[dict[str, Any]], today: date) -> CompanyAnswer:
    """Put a card together; its sealed texts have been opened."""
    known = card["known"]
    values, sources = provenance.settled(known)
    addresses, address_sources = _addresses(card)
    facts = provenance.facts(known)
    return CompanyAnswer.model_validate(
        {
            **values,
            **_identity(card),
            "company_id": card["company_id"],
            "version": card["version"],
            "kind": card["kind"],
            "parent_id": card["parent_id"],
            "active": facts.get("active"),
            "proceedings": facts.get("proceedings", ()),
            "addresses": addresses,
            "relations": card["relations"],
            "owners": card["owners"],
            "department_id": (card["department"] or {}).get("department_id"),
            "invoice_profile": (card["invoicing"] or {}).get("profile"),
            "proposals": _proposals(card["proposals"], values),
            "registry": _registry(known),
            "credit": _credit(card, today),
            "sub_units": [_sub_unit(unit) for unit in sub_units],
            "sub_unit_proposals": offered_units.undecided(card, sub_units),
            "archived": card["archived_at"] is not None,
            "archived_at": card["archived_at"],
            "merged_at": card["merged_at"],
            "merged_into": card["merged_into"],
            "merged": card["merged"],
            "created_at": card["created_at"],
            "sources": {**sources, **address_sources, **_other_sources(card)},
        }
    )


def name_of(card: dict[str, Any]) -> str:
    """Return what a company is called."""
    name: str = provenance.settled(card["known"])[0]["name"]
    return name


def address_of(card: dict[str, Any], kind: str) -> dict[str, Any] | None:
    """Return one of a company's addresses, as it shows."""
    return _addresses(card)[0].get(kind)


def _identity(card: dict[str, Any]) -> dict[str, Any]:
    identity = card["known"]["identity"]
    number = identity.get("number")
    is_workplace = card["kind"] == "WORKPLACE"
    return {
        "country": identity["country"],
        "organisation_number": None if is_workplace else number,
        "workplace_number": number if is_workplace else None,
        "personal_number": identity.get("personal_number"),
    }


def _addresses(card: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return every address, and where each comes from."""
    published = provenance.facts(card["known"]).get("addresses", {})
    values, sources = {}, {}
    for kind in sorted({*published, *card["addresses"]}):
        kept = card["addresses"].get(kind)
        # What came from a registry with a workplace's creation gives way to what it says now.
        if kept and not (kept["source"] == "registry" and kind in published):
            values[kind] = kept["address"]
            sources[f"addresses.{kind}"] = {k: v for k, v in kept.items() if k != "address"}
        else:
            values[kind] = published[kind]
            sources[f"addresses.{kind}"] = provenance.registry_note(card["known"])
    return values, sources


def _other_sources(card: dict[str, Any]) -> dict[str, Any]:
    """Return the sources of what only people say, and of the number."""
    identity = card["known"]["identity"]
    found = {
        "organisation_number": identity if "number" in identity else None,
        "personal_number": identity if "personal_number" in identity else None,
        "department_id": card["department"],
        "invoice_profile": card["invoicing"],
    }
    return {
        name: {part: said[part] for part in ("source", "at", "by")}
        for name, said in found.items()
        if said
    }


def _proposals(proposals: dict[str, Any], values: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what is still to be chosen; only here can personal texts be seen to be equal."""
    notes = proposals.get("notes", {})
    return [
        {"field": name, "proposed": value, "at": notes[name]["at"]}
        for name, value in sorted(proposals.get("values", {}).items())
        if value is not None and value != values.get(name)
    ]


def _registry(known: dict[str, Any]) -> dict[str, Any]:
    registry = known.get("registry") or {}
    if "missing" in registry:
        return {"state": "missing", "reason": registry["missing"], "as_of": registry["at"]}
    if not provenance.facts(known):
        return {"state": "awaited"}
    return {"state": "found", "registry": registry["registry"], "as_of": registry["as_of"]}


def _credit(card: dict[str, Any], today: date) -> dict[str, Any]:
    credit = card["credit"]
    values, _ = provenance.settled(card["known"])
    form = (values.get("legal_form") or {}).get("code")
    shown = not stands_for_people(card["known"]["identity"]["country"], form)
    return {
        **((credit.get("rating") or {}) if shown else {}),
        "changed_at": credit.get("changed_at"),
        "failure": (credit.get("failed") or {}).get("code"),
        "watch": _watch(credit) or _awaited(card, today),
    }


def _watch(credit: dict[str, Any]) -> dict[str, Any] | None:
    """Return the watch as the bureau's side told of it, and when it was last heard of."""
    watch = credit.get("watch")
    if watch is None:
        return None
    note = (watch.get("why") or {}).get("reason")
    return {**watch, "note": note, "heard_at": credit.get("heard_at")}


def _awaited(card: dict[str, Any], today: date) -> dict[str, Any] | None:
    """Return what the watch is, while the bureau's side has said nothing yet."""
    called_for = [
        period
        for period in card["relations"]
        if period["relation"] in WATCHED_RELATIONS and is_current(period, today)
    ]
    if not called_for or card["archived_at"] or card["merged_at"] or card["kind"] == "WORKPLACE":
        return None
    if failed := card["credit"].get("failed"):
        return {"state": "excluded", "since": failed["at"], "reason": failed["code"]}
    return {"state": "pending", "since": card["created_at"], "reason": None}


def is_current(period: dict[str, Any], today: date) -> bool:
    """Say whether a relation has not ended."""
    return period["to"] is None or period["to"] > today.isoformat()


def _sub_unit(unit: dict[str, Any]) -> dict[str, Any]:
    return {
        "company_id": unit["company_id"],
        "name": name_of(unit),
        "workplace_number": unit["known"]["identity"].get("number"),
    }
