"""Who TIC knows, how they are scored, and who is told when that changes."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from standins.creditsafe import faults
from standins.creditsafe.clock import now, parse
from standins.creditsafe.ratings import digest, is_known
from standins.store import Store

COUNTRY = "SE"
KINDS = ("companyStatus", "companyIntelligence", "companyFinancialDocument", "companyCase")
"""Some of what is told of; that a score changed is not among it."""
APART = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Company:
    """A company as TIC has it now; a score of 0 cannot be determined."""

    id: int
    number: str
    score: int | None
    changed_at: str | None


def stamp(moment: datetime) -> str:
    """Write a moment as watchlists do: UTC, whole seconds, no zone."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S")


def by_number(store: Store, number: str) -> Company | None:
    """Return a company, met for the first time if need be."""
    row = store.row("SELECT * FROM companies WHERE number = ?", number)
    if row is None:
        if not is_known(COUNTRY, number):
            return None
        score = 1 + digest("tic", number) // 3 % 100
        store.insert("INSERT INTO companies (number, score) VALUES (?, ?)", number, score)
        row = store.row("SELECT * FROM companies WHERE number = ?", number)
    return Company(**row) if row else None


def by_id(store: Store, identity: int) -> Company | None:
    """Return the company with an id."""
    row = store.row("SELECT * FROM companies WHERE id = ?", identity)
    return Company(**row) if row else None


def change(store: Store, old: Company, score: int | None) -> list[int]:
    """Score a company otherwise; returns the events that were recorded, if anybody subscribed."""
    if old.score == score:
        return []
    moment = now().replace(microsecond=0)
    at = max(moment, parse(old.changed_at) + APART) if old.changed_at else moment
    with store.whole():
        store.run(
            "UPDATE companies SET score = ?, changed_at = ? WHERE id = ?", score, stamp(at), old.id
        )
        store.insert(
            "INSERT INTO changes (country, number, at, old_score, score) VALUES (?, ?, ?, ?, ?)",
            *(COUNTRY, old.number, stamp(at), old.score, score),
        )
        return _record(store, old, at)


def _record(store: Store, company: Company, at: datetime) -> list[int]:
    present = faults.present(store)
    if present.forget:
        left = present.model_copy(update={"forget": present.forget - 1})
        store.put("faults", left.model_dump_json())
        return []
    updated = now() + timedelta(seconds=present.delay_seconds)
    rows = store.rows(
        "SELECT m.* FROM members m WHERE company = ? AND EXISTS"
        " (SELECT 1 FROM subscriptions s WHERE s.watchlist = m.watchlist AND s.kind = ?)",
        company.id,
        KINDS[1],
    )
    return [
        store.insert(
            "INSERT INTO events (watchlist, member, company, external, kind, at, updated,"
            " visible_from) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            *(row["watchlist"], row["id"], company.id, row["external"], KINDS[1], stamp(at)),
            *(stamp(updated), updated.timestamp() + present.hide_seconds),
        )
        for row in rows
        for _ in range(1 + present.reissue)
    ]


def told(row: dict[str, Any]) -> dict[str, Any]:
    """Return an event as it is listed and pushed; what is null is left out."""
    said = {
        "teamWatchListMemberEventId": row["id"],
        "teamWatchListMemberId": row["member"],
        "externalId": row["external"] or None,
        "companyId": row["company"],
        "watchListMemberEventType": row["kind"],
        "eventDate": row["at"],
        "lastUpdatedAtUtc": row["updated"],
    }
    return {name: value for name, value in said.items() if value is not None}
