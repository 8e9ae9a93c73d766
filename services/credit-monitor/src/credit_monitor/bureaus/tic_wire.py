"""What TIC writes, read tolerantly: unknown fields are passed over, and nulls are left out."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from contracts.values import Band, CreditRating
from credit_monitor.bureaus.creditsafe_values import is_number
from credit_monitor.bureaus.dnb_values import naive
from credit_monitor.bureaus.port import Garbled, Notice
from credit_monitor.credit.changes import Part

SCALE = "1-100"
STEPS = ((80, Band.A), (60, Band.B), (30, Band.C), (1, Band.D))
"""TIC has no grades: what its score is worth for us is looked up here, and nowhere else."""


class Wire(BaseModel):
    """Something TIC wrote."""

    model_config = ConfigDict(
        alias_generator=to_camel, frozen=True, extra="ignore", coerce_numbers_to_str=True
    )


class Document(Wire):
    """A company that was found."""

    company_id: str
    registration_number: str = ""


class Hit(Wire):
    """A hit."""

    document: Document


class Hits(Wire):
    """What a search found; by number it forgives a slip."""

    hits: tuple[Hit, ...] = ()

    def id_of(self, number: str) -> str | None:
        """Return who has the very number."""
        for hit in self.hits:
            if is_number(hit.document.registration_number, number):
                return hit.document.company_id
        return None


class Score(Wire):
    """A company's score; 0 cannot be determined."""

    registration_number: str = ""
    credit_score: int | None = None
    credit_score_reasons: tuple[str, ...] | None = None
    last_updated_at_utc: datetime | None = None

    def checked(self, number: str) -> "Score":
        """Return it, if it is this company's and says anything."""
        if not is_number(self.registration_number, number):
            raise Garbled("report: it is about another company")
        if self.credit_score is None and self.credit_score_reasons is None:
            raise Garbled("report: there is neither a score nor a reason")
        return self

    def part(self) -> Part:
        """Return what this says of a rating."""
        score = self.credit_score or 0
        band = next((band for least, band in STEPS if score >= least), Band.NOT_RATED)
        return {"band": band, "score": str(score) if score else None}

    def rating(self, bureau: str, reference: str, at: datetime) -> CreditRating | None:
        """Return the rating in our words."""
        if not self.credit_score:
            return None
        reasons = tuple(reason.strip() for reason in self.credit_score_reasons or ())
        return CreditRating(
            bureau=bureau,
            reference=reference,
            scale=SCALE,
            reasons=tuple(reason for reason in reasons if reason),
            rated_on=(self.last_updated_at_utc or at).date(),
            **self.part(),
        )


class WatchList(Wire):
    """A watchlist."""

    watch_list_id: str
    name: str = ""


class Watched(Wire):
    """A company in a watchlist."""

    company_id: str
    external_id: str | None = None


class Recorded(Wire):
    """Something that became of a watched company: a hint, for a score is not among it."""

    team_watch_list_member_event_id: int
    company_id: str
    watch_list_member_event_type: str = ""
    event_date: datetime
    last_updated_at_utc: datetime | None = None

    def notice(self, portfolio: str) -> Notice:
        """Return it in our words."""
        return Notice(
            id=self.team_watch_list_member_event_id,
            portfolio=portfolio,
            reference=self.company_id,
            country="SE",
            fact="other",
            old="",
            new="",
            at=naive(self.event_date),
            published=naive(self.last_updated_at_utc or self.event_date),
        )


class Events(Wire):
    """A page of what was recorded."""

    rows: tuple[Recorded, ...] = ()
    last_row: int | None = None
