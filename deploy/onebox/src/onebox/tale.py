"""What happened, told in one line an event."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

NAME_CHARACTERS = 32
EVENT_CHARACTERS = 24

Data = Mapping[str, Any]


def line(event: str, document: Data, name: str) -> str:
    """Return an event as a line: when, what, to whom, and what is now otherwise."""
    when = datetime.fromisoformat(document["time"]).astimezone()
    told = TOLD.get(event, _nothing)(document["data"])
    short = name if len(name) <= NAME_CHARACTERS else name[: NAME_CHARACTERS - 1] + "…"
    columns = f"{when:%H:%M:%S}  {event:{EVENT_CHARACTERS}}  {short:{NAME_CHARACTERS}}  {told}"
    return columns.rstrip()


def _nothing(_: Data) -> str:
    return ""


def _created(data: Data) -> str:
    identity = data["identity"]
    number = identity.get("number") or "no public number"
    return f"{identity['country']} {number}, {data['origin'].lower()}"


def _enriched(data: Data) -> str:
    details = data["facts"]["details"]
    form = details.get("legal_form") or {}
    place = details.get("municipality") or {}
    employees = details.get("employees") or {}
    parts = [form.get("text") or form.get("code"), place.get("name"), _headcount(employees)]
    return ", ".join(part for part in parts if part)


def _headcount(employees: Data) -> str:
    low, high = employees.get("low"), employees.get("high")
    if low is None:
        return ""
    return f"{low} employees" if high in (low, None) else f"{low} to {high} employees"


def _rated(data: Data) -> str:
    return _rating(data["rating"])


def _changed(data: Data) -> str:
    return f"{_rating(data['old'])}  →  {_rating(data['new'])}"


def _rating(rating: Data) -> str:
    limit = rating.get("limit")
    score = f" {rating['score']}" if rating.get("score") else ""
    amount = f", limit {_amount(limit)}" if limit else ""
    return f"{rating['band'].replace('_', ' ').lower().capitalize()}{score}{amount}"


def _amount(money: Data) -> str:
    return f"{int(float(money['amount'])):,} {money['currency']}".replace(",", " ")


def _reason(field: str) -> Callable[[Data], str]:
    return lambda data: str(data.get(field, "")).replace("_", " ").replace("-", " ").lower()


TOLD: Mapping[str, Callable[[Data], str]] = {
    "CompanyCreated": _created,
    "CompanyEnriched": _enriched,
    "CompanyNotInRegistry": _reason("reason"),
    "SubUnitAppeared": lambda data: str(data["unit"]["name"]),
    "SubUnitClosed": lambda data: str(data["unit"]["name"]),
    "CompanyRated": _rated,
    "CreditRatingChanged": _changed,
    "CreditCheckFailed": _reason("code"),
    "MonitoringStarted": _reason("bureau"),
    "MonitoringStopped": _reason("cause"),
    "MonitoringExcluded": _reason("cause"),
    "CreditAlertRaised": _reason("kind"),
    "CreditAlertEscalated": lambda data: f"to {len(data['to'])}",
    "RelationStarted": _reason("relation"),
    "RelationEnded": _reason("relation"),
}
"""What of an event is worth saying; of others their name says enough."""
