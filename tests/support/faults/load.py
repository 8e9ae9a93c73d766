"""Clients of several tenants at a set rate: they write, read and listen, and never guess."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx2

from support.faults.asking import HUNG_UP, Asking
from support.faults.bureau import RatingChanger
from support.faults.ledger import Entry, Intent, Ledger, Said
from support.faults.listening import Listener
from support.faults.wishes import CANARY, Wisher

ANSWER_SECONDS_MAX = 6.0
"""Twice what a client is promised; a process that is frozen answers nothing at all."""
AGAIN_SECONDS = 0.2
SETTLE_SECONDS_MAX = 60.0
"""How long after the last command the clients go on asking for what they do not know."""
LATER = frozenset({429, 502, 503, 504})


@dataclass(slots=True)
class Pace:
    """How much is asked, at most: commands and reads a second, and how many commands in all."""

    commands: float = 40.0
    reads: float = 10.0
    commands_max: int = 1_000_000
    in_flight_max: int = 24
    """Of each: more would only wait for one another when nothing answers."""
    registry_share: float = 0.0
    """Of the commands, those that create a company of the registry, which is then watched."""
    changes: float = 0.0
    """Changes of ratings at the bureau, a second."""


@dataclass(slots=True)
class Load:
    """What clients do to gateways, and what they saw."""

    gateways: Sequence[str]
    wishers: Sequence[Wisher]
    ledger: Ledger
    pace: Pace
    dice: Random
    reads: Counter[int] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    """Answers that should never be: a server's error, another tenant's canary."""
    listeners: list[Listener] = field(default_factory=list)
    changer: RatingChanger | None = None
    slowest_seconds: float = 0.0
    """The longest that a first answer took."""
    _stop: asyncio.Event = field(default_factory=asyncio.Event)
    _asking: set[asyncio.Task[None]] = field(default_factory=set)

    @asynccontextmanager
    async def going(self) -> AsyncIterator[None]:
        """Let the clients work; afterwards wait until each knows what became of its wish."""
        limits = httpx2.Limits(max_connections=400, max_keepalive_connections=100)
        asking = Asking(ANSWER_SECONDS_MAX)
        async with httpx2.AsyncClient(timeout=ANSWER_SECONDS_MAX, limits=limits) as http:
            work = [
                asyncio.create_task(self._write(asking)),
                asyncio.create_task(self._read(asking)),
                asyncio.create_task(self._change_ratings(http)),
            ]
            listening = [asyncio.create_task(one.listen()) for one in self.listeners]
            try:
                yield
            finally:
                self._stop.set()
                await asyncio.wait(work)
                deadline = time.monotonic() + SETTLE_SECONDS_MAX
                while self._asking and time.monotonic() < deadline:
                    await asyncio.wait(self._asking, timeout=0.5)
                for task in (*self._asking, *listening):
                    task.cancel()
                ended = await asyncio.gather(
                    *work, *self._asking, *listening, return_exceptions=True
                )
                asking.close()
        for error in ended:
            if isinstance(error, Exception):
                raise error

    async def written(self, many: int) -> None:
        """Wait until so many commands are settled."""
        while sum(e.last != "unknown" for e in self.ledger) < many:  # noqa: ASYNC110
            await asyncio.sleep(0.05)

    async def _write(self, http: Asking) -> None:
        asked = 0
        async for _ in self._ticks(self.pace.commands):
            if asked >= self.pace.commands_max:
                return
            if len(self._asking) >= self.pace.in_flight_max:
                continue
            asked += 1
            wisher = self.dice.choice(self.wishers)
            intent = None
            if self.dice.random() < self.pace.registry_share:
                intent = wisher.from_registry()
            task = asyncio.create_task(self._settle(http, wisher, intent or wisher.next()))
            self._asking.add(task)
            task.add_done_callback(self._asking.discard)

    async def _settle(self, http: Asking, wisher: Wisher, intent: Intent) -> None:
        """Ask until there is an answer; each time with the same key."""
        entry = await self.ledger.intend(intent)
        try:
            while True:
                gateway = self.dice.choice(self.gateways)
                began = time.monotonic()
                said, status, body = await self._once(http, gateway, wisher, intent)
                if entry.first is None:
                    self.slowest_seconds = max(self.slowest_seconds, time.monotonic() - began)
                await self.ledger.answered(entry, said, status, body)
                if said != "unknown":
                    return
                await asyncio.sleep(AGAIN_SECONDS)
        finally:
            wisher.learn(entry)

    async def _once(
        self, http: Asking, gateway: str, wisher: Wisher, intent: Intent
    ) -> tuple[Said, int, dict[str, Any]]:
        headers = {"Authorization": f"Bearer {wisher.key}", "Idempotency-Key": intent.key}
        if intent.match:
            headers["If-Match"] = intent.match
        path = f"/api/v1{intent.path}"
        try:
            answer = await http.ask(gateway, intent.method, path, headers, intent.body)
            body: dict[str, Any] = answer.json()
        except (HUNG_UP, ValueError):
            return "unknown", 0, {}
        self._look_for_others(wisher, intent.path, answer.text)
        if answer.is_success:
            return "ok", answer.status, {**body, "etag": answer.etag}
        if answer.status >= 500 and answer.status not in LATER:
            self.errors.append(f"{answer.status} {intent.method} {intent.path} {answer.text}")
        later = answer.status in LATER or answer.status >= 500
        return "unknown" if later else "refused", answer.status, body

    async def _read(self, http: Asking) -> None:
        reading: set[asyncio.Task[None]] = set()
        async for _ in self._ticks(self.pace.reads):
            if len(reading) < self.pace.in_flight_max:
                task = asyncio.create_task(self._look(http, self.dice.choice(self.wishers)))
                reading.add(task)
                task.add_done_callback(reading.discard)
        if reading:
            await asyncio.wait(reading)

    async def _change_ratings(self, http: httpx2.AsyncClient) -> None:
        async for _ in self._ticks(self.pace.changes):
            if self.changer is not None:
                await self.changer.change(http, self.wishers)

    async def _look(self, http: Asking, wisher: Wisher) -> None:
        paths = ["/companies?limit=20", "/users", "/departments"]
        if wisher.companies:
            company = f"/companies/{self.dice.choice(wisher.companies).id}"
            paths += [company, f"{company}/timeline?limit=50"]
        path = self.dice.choice(paths)
        headers = {"Authorization": f"Bearer {wisher.key}"}
        gateway = self.dice.choice(self.gateways)
        try:
            answer = await http.ask(gateway, "GET", f"/api/v1{path}", headers)
        except HUNG_UP:
            self.reads[0] += 1
            return
        self.reads[answer.status] += 1
        self._look_for_others(wisher, path, answer.text)
        if answer.status >= 500 and answer.status not in LATER:
            self.errors.append(f"{answer.status} GET {path} {answer.text}")

    def _look_for_others(self, wisher: Wisher, path: str, text: str) -> None:
        foreign = set(CANARY.findall(text)) - {wisher.canary}
        if foreign:
            self.errors.append(f"{path} showed {wisher.tenant} what is another's: {foreign}")

    async def _ticks(self, each_second: float) -> AsyncIterator[None]:
        """Come so often; what was missed by a slow machine is not made up for."""
        if not each_second:
            return
        after = time.monotonic()
        while not self._stop.is_set():
            yield
            after = max(after + 1 / each_second, time.monotonic() - 1.0)
            with suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, after - time.monotonic())):
                    await self._stop.wait()


def unsettled(ledger: Ledger) -> list[Entry]:
    """Return the commands whose clients gave up asking."""
    return [entry for entry in ledger if entry.last == "unknown"]
