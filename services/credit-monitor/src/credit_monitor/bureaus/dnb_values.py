"""What D&B's single values mean: the Nordic scale, percentiles, moments."""

from datetime import UTC, datetime
from hashlib import blake2b

from contracts.values import Band
from credit_monitor.credit.changes import Fact, Part

CURRENCIES = {"SE": "SEK", "NO": "NOK", "DK": "DKK", "FI": "EUR"}
BANDS = {
    "AAA": Band.A,
    "AA": Band.B,
    "A": Band.B,
    "AN": Band.C,
    "B": Band.C,
    "C": Band.D,
}
"""AAA highest, AA good, A creditworthy, AN newly established, B credit against security, C not
recommended; whoever has no grade is not rated."""
SCALE = "AAA-C"
GRADE = "organization.dnbAssessment.nordicAAARating.rating"
PERCENTILE = "organization.dnbAssessment.failureScore.nationalPercentile"
FACTS: dict[str, Fact] = {GRADE: "band", PERCENTILE: "score"}
"""Elements whose old and new value say all; a limit comes without its currency, so that it says
only that there is something new, as every other element does."""


def part(fact: Fact, text: str) -> Part:
    """Return what one value means for a rating."""
    match fact:
        case "band":
            return {"band": BANDS.get(text, Band.NOT_RATED), "grade": text or None}
        case "score":
            return {"score": text or None}
        case _:
            return {}


def naive(moment: datetime) -> datetime:
    """Return a moment as D&B's clock shows it, in UTC, whole seconds, without a zone."""
    local = moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    return local.replace(microsecond=0)


def notice_id(*parts: str) -> int:
    """Return the one number that goes with a notification, which has none of its own."""
    digest = blake2b("\x1f".join(parts).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1
