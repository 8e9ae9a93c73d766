"""Who D&B knows, how they are rated, and what happens when that changes."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from standins.creditsafe import faults
from standins.creditsafe.clock import now, parse, zoned
from standins.creditsafe.ratings import COUNTRIES, digest, is_known
from standins.store import Store

GRADES = ("AAA", "AA", "A", "AN", "B", "C")
"""The Nordic scale, best first; no grade at all is not rated."""
APART = timedelta(seconds=1)
"""A company changes at most once a second, as moments have no finer figure."""
GRADE = "organization.dnbAssessment.nordicAAARating.rating"
PERCENTILE = "organization.dnbAssessment.failureScore.nationalPercentile"
LIMIT = "organization.dnbAssessment.creditLimitRecommendation.maximumRecommendedLimit.value"


@dataclass(frozen=True, slots=True)
class Company:
    """A company as D&B has it now."""

    country: str
    number: str
    duns: str
    grade: str | None
    percentile: int | None
    limit: int | None
    changed_at: str | None = None

    @property
    def currency(self) -> str:
        """Return what its limit is in."""
        return COUNTRIES[self.country][1]


def by_number(store: Store, country: str, number: str) -> Company | None:
    """Return a company, met for the first time if need be; every tenth has no Nordic grade."""
    row = store.row("SELECT * FROM companies WHERE country = ? AND number = ?", country, number)
    if row is not None:
        return _company(row)
    if not is_known(country, number):
        return None
    figure = digest("dnb" + country, number)
    made = Company(
        country,
        number,
        f"{figure % 10**9:09d}",
        GRADES[figure // 7 % len(GRADES)],
        1 + figure // 11 % 100,
        1_000 * (figure // 13 % 900),
    )
    keep(store, made)
    return made


def by_duns(store: Store, duns: str) -> Company | None:
    """Return the company behind a DUNS."""
    row = store.row("SELECT * FROM companies WHERE duns = ?", duns)
    return _company(row) if row else None


def keep(store: Store, company: Company) -> None:
    """Keep a company as it is now."""
    store.run(
        "INSERT OR REPLACE INTO companies VALUES (?, ?, ?, ?, ?, ?, ?)",
        *(company.country, company.number, company.duns, company.grade),
        *(company.percentile, company.limit, company.changed_at),
    )


def change(store: Store, old: Company, new: Company) -> dict[str, Any]:
    """Rate a company otherwise, and tell whoever has registered it."""
    at = _moment(old)
    told: list[dict[str, Any]] = []
    for element, before, after in (
        (GRADE, old.grade, new.grade),
        (PERCENTILE, old.percentile, new.percentile),
        (LIMIT, old.limit, new.limit),
    ):
        if before != after:
            told.append(_element(element, before, after, at))
    if not told:
        return {"change": None}
    kept = Company(**{**_fields(new), "changed_at": zoned(at)})
    with store.whole():
        keep(store, kept)
        change_id = store.insert(
            "INSERT INTO changes (country, number, at, old_grade, old_percentile, grade,"
            " percentile) VALUES (?, ?, ?, ?, ?, ?, ?)",
            *(old.country, old.number, zoned(at), old.grade, old.percentile),
            *(new.grade, new.percentile),
        )
        tell(store, old.duns, "UPDATE", told)
    return {"change": change_id, "at": zoned(at)}


def model_of(store: Store) -> str:
    """Return the version of the model that companies are rated by."""
    return store.get("model") or "Failure Score 1"


def change_model(store: Store, version: str) -> int:
    """Rate everybody who is registered by another version, each a step otherwise; say how many."""
    store.put("model", version)
    rows = store.rows("SELECT DISTINCT duns FROM subjects ORDER BY duns")
    moved = 0
    for row in rows:
        found = by_duns(store, row["duns"])
        if found is None or found.grade is None:
            continue
        place = GRADES.index(found.grade)
        other = GRADES[place + 1 if place + 1 < len(GRADES) else place - 1]
        change(store, found, Company(**{**_fields(found), "grade": other}))
        moved += 1
    return moved


def merge(store: Store, old: Company, successor: str) -> dict[str, Any]:
    """Merge a company's DUNS into another one; whoever has registered it is told."""
    at = _moment(old)
    with store.whole():
        keep(store, Company(**{**_fields(old), "duns": successor, "changed_at": zoned(at)}))
        told = [_element("organization.duns", old.duns, successor, at)]
        tell(store, old.duns, "TRANSFER", told)
    return {"duns": successor}


def tell(store: Store, duns: str, kind: str, elements: list[dict[str, Any]]) -> None:
    """Queue a notification for every registration that has a DUNS."""
    present = faults.present(store)
    if present.forget:
        left = present.model_copy(update={"forget": present.forget - 1})
        store.put("faults", left.model_dump_json())
        return
    delivered = now() + timedelta(seconds=present.delay_seconds)
    body = {
        "type": kind,
        "organization": {"duns": duns},
        "elements": elements,
        "deliveryTimeStamp": zoned(delivered),
    }
    rows = store.rows("SELECT reference FROM subjects WHERE duns = ?", duns)
    for row in rows:
        for _ in range(1 + present.reissue):
            store.insert(
                "INSERT INTO queue (reference, body, delivered, visible_from) VALUES (?, ?, ?, ?)",
                *(row["reference"], json.dumps(body), delivered.timestamp()),
                delivered.timestamp() + present.hide_seconds,
            )


def _element(name: str, before: Any, after: Any, at: datetime) -> dict[str, Any]:
    told = {"element": name, "previous": before, "current": after, "timestamp": zoned(at)}
    return {key: value for key, value in told.items() if value is not None}


def _moment(before: Company) -> datetime:
    moment = now().replace(microsecond=0)
    return max(moment, parse(before.changed_at) + APART) if before.changed_at else moment


def _fields(company: Company) -> dict[str, Any]:
    return {name: getattr(company, name) for name in Company.__slots__}


def _company(row: dict[str, Any]) -> Company:
    return Company(
        row["country"],
        row["number"],
        row["duns"],
        row["grade"],
        row["percentile"],
        row["credit_limit"],
        row["changed_at"],
    )
