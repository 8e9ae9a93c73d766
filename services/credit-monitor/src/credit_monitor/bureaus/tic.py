"""TIC's LENS API behind our port: search, score, watchlists, and pushes that are hints.

There is no event that says a score changed: whatever is told of a company is a hint to ask for its
score anew. Pushes may be lost; the list of events has them all.
"""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any
from uuid import UUID

import structlog

from chassis import breaker
from chassis.edge import now
from credit_monitor.bureaus import tic_wire as wire
from credit_monitor.bureaus.keeping import keeping
from credit_monitor.bureaus.line import Line, Manners
from credit_monitor.bureaus.logins import Logins, fingerprint
from credit_monitor.bureaus.port import (
    Archive,
    Batch,
    Capabilities,
    Denied,
    Entry,
    Garbled,
    Member,
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
from credit_monitor.bureaus.tokens import ApiKey
from credit_monitor.credit.changes import Fact, Part

log = structlog.get_logger()

A_SECOND, AT_ONCE = 5.0, 10
ANSWERS = frozenset({200, 201, 204, 400, 403, 404, 409, 422})
OK, CREATED, FORBIDDEN, NOT_FOUND, NOT_SCORED = 200, 201, 403, 404, 422
PAGE = 500
PAGES_MAX = 200
KINDS = ("companyStatus", "companyIntelligence", "companyFinancialDocument", "companyCase")
"""What may move a score; without a subscription nothing is recorded."""
PATCH = {"Content-Type": "application/json-patch+json"}
"""What TIC's description wants of watchlists."""

Hook = Callable[[str], Awaitable[str | None]]
"""Returns where pushes about a portfolio of this name are to go, if anywhere."""


def lens(
    url: str,
    key: str,
    logins: Logins,
    *,
    left_alone_seconds: float = breaker.OPEN_SECONDS_FIRST,
    a_second: float = A_SECOND,
) -> Line:
    """Return a client of LENS."""
    login = ApiKey("x-api-key", key, fingerprint("tic", key), logins)
    return Line("tic", url, login, Manners(a_second, AT_ONCE, ANSWERS, left_alone_seconds))


class Tic:
    """One account at TIC."""

    name = "tic"
    countries = frozenset({"SE"})
    can = Capabilities(pushes=True)

    def __init__(self, line: Line, archive: Archive, hook: Hook) -> None:
        self._line = line
        self._archive = archive
        self._hook = hook

    async def find(self, country: str, number: str) -> str | None:  # noqa: ARG002 - Sweden's own
        """Return TIC's id of the company that has the very number."""
        asked = {"q": "*", "filter_by": f"registrationNumber:={number}", "per_page": 10}
        status, said = await self._line.call(
            "search", "GET", "search-public/companies", operation="search", params=asked
        )
        if status == FORBIDDEN:
            raise Unavailable("search: we may not ask")
        hits: wire.Hits = read(wire.Hits, said or {})
        return hits.id_of(number) if status == OK else None

    async def report(self, subject: Subject, purpose: str) -> Report:  # noqa: ARG002 - the port's
        """Ask for a score; a form that is not scored is not rated."""
        status, said = await self._scored(subject.reference, keeping(self._archive, subject))
        # TIC says of no score when it was so: it is so now, by our clock, to the microsecond.
        as_of = now().replace(tzinfo=None)
        if status == NOT_FOUND:
            return Unknown()
        if status == FORBIDDEN:
            return Denied()
        if status == NOT_SCORED:
            return NotRated(as_of)
        if status != OK:
            raise Garbled(f"report: {status}")
        score: wire.Score = read(wire.Score, said)
        rating = score.checked(subject.number).rating(self.name, subject.reference, as_of)
        return Rated(rating, as_of) if rating else NotRated(as_of)

    async def _scored(self, reference: str, keep: Any = None) -> tuple[int, Any]:
        path = f"datasets/companies/{reference}/credit-score"
        return await self._line.call(
            "report", "GET", path, operation="report", once=True, keep=keep
        )

    async def open_portfolio(self, name: str) -> str:
        """Return the watchlist of this name, made if there was none, told what to record."""
        watchlist = await self._watchlist(name)
        for kind in KINDS:
            wish = {"eventType": kind, "subscribeToAll": False}
            await self._post(f"watchlists/{watchlist}/subscriptions", wish)
        if (where := await self._hook(name)) is not None:
            wish = {"destination": where, "destinationType": "webhook"}
            await self._post(f"watchlists/{watchlist}/notifications", wish)
        return watchlist

    async def _watchlist(self, name: str) -> str:
        status, said = await self._line.call("portfolio-list", "GET", "watchlists")
        if status != OK:
            raise Unavailable(f"portfolio-list: {status}")
        lists: list[wire.WatchList] = read(list[wire.WatchList], said)
        for one in lists:
            if one.name == name:
                return one.watch_list_id
        # Asked again after a lost answer it would be made twice: names are not unique.
        made: wire.WatchList = read(
            wire.WatchList, await self._post("watchlists", {"name": name}, once=True)
        )
        log.info("watchlist made", watchlist=name)
        return made.watch_list_id

    async def _post(self, path: str, wish: dict[str, Any], *, once: bool = False) -> Any:
        status, said = await self._line.call(
            "portfolio-set", "POST", path, once=once, json=wish, headers=PATCH
        )
        if status not in {OK, CREATED}:
            raise Unavailable(f"portfolio-set: {status}")
        return said

    async def watch(self, portfolio: str, reference: str, ours: str) -> bool:
        """Put a company into a watchlist; being there already is as good."""
        path = f"watchlists/{portfolio}/members/{reference}"
        status, _ = await self._line.call(
            "portfolio-add", "PUT", path, json={"externalId": ours}, headers=PATCH
        )
        if status not in {OK, CREATED, NOT_FOUND}:
            raise Unavailable(f"portfolio-add: {status}")
        return status != NOT_FOUND

    async def unwatch(self, portfolio: str, reference: str) -> None:
        """Take a company out of a watchlist; not being there is as good."""
        path = f"watchlists/{portfolio}/members/{reference}"
        status, _ = await self._line.call("portfolio-remove", "DELETE", path)
        if status not in {OK, 204, NOT_FOUND}:
            raise Unavailable(f"portfolio-remove: {status}")

    async def entry(self, portfolio: str, reference: str) -> Entry | None:
        """Return a company as it is scored now, if it is watched; the plan covers that."""
        members = await self.listed(portfolio)
        if members is None or all(one.reference != reference for one in members):
            return None
        status, said = await self._scored(reference)
        if status != OK:
            return Entry(reference, {})
        score: wire.Score = read(wire.Score, said)
        return Entry(reference, score.part())

    async def listed(self, portfolio: str) -> Sequence[Member] | None:
        """Return everybody in a watchlist; nothing when there is no such list."""
        members: dict[str, Member] = {}
        for page in range(1, PAGES_MAX + 1):
            status, said = await self._line.call(
                "portfolio-export",
                "GET",
                f"watchlists/{portfolio}/members",
                params={"page": page, "per_page": PAGE},
            )
            if status == NOT_FOUND:
                return None
            if status != OK:
                raise Unavailable(f"portfolio-export: {status}")
            watched: list[wire.Watched] = read(list[wire.Watched], said)
            for one in watched:
                members[one.company_id] = Member(one.company_id, one.external_id or "", {})
            if len(watched) < PAGE:
                return list(members.values())
        raise Garbled("portfolio-export: it does not end")

    async def notices(self, reading: Reading) -> Batch:
        """Return what was recorded of all our watchlists since a moment, pushed or not."""
        notices: list[Notice] = []
        raw: list[UUID] = []
        for portfolio in reading.portfolios:
            notices += await self._recorded(portfolio, reading, raw)
        if not reading.portfolios:
            # Only a call says whether the key is taken.
            await self._line.call("portfolio-list", "GET", "watchlists")
        return Batch(sorted(notices, key=lambda notice: (notice.at, notice.id)), raw=raw)

    async def _recorded(self, portfolio: str, reading: Reading, raw: list[UUID]) -> list[Notice]:
        notices: list[Notice] = []
        since = reading.since
        wish: dict[str, Any] = {"sortModel": [], "filterModel": {}}
        if since is not None:
            wish["filterModel"] = {
                "lastUpdatedAtUtc": {
                    "type": "greaterThanOrEqual",
                    "dateFrom": since.isoformat(timespec="seconds"),
                }
            }
        for page in range(PAGES_MAX):
            rows = {"startRow": page * PAGE, "endRow": (page + 1) * PAGE}
            status, said = await self._line.call(
                "notifications",
                "POST",
                f"watchlists/{portfolio}/events",
                keep=partial(self._keep, portfolio, raw),
                json={**wish, **rows},
                headers=PATCH,
            )
            if status == NOT_FOUND:
                return notices
            if status != OK:
                raise Unavailable(f"notifications: {status}")
            answer: wire.Events = read(wire.Events, said)
            notices += [row.notice(portfolio) for row in answer.rows]
            if (page + 1) * PAGE >= (answer.last_row or 0):
                break
        return notices

    async def _keep(self, portfolio: str, raw: list[UUID], body: bytes) -> None:
        raw.append(await self._archive.keep_notifications(portfolio, body))

    def part(self, fact: Fact, text: str, country: str) -> Part:  # noqa: ARG002 - the port's
        """Return nothing: what is told is a hint."""
        return {}
