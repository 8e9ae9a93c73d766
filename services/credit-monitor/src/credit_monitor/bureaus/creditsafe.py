"""Creditsafe Connect behind our port: search, report, portfolios and their notifications."""

from functools import partial
from typing import Any
from uuid import UUID

import structlog

from credit_monitor.bureaus import creditsafe_values as values
from credit_monitor.bureaus import creditsafe_wire as wire
from credit_monitor.bureaus.connect import Connect
from credit_monitor.bureaus.creditsafe_portfolios import PAGE_SIZE, PAGES_MAX, Portfolios, expect
from credit_monitor.bureaus.keeping import keeping
from credit_monitor.bureaus.port import (
    Archive,
    Batch,
    Capabilities,
    Denied,
    Garbled,
    Notice,
    NotRated,
    Rated,
    Reading,
    Report,
    Subject,
    Unavailable,
    Unknown,
)
from credit_monitor.bureaus.reading import read
from credit_monitor.credit.changes import Fact, Part

log = structlog.get_logger()

OK, FORBIDDEN, NOT_FOUND = 200, 403, 404


class Creditsafe(Portfolios):
    """One account at Creditsafe Connect."""

    name = "creditsafe"
    can = Capabilities()

    def __init__(
        self, connect: Connect, timezone: str = "UTC", archive: Archive | None = None
    ) -> None:
        super().__init__(connect, timezone)
        self._archive = archive

    async def find(self, country: str, number: str) -> str | None:
        """Return the bureau's reference for a number, if it has the company."""
        asked = {"countries": country, "regNo": number}
        status, said = await self._connect.call(
            "search", "GET", "companies", operation="search", params=asked
        )
        if status == FORBIDDEN:
            raise Unavailable("search: we may not ask")
        if status != OK:
            return None
        hits: wire.Hits = read(wire.Hits, said)
        for hit in hits.companies:
            if hit.is_for(country, number):
                return hit.id
        return None

    async def report(self, subject: Subject, purpose: str) -> Report:
        """Buy a report."""
        asked = {"language": "en", "template": "full", "callRef": purpose}
        status, said = await self._connect.call(
            "report",
            "GET",
            f"companies/{subject.reference}",
            operation="report",
            once=True,
            keep=keeping(self._archive, subject),
            params=asked,
        )
        if status == NOT_FOUND:
            return Unknown()
        if status == FORBIDDEN:
            return Denied()
        if status != OK:
            raise Garbled(f"report: {status}")
        report: wire.ReportAnswer = read(wire.ReportAnswer, said)
        if not report.is_for(subject.number):
            raise Garbled("report: it is about another company")
        if report.report.rating is None:
            if report.failed_sections:
                raise Garbled("report: the section with the rating failed")
            return NotRated(values.naive(report.date_of_order, self._zone))
        rating = report.rating(self.name, subject.reference, subject.country)
        as_of = values.naive(report.date_of_order, self._zone)
        return Rated(rating, as_of, report.correlation_id)

    async def notices(self, reading: Reading) -> Batch:
        """Return all that was published since a moment of the bureau's clock."""
        notices: list[Notice] = []
        raw: list[UUID] = []
        asked: dict[str, Any] = {"sortBy": "eventId", "sortDir": "asc", "pageSize": PAGE_SIZE}
        if reading.since is not None:
            asked |= {"startDate": values.written(reading.since), "filterByCreatedDate": "true"}
        for page in range(PAGES_MAX):
            status, said = await self._connect.call(
                "notifications",
                "GET",
                "monitoring/notificationEvents",
                keep=partial(self._keep, raw),
                params={**asked, "page": page},
            )
            expect(status, "notifications")
            answer: wire.Notifications = read(wire.Notifications, said)
            notices += [event.notice(self._zone) for event in answer.data]
            if answer.paging.next is None:
                break
        else:
            log.error("more notifications than can be read at once", pages=PAGES_MAX)
        return Batch(sorted(notices, key=lambda notice: (notice.at, notice.id)), raw=raw)

    async def _keep(self, raw: list[UUID], body: bytes) -> None:
        if self._archive is not None:
            raw.append(await self._archive.keep_notifications(None, body))

    def part(self, fact: Fact, text: str, country: str) -> Part:
        """Return what a notification's value means for a rating."""
        return values.part(fact, text, country)
