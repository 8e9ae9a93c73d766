"""D&B Direct+ behind our port: match, Nordic rating, registrations and what is told of them."""

from chassis.edge import now
from credit_monitor.bureaus import dnb_values as values
from credit_monitor.bureaus import dnb_wire as wire
from credit_monitor.bureaus.dnb_registrations import Registrations
from credit_monitor.bureaus.keeping import keeping
from credit_monitor.bureaus.port import (
    Capabilities,
    Denied,
    Garbled,
    NotRated,
    Rated,
    Report,
    Subject,
    Unavailable,
    Unknown,
)
from credit_monitor.bureaus.reading import read
from credit_monitor.credit.changes import Fact, Part

OK, FORBIDDEN, NOT_FOUND = 200, 403, 404
BLOCKS = "companyinfo_L2_v1,financialstrengthinsight_L2_v1"
ORDER_REASON = "6332"
"""Credit decision: some countries want a reason for blocks about risk."""


class Dnb(Registrations):
    """One account at Direct+."""

    name = "dnb"
    countries = frozenset(values.CURRENCIES)
    can = Capabilities(reading_consumes=True)

    async def find(self, country: str, number: str) -> str | None:
        """Return the DUNS that goes with a number, if D&B has the company."""
        status, said = await self._line.call(
            "search",
            "GET",
            "v1/match/cleanseMatch",
            operation="search",
            params={
                "registrationNumber": number,
                "countryISOAlpha2Code": country,
                "candidateMaximumQuantity": 5,
            },
        )
        if status == FORBIDDEN:
            raise Unavailable("search: we may not ask")
        if status != OK:
            return None
        matches: wire.Matches = read(wire.Matches, said)
        return matches.duns_of(number)

    async def report(self, subject: Subject, purpose: str) -> Report:
        """Buy a report; what it says of risk D&B has at the head office alone."""
        status, said = await self._line.call(
            "report",
            "GET",
            f"v1/data/duns/{subject.reference}",
            operation="report",
            once=True,
            keep=keeping(self._archive, subject),
            params={
                "blockIDs": BLOCKS,
                "tradeUp": "hq",
                "orderReason": ORDER_REASON,
                "customerReference": purpose,
            },
        )
        if status == NOT_FOUND:
            return Unknown()
        if status == FORBIDDEN:
            return Denied()
        if status != OK:
            raise Garbled(f"report: {status}")
        answer: wire.DataAnswer = read(wire.DataAnswer, said)
        if not answer.organization.has(subject.number):
            raise Garbled("report: it is about another company")
        if answer.organization.dnb_assessment is None:
            raise Garbled("report: the block with the rating is missing")
        as_of = values.naive(answer.transaction_detail.transaction_timestamp or now())
        rating = answer.rating(self.name, subject.reference, as_of.date())
        return Rated(rating, as_of) if rating else NotRated(as_of)

    def part(self, fact: Fact, text: str, country: str) -> Part:  # noqa: ARG002 - the port's
        """Return what a notification's value means for a rating."""
        return values.part(fact, text)
