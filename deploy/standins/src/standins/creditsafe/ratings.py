"""How any number is rated: derived from the number alone, so that no list is needed."""

from dataclasses import dataclass
from hashlib import blake2b

COUNTRIES = {"SE": (10, "SEK"), "NO": (9, "NOK")}
"""The countries this account may ask about: how long a number is there, and the currency."""
UNKNOWN_SHARE = 2_000
"""One number in this many is not known, as with companies registered last week."""
SCORE_MAX = 100
STEPS = ((71, "A", "Very Low Risk"), (51, "B", "Low Risk"), (30, "C", "Moderate Risk"))
STEPS_LOW = ((21, "D", "High Risk"), (0, "E", "Very High Risk"))
"""Creditsafe Sweden's bands: 0-20, 21-29, 30-50, 51-70, 71-100."""
NO_LIMIT = "No Credit Limit"
NOT_SCORED = "Not Rated"


@dataclass(frozen=True, slots=True)
class Rating:
    """A score from 0 to 100 and a limit in whole units of the currency; either may be missing."""

    score: int | None
    limit: int | None

    @property
    def band(self) -> str:
        """Return the letter that goes with the score."""
        return self._step[0]

    @property
    def description(self) -> str:
        """Return the words that go with the letter."""
        return self._step[1]

    @property
    def score_text(self) -> str:
        """Return the score as the bureau writes it: always text."""
        return NOT_SCORED if self.score is None else str(self.score)

    @property
    def limit_text(self) -> str:
        """Return the limit as the bureau writes it: always text."""
        return NO_LIMIT if self.limit is None else str(self.limit)

    @property
    def _step(self) -> tuple[str, str]:
        if self.score is None:
            return "E", NOT_SCORED
        for least, letter, words in (*STEPS, *STEPS_LOW):
            if self.score >= least:
                return letter, words
        raise AssertionError


def digest(country: str, number: str) -> int:
    """Return the figure that everything about a number is derived from."""
    return int.from_bytes(blake2b(f"{country}{number}".encode(), digest_size=8).digest(), "big")


def is_number(country: str, number: str) -> bool:
    """Say whether this could be a number of the country."""
    return country in COUNTRIES and number.isdigit() and len(number) == COUNTRIES[country][0]


def is_known(country: str, number: str) -> bool:
    """Say whether the bureau has the company without being told of it."""
    return is_number(country, number) and digest(country, number) % UNKNOWN_SHARE != 0


def rating_of(country: str, number: str) -> Rating:
    """Return a number's first rating."""
    figure = digest(country, number) // UNKNOWN_SHARE
    score = 1 + figure % SCORE_MAX
    return Rating(score, limit_for(score))


def limit_for(score: int) -> int | None:
    """Return the limit that goes with a score; the lowest band gets none."""
    return None if score < STEPS_LOW[0][0] else score * score * 100


def connect_id(country: str, number: str) -> str:
    """Return the bureau's own, opaque id of a company: nobody can build it who was not told."""
    return f"{country}-X-{number[::-1]}"


def subject_of(identity: str) -> tuple[str, str]:
    """Return the country and the number behind one of our ids."""
    country, _, mirrored = identity.partition("-X-")
    return country, mirrored[::-1]


def name_of(country: str, number: str) -> str:
    """Return what the bureau calls the company."""
    return f"Bolag {number} {'AB' if country == 'SE' else 'AS'}"


def safe_number(country: str, number: str) -> str:
    """Return the bureau's short number of a company."""
    return f"{country}{digest(country, number) % 10**8:08d}"
