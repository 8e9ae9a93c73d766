"""What is known of a company, and from whom: what people set and what a registry says, apart.

People's values come with events of the company, the registry's with events of another service,
and nothing says which arrives first. Each is therefore kept in a part of its own, and only
reading puts them together: what was set by hand always stands before what a registry says.
Sealed texts stay under the name of their field, which they are bound to.
"""

from typing import Any, TypeAlias

from chassis.codec import to_json
from chassis.projection import Told
from contracts.companies.company import (
    CompanyCreated,
    CompanyDetailsChanged,
    CompanyIdentified,
    RegistryChangeAccepted,
    RegistryValuePinned,
)
from contracts.enrichment import CompanyEnriched, CompanyNotInRegistry
from contracts.values import CompanyDetails

Known: TypeAlias = dict[str, Any]
"""`identity`, what people set (`hand`) with its `notes`, and what the `registry` says."""

FIELDS = tuple(CompanyDetails.model_fields)
SOURCES = {"HAND": "hand", "REGISTRY": "registry", "IMPORT": "import"}


def note(told: Told, source: str) -> dict[str, str]:
    """Return who said something, and when."""
    return {"source": source, "at": told.at, "by": told.by}


def take_in(known: Known, told: Told) -> Known:  # noqa: PLR0911 - a table of contents
    """Take in one more fact, if it says what a company is like."""
    match told.event:
        case CompanyCreated() as event:
            return _created(known, told, event)
        case CompanyIdentified() as event:
            return {**known, "identity": to_json(event.identity) | note(told, "hand")}
        case CompanyDetailsChanged() as event:
            return _set_by_hand(known, told, event)
        case RegistryValuePinned() as event:
            return _with(known, to_json(event.value), note(told, "pinned"))
        case RegistryChangeAccepted() as event:
            return _without(known, (event.field,))
        case CompanyEnriched() as event:
            return {**known, "registry": _found(told, event)}
        case CompanyNotInRegistry() as event:
            return {**known, "registry": {"missing": event.reason, "at": told.at}}
        case _:
            return known


def _created(known: Known, told: Told, event: CompanyCreated) -> Known:
    """Begin with the name; one taken from a registry gives way to what the registry says."""
    source = SOURCES[event.origin]
    created = {
        **known,
        "identity": to_json(event.identity) | note(told, source),
        "first": {"name": event.name} | note(told, source),
    }
    if event.origin == "REGISTRY":
        return created
    return _with(created, {"name": event.name}, note(told, source))


def _set_by_hand(known: Known, told: Told, event: CompanyDetailsChanged) -> Known:
    return _with(_without(known, event.cleared), to_json(event.details), note(told, "hand"))


def _with(known: Known, values: dict[str, Any], about: dict[str, str]) -> Known:
    return {
        **known,
        "hand": {**known.get("hand", {}), **values},
        "notes": {**known.get("notes", {}), **dict.fromkeys(values, about)},
    }


def _without(known: Known, fields: tuple[str, ...]) -> Known:
    return {
        **known,
        **{
            part: {name: kept for name, kept in known.get(part, {}).items() if name not in fields}
            for part in ("hand", "notes")
        },
    }


def _found(told: Told, event: CompanyEnriched) -> dict[str, Any]:
    return {
        "country": event.country,
        "number": event.number,
        "registry": event.registry,
        "as_of": event.as_of.isoformat().replace("+00:00", "Z"),
        "at": told.at,
        "facts": to_json(event.facts),
    }


def facts(known: Known) -> dict[str, Any]:
    """Return what the registry says; nothing where it spoke of another number than today's."""
    identity, registry = known.get("identity") or {}, known.get("registry") or {}
    same = all(identity.get(part) == registry.get(part) for part in ("country", "number"))
    found: dict[str, Any] = registry.get("facts", {}) if same else {}
    return found


def registry_note(known: Known) -> dict[str, Any]:
    """Return where the registry's values come from."""
    registry = known.get("registry") or {}
    return {"source": "registry", "registry": registry["registry"], "at": registry["as_of"]}


def settled(known: Known) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Return the value of every field that has one, and where each comes from."""
    hand: dict[str, Any] = known.get("hand", {})
    published = facts(known).get("details", {})
    first = known.get("first", {})
    values = {name: hand.get(name, published.get(name)) for name in FIELDS}
    sources = {
        name: known["notes"][name] if name in hand else registry_note(known)
        for name, value in values.items()
        if value is not None
    }
    if values["name"] is None and first:
        values["name"] = first["name"]
        sources["name"] = {name: first[name] for name in ("source", "at", "by")}
    return {name: value for name, value in values.items() if value is not None}, sources


def only(known: Known, fields: frozenset[str]) -> Known:
    """Return as much as settling these fields takes."""
    registry = known.get("registry") or {}
    details = registry.get("facts", {}).get("details", {})
    slim = {
        **known,
        "hand": {name: said for name, said in known.get("hand", {}).items() if name in fields},
        "notes": {name: said for name, said in known.get("notes", {}).items() if name in fields},
    }
    if details:
        kept = {name: said for name, said in details.items() if name in fields}
        slim["registry"] = {**registry, "facts": {"details": kept}}
    return slim
