"""D&B's registrations: who is watched there, and a queue that is read once.

What is read is gone from the queue: it is kept as it came before anybody looks into it, and what a
process left unread that died in between is read by the next. What was lost on its way here is asked
for again, as D&B allows for two weeks.
"""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import structlog

from chassis.edge import now
from chassis.failpoints import reach
from credit_monitor.bureaus import dnb_wire as wire
from credit_monitor.bureaus.dnb_told import Told, told_in
from credit_monitor.bureaus.line import Line
from credit_monitor.bureaus.port import (
    Archive,
    Batch,
    Entry,
    Garbled,
    Member,
    Reading,
    Unavailable,
)
from credit_monitor.bureaus.reading import read

log = structlog.get_logger()

PAGE_SIZE = 1000
PAGES_MAX = 300
"""A registration may have 300,000 companies."""
AT_ONCE_MAX = 100
"""The most the queue gives at a time."""
READS_MAX = 500
"""More than a night that moves every grade leaves for one reading; the next goes on."""
REPLAYED = timedelta(days=14)
OK, ACCEPTED, NOT_FOUND, CONFLICT = 200, 202, 404, 409
DONE = frozenset({200, 201, 204})
PENDING_SECONDS = 20.0
"""Who was only accepted is looked for again after this."""
ROOT = "v1/monitoring/registrations"
BLOCK = "financialstrengthinsight_L2_v1"
LISTED_SECONDS = 30.0
"""How long it counts who was listed, where one company is looked for: D&B lists but all of them,
and many that are looked at together would each read everything at five calls a second."""


