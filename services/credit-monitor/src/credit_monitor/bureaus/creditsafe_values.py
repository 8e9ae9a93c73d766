"""What Creditsafe's single values mean: bands, figures written as text, moments without a zone."""

import re
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from contracts.values import Band, Money
from credit_monitor.credit.changes import Fact, Part

CURRENCIES = {"SE": "SEK", "NO": "NOK"}
"""The countries we ask about, and what their limits are in."""
BANDS = {letter: Band(letter) for letter in "ABCDE"}
BAND_RULE, LIMIT_RULE = 101, 102
LOCAL_RULE = re.compile(r"local.*(rating|score)|(rating|score).*local", re.IGNORECASE)
"""The code of a country's own rating rule differs; its name says what it is."""
_AMOUNT = re.compile(r"^[0-9]{1,15}(\.[0-9]{1,4})?$")
_SCORE = re.compile(r"^[0-9]{1,4}(\.[0-9]{1,4})?$")
_BETWEEN_DIGITS = re.compile(r"(?<=[0-9])[\s,](?=[0-9]{3})")


def is_number(written: str | None, number: str) -> bool:
    """Say whether a number as the bureau writes it is this one."""
    digits = re.sub(r"[^0-9]", "", written or "")
    return digits in {number, f"16{number}"}


def part(fact: Fact, text: str, country: str) -> Part:
    """Return what one value means for a rating."""
    match fact:
        case "band":
            return {"band": BANDS.get(text, Band.NOT_RATED), "grade": text or None}
        case "limit":
            return {"limit": money(text, CURRENCIES.get(country))}
        case "score" if _SCORE.match(text):
            return {"score": text}
        case "score" if text:
            return {"score": None, "band": Band.NOT_RATED}
        case "score":
            return {"score": None}
        case _:
            return {}


def money(text: str | None, currency: str | None) -> Money | None:
    """Return a limit; words such as "No Credit Limit" are none."""
    figure = _BETWEEN_DIGITS.sub("", (text or "").strip())
    if currency is None or not _AMOUNT.match(figure):
        return None
    return Money(amount=Decimal(figure), currency=currency)


def fact_of(rule_code: int, rule_name: str) -> Fact:
    """Return what a rule tells of."""
    if rule_code == BAND_RULE:
        return "band"
    if rule_code == LIMIT_RULE:
        return "limit"
    return "score" if LOCAL_RULE.search(rule_name) else "other"


def naive(moment: datetime, zone: ZoneInfo) -> datetime:
    """Return a moment as the bureau's clock shows it, whole seconds, without a zone."""
    local = moment.astimezone(zone).replace(tzinfo=None) if moment.tzinfo else moment
    return local.replace(microsecond=0)


def written(moment: datetime) -> str:
    """Write a moment of the bureau's clock as the bureau does."""
    return moment.strftime("%Y-%m-%d %H:%M:%S")
