"""The credit watch over HTTP and SSE against the stand-in: how many, how soon, at what cost."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from string import ascii_lowercase
from typing import Any

import httpx2

from benchmarks.rounds import Reading, number, percentile
from benchmarks.row import Row
from benchmarks.stage import Stage
from chassis.edge import new_id
from onebox.box import Onebox, Options

POLL_SECONDS = 1.0
"""As in `make run`; a deployment's usual minute is waited for, not worked for."""
READY_SECONDS_MAX = 600.0
LOOK_SECONDS = 0.1
APART_SECONDS = 0.5
"""Between two changes of which each is timed by itself."""
NIGHT_SECONDS = 8 * 3600
TENANT = "watch"
SCORES = (40, 60)


async def measure(stage: Stage) -> AsyncIterator[Row]:
    """Have companies watched, change them one by one and all at once, and read what was bought."""
    await stage.clear()
    options = Options(environment={"KUNDVAKT_CREDIT_POLL_SECONDS": str(POLL_SECONDS)})
    async with Onebox(stage.home / "credit", options) as box:
        key = await stage.key_of(box, TENANT)
        async with (
            httpx2.AsyncClient(
                base_url=f"{box.urls['gateway']}/api/v1",
                headers={"Authorization": f"Bearer {key}"},
                timeout=30,
            ) as api,
            httpx2.AsyncClient(base_url=box.urls["creditsafe"], timeout=30) as bureau,
        ):
            async for row in _measured(stage, api, bureau):
                yield row


async def _measured(
    stage: Stage, api: httpx2.AsyncClient, bureau: httpx2.AsyncClient
) -> AsyncIterator[Row]:
    numbers = await companies(api, bureau, stage.scale.watched)
    heard = Heard()
    listening = asyncio.create_task(heard.listen(api))
    await heard.open.wait()
    try:
        began = time.perf_counter()
        await created(api, numbers)
        await heard.so_many("MonitoringStarted", len(numbers))
        yield _rate("rated and put under watch, one process", len(numbers), began)
        waits = [
            await changed(bureau, heard, one, SCORES[0]) for one in numbers[: stage.scale.timed]
        ]
        yield Row(
            "from the bureau's change to the SSE stream",
            _waits(waits),
            f"of which the next reading: up to {POLL_SECONDS:.0f} s",
        )
        had, began = len(heard.of("CreditRatingChanged")), time.perf_counter()
        calls = await ledger(bureau)
        for one in numbers:
            await rate(bureau, one, SCORES[1])
        await heard.so_many("CreditRatingChanged", had + len(numbers))
        seconds = time.perf_counter() - began
        a_second = len(numbers) / seconds
        yield Row("all change at once: changes told, one process", f"{a_second:,.1f}/s")
        yield Row(
            "companies one process can watch",
            number(a_second * NIGHT_SECONDS),
            "were all of them to change in one night of eight hours",
        )
        bought = await ledger(bureau) - calls
        yield Row("reports bought for each change", f"{bought / len(numbers):.2f}", aim="≤ 1.10")
        yield Row(
            "reports a company and month",
            "1 at first, then as above for each change",
            "a watched company that does not change costs nothing but its place",
        )
        yield Row(
            "readings of notifications a day, of one account",
            number(86_400 / 60),
            "at one a minute, however many companies; 1,000 notifications a call",
        )
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


def _rate(name: str, count: int, began: float) -> Row:
    return Row(name, f"{count / (time.perf_counter() - began):,.1f}/s")


def _waits(took: Sequence[float]) -> str:
    taken = Reading(0.0, percentile(took, 50), percentile(took, 99))
    return f"{taken.p50:,.0f} / {taken.p99:,.0f} ms"


class Heard:
    """What the event stream has told, and when each came."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self._seen: list[tuple[str, dict[str, Any], float]] = []
        self._more = asyncio.Event()

    def of(self, name: str) -> list[tuple[dict[str, Any], float]]:
        """Return what was heard under a name."""
        return [(said, at) for event, said, at in self._seen if event == name]

    async def listen(self, api: httpx2.AsyncClient) -> None:
        """Listen until cancelled."""
        fields: dict[str, str] = {}
        async with api.stream("GET", "/events", timeout=READY_SECONDS_MAX) as answer:
            self.open.set()
            async for line in answer.aiter_lines():
                if line:
                    name, _, value = line.partition(": ")
                    fields[name] = value
                elif "data" in fields:
                    said = json.loads(fields["data"])
                    self._seen.append((fields["event"], said, time.perf_counter()))
                    self._more.set()
                    fields = {}

    async def so_many(self, name: str, count: int) -> None:
        """Wait until so many of a name were heard."""
        async with asyncio.timeout(READY_SECONDS_MAX):
            while len(self.of(name)) < count:
                self._more.clear()
                await self._more.wait()


async def companies(api: httpx2.AsyncClient, bureau: httpx2.AsyncClient, count: int) -> list[str]:
    """Return limited companies of the sample that the bureau knows."""
    found: list[str] = []
    for first in ascii_lowercase:
        for second in ascii_lowercase:
            answer = await api.get(
                "/registry/companies", params={"q": first + second, "country": "SE", "limit": 50}
            )
            for item in answer.json()["items"]:
                one = item["organisation_number"]
                fit = item["legal_form"] == "AB" and item["active"] and one not in found
                if fit and (await bureau.get(f"/_control/companies/SE/{one}")).is_success:
                    found.append(one)
                if len(found) == count:
                    return found
    raise RuntimeError(f"the sample has {len(found)} such companies")


async def created(api: httpx2.AsyncClient, numbers: Sequence[str]) -> None:
    """Make customers of companies."""
    for one in numbers:
        wish = {"registry": {"country": "SE", "organisation_number": one}}
        answer = await api.post(
            "/companies",
            json={**wish, "relations": ["customer"]},
            headers={"Idempotency-Key": str(new_id())},
        )
        answer.raise_for_status()


async def rate(bureau: httpx2.AsyncClient, one: str, score: int) -> None:
    """Give a company another score at the bureau; one that has it gets the next."""
    path = f"/_control/companies/SE/{one}"
    is_same = (await bureau.get(path)).json()["score"] == score
    await bureau.post(path, json={"score": score + is_same})


async def changed(bureau: httpx2.AsyncClient, heard: Heard, one: str, score: int) -> float:
    """Change one company; return how many seconds later the stream told."""
    await asyncio.sleep(APART_SECONDS)
    had, began = len(heard.of("CreditRatingChanged")), time.perf_counter()
    await rate(bureau, one, score)
    await heard.so_many("CreditRatingChanged", had + 1)
    return heard.of("CreditRatingChanged")[-1][1] - began


async def ledger(bureau: httpx2.AsyncClient) -> int:
    """Return how many reports the bureau has sold."""
    return len((await bureau.get("/_control/ledger")).json()["reports"])
