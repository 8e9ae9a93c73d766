"""Workplaces that a company got in its registry since it came here: to be added, or dismissed."""

from collections.abc import Sequence
from typing import Any

from chassis.codec import to_json
from chassis.projection import Told
from contracts.companies.company import SubUnitDismissed
from contracts.enrichment import SubUnitAppeared, SubUnitClosed

HANDLES = (SubUnitAppeared, SubUnitClosed, SubUnitDismissed)


def take_in(units: dict[str, Any], told: Told) -> dict[str, Any]:
    """Return what is known of them after one more fact; the services speak in any order."""
    offered, dismissed = units.get("offered", {}), units.get("dismissed", [])
    match told.event:
        case SubUnitAppeared() as event:
            said = to_json(event.unit)
            about = {"name": said["name"], "address": said.get("address"), "at": told.at}
            return {"offered": {**offered, event.unit.number: about}, "dismissed": dismissed}
        case SubUnitClosed() as event:
            open_ones = {n: said for n, said in offered.items() if n != event.unit.number}
            return {"offered": open_ones, "dismissed": dismissed}
        case SubUnitDismissed() as event:
            return {"offered": offered, "dismissed": sorted({*dismissed, event.number})}
        case _:
            return units


def undecided(card: dict[str, Any], sub_units: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return those that are not here, and that nobody dismissed."""
    here = {unit["known"]["identity"].get("number") for unit in sub_units}
    settled = here.union(card["units"].get("dismissed", ()))
    return [
        {"workplace_number": number, **said}
        for number, said in sorted(card["units"].get("offered", {}).items())
        if number not in settled
    ]