class Registrations:
    """The registrations of one account; ours are named after their tenants."""

    def __init__(self, line: Line, archive: Archive) -> None:
        self._line = line
        self._archive = archive
        self._lately: dict[str, tuple[float, Sequence[Member] | None]] = {}
        self._listing = asyncio.Lock()

    async def open_portfolio(self, name: str) -> str:
        """Return the registration of this name, made if there was none; names are unique."""
        form = {
            "reference": name,
            "description": "Kundvakt",
            "dataBlocks": BLOCK,
            "notificationType": "UPDATE",
            "deliveryTrigger": "API_PULL",
            "seedData": "false",
        }
        parts = {field: (None, value) for field, value in form.items()}
        status, _ = await self._line.call("portfolio-create", "POST", ROOT, files=parts)
        if status not in {*DONE, ACCEPTED, CONFLICT}:
            raise Unavailable(f"portfolio-create: {status}")
        return name

    async def watch(self, portfolio: str, reference: str, ours: str) -> bool:  # noqa: ARG002
        """Register a company; who was only accepted is not believed until it is listed."""
        path = f"{ROOT}/{portfolio}/subjects/{reference}"
        status, _ = await self._line.call("portfolio-add", "POST", path)
        self._lately.pop(portfolio, None)
        if status == NOT_FOUND:
            return False
        if status == ACCEPTED and await self.entry(portfolio, reference) is None:
            raise Unavailable("portfolio-add: accepted, and not there yet", PENDING_SECONDS)
        if status not in {*DONE, ACCEPTED, CONFLICT}:
            raise Unavailable(f"portfolio-add: {status}")
        return True

    async def unwatch(self, portfolio: str, reference: str) -> None:
        """Let a company go; every day it stays is paid for."""
        path = f"{ROOT}/{portfolio}/subjects/{reference}"
        status, _ = await self._line.call("portfolio-remove", "DELETE", path)
        self._lately.pop(portfolio, None)
        if status not in {*DONE, ACCEPTED, NOT_FOUND}:
            raise Unavailable(f"portfolio-remove: {status}")

    async def entry(self, portfolio: str, reference: str) -> Entry | None:
        """Say whether a company is registered; how it is rated D&B tells only in reports."""
        async with self._listing:
            read_at, members = self._lately.get(portfolio, (-LISTED_SECONDS, None))
            if time.monotonic() - read_at >= LISTED_SECONDS:
                members = await self.listed(portfolio)
        if members is None or all(one.reference != reference for one in members):
            return None
        return Entry(reference, {})

    async def listed(self, portfolio: str) -> Sequence[Member] | None:
        """Return everybody who is registered, at no cost; nothing without such a registration."""
        began = time.monotonic()
        members = await self._exported(portfolio)
        self._lately[portfolio] = (began, members)
        return members

    async def _exported(self, portfolio: str) -> Sequence[Member] | None:
        members: dict[str, Member] = {}
        for page in range(1, PAGES_MAX + 1):
            status, said = await self._line.call(
                "portfolio-export",
                "GET",
                f"{ROOT}/export/{portfolio}/subjects",
                params={"page[number]": page, "page[size]": PAGE_SIZE},
            )
            if status == NOT_FOUND:
                return None
            if status != OK:
                raise Unavailable(f"portfolio-export: {status}")
            answer: wire.Export = read(wire.Export, said)
            members |= {one.duns: Member(one.duns, None, {}) for one in answer.subjects}
            if answer.links.next is None:
                break
        else:
            raise Garbled("portfolio-export: it does not end")
        if len(members) < (answer.subjects_count or 0):
            raise Garbled("portfolio-export: some are missing")
        return list(members.values())

    async def notices(self, reading: Reading) -> Batch:
        """Return what an earlier reading left, what is in the queues, and what may have got lost.

        An answer nobody can read may be whole when it comes again.
        """
        if not reading.portfolios:
            await self._line.greet()
        told = Told()
        for left in await self._archive.unread():
            told += told_in(left.portfolio or "", left.body, left.id)
        for portfolio in reading.portfolios:
            told += await self._pulled(portfolio)
        if reading.again or told.unreadable:
            for portfolio in reading.portfolios:
                told += await self._replayed(portfolio, reading.since)
        return told.batch()

    async def _pulled(self, portfolio: str) -> Told:
        """Empty a queue."""
        told = Told()
        path = f"{ROOT}/{portfolio}/notifications"
        for _ in range(READS_MAX):
            here = await self._read("notifications", portfolio, path, {})
            if here is None:
                return told
            told += here
        log.warning("more notifications than are read at once", portfolio=portfolio)
        return told

    async def _replayed(self, portfolio: str, since: datetime | None) -> Told:
        """Read once more what was read since."""
        told = Told()
        earliest = now() - REPLAYED
        start = max(earliest, since.replace(tzinfo=UTC) if since else earliest)
        path = f"{ROOT}/{portfolio}/notifications/replay"
        for _ in range(READS_MAX):
            asked = {"replayStartTimestamp": start.strftime("%Y-%m-%dT%H:%M:%SZ")}
            here = await self._read("notifications-replay", portfolio, path, asked)
            if here is None:
                return told
            told += here
            if here.count < AT_ONCE_MAX or here.latest is None or here.latest <= start:
                return told
            start = here.latest
        return told

    async def _read(
        self, name: str, portfolio: str, path: str, asked: dict[str, Any]
    ) -> Told | None:
        """Read some, kept before anybody looks into them; nothing when there are none."""
        kept: list[tuple[UUID, bytes]] = []
        try:
            status, _ = await self._line.call(
                name,
                "GET",
                path,
                keep=partial(self._keep, portfolio, kept),
                params={"maxNotifications": AT_ONCE_MAX, **asked},
            )
        except Garbled:
            if not kept:
                raise
            status = OK
        if status == NOT_FOUND:
            return None
        if status != OK or not kept:
            raise Unavailable(f"{name}: {status}")
        answer, body = kept[0]
        return told_in(portfolio, body, answer)

    async def _keep(self, portfolio: str, kept: list[tuple[UUID, bytes]], body: bytes) -> None:
        reach("credit-monitor.consumed")
        kept.append((await self._archive.keep_notifications(portfolio, body), body))
        reach("credit-monitor.raw-kept")
