"""A rating changes, and whoever watches the company is notified by the rules they switched on."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from standins.creditsafe import faults
from standins.creditsafe.clock import naive, now, parse
from standins.creditsafe.ratings import Rating, connect_id, is_known, rating_of
from standins.store import Store

GLOBAL = "XX"
BAND, LIMIT = 101, 102
LOCAL = {"SE": 1501, "NO": 1601}
"""The rule for the country's own score. The real code is to be read from the list of rules."""
APART = timedelta(seconds=1)
"""A company changes at most once a second, as moments have no finer figure."""
Told = dict[int, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Company:
    """A company as the bureau has it now."""

    country: str
    number: str
    rating: Rating
    previous: Rating | None
    changed_at: str | None

    @property
    def id(self) -> str:
        """Return the bureau's own id."""
        return connect_id(self.country, self.number)


def company(store: Store, country: str, number: str) -> Company | None:
    """Return a company as the bureau has it, if it has it."""
    row = store.row("SELECT * FROM companies WHERE country = ? AND number = ?", country, number)
    if row is None:
        if not is_known(country, number):
            return None
        return Company(country, number, rating_of(country, number), None, None)
    return Company(
        country,
        number,
        Rating(row["score"], row["credit_limit"]),
        Rating(row["old_score"], row["old_limit"]) if row["changed_at"] else None,
        row["changed_at"],
    )


def change(store: Store, country: str, number: str, new: Rating) -> dict[str, Any]:
    """Give a company another rating, and notify; says what was changed and who was told."""
    before = company(store, country, number)
    old = before.rating if before else rating_of(country, number)
    if old == new:
        if before is None:
            _keep(store, country, number, ratings=(old, new), at=None)
        return {"change": None, "notifications": []}
    at = _moment(before)
    with store.whole():
        _keep(store, country, number, ratings=(old, new), at=naive(at))
        change_id = store.insert(
            "INSERT INTO changes (country, number, at, old_score, old_limit, score, credit_limit)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            *(country, number, naive(at), old.score, old.limit, new.score, new.limit),
        )
        told = _notify(store, country, number, change=change_id, at=at, ratings=(old, new))
    return {"change": change_id, "at": naive(at), "notifications": told}


def _moment(before: Company | None) -> datetime:
    moment = now()
    if before and before.changed_at:
        return max(moment, parse(before.changed_at) + APART)
    return moment


def _keep(
    store: Store, country: str, number: str, *, ratings: tuple[Rating, Rating], at: str | None
) -> None:
    old, new = ratings
    store.run(
        "INSERT OR REPLACE INTO companies VALUES (?, ?, ?, ?, ?, ?, ?)",
        *(country, number, new.score, new.limit, old.score, old.limit, at),
    )


def _notify(
    store: Store,
    country: str,
    number: str,
    *,
    change: int,
    at: datetime,
    ratings: tuple[Rating, Rating],
) -> list[int]:
    """Queue a notification for every portfolio and every rule that a change concerns."""
    present = faults.present(store)
    if present.forget:
        forgetting = present.model_copy(update={"forget": present.forget - 1})
        store.put("faults", forgetting.model_dump_json())
        return []
    company_id = connect_id(country, number)
    watching = store.rows("SELECT portfolio_id FROM members WHERE company_id = ?", company_id)
    processed = now() + timedelta(seconds=present.delay_seconds)
    visible = processed.timestamp() + present.hide_seconds
    told = []
    for portfolio in [row["portfolio_id"] for row in watching]:
        for code, (old, new) in _facts(country, *ratings).items():
            rule = GLOBAL if code in {BAND, LIMIT} else country
            if not _wants(store, portfolio, rule, code, ratings):
                continue
            for _ in range(1 + present.reissue):
                values = (change, portfolio, company_id, code, rule, naive(at))
                told.append(
                    store.insert(
                        "INSERT INTO notifications (change_id, portfolio_id, company_id, rule_code,"
                        " rule_country, event_at, processed_at, visible_from, old, new)"
                        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                        *(*values, naive(processed), visible, old, new),
                    )
                )
    return told


def _facts(country: str, old: Rating, new: Rating) -> Told:
    """Return what changed, by the rule that tells of it."""
    facts = {
        BAND: (old.band, new.band),
        LIMIT: (old.limit_text, new.limit_text),
        LOCAL[country]: (old.score_text, new.score_text),
    }
    return {code: values for code, values in facts.items() if values[0] != values[1]}


def _wants(
    store: Store, portfolio: int, country: str, code: int, ratings: tuple[Rating, Rating]
) -> bool:
    """Say whether a portfolio's rule is on and lets this change through."""
    rule = store.row(
        "SELECT * FROM rules WHERE portfolio_id = ? AND country = ? AND code = ? AND is_active",
        *(portfolio, country, code),
    )
    if rule is None:
        return False
    if code != BAND:
        return True
    old, new = (rating.band for rating in ratings)
    dropped = ord(new) - ord(old)
    enough = not rule["param0"] or dropped >= int(rule["param0"])
    return enough and (rule["param1"] in {"", "Any"} or new > rule["param1"])
