"""The credit watch over HTTP and SSE against the stand-in: how many, how soon, at what cost."""

import asyncio
import time
from collections.abc import AsyncIterator
from decimal import Decimal

from benchmarks import spent
from benchmarks.credit import customers
from benchmarks.credit.bare import HANDS
from benchmarks.credit.watch import POLL_SECONDS, Watch, opened
from benchmarks.rounds import number, reading, waits
from benchmarks.row import Row
from benchmarks.stage import Stage

APART_SECONDS = 0.5
"""Between two changes of which each is timed by itself."""
QUIET_READINGS = 10
DAY_SECONDS, NIGHT_SECONDS = 86_400, 8 * 3600
MINUTE = 60
BUREAU_CALLS_A_SECOND = 50
"""What one account asks at most, `bureaus/connect.py`; the bureau says nothing of a limit."""
SCORES = (40, 60)
CHANGED, WATCHED = "CreditRatingChanged", "MonitoringStarted"


async def measure(stage: Stage) -> AsyncIterator[Row]:
    """Have companies watched, change them one by one and all at once, and read what was bought."""
    await stage.clear()
    async with opened(stage) as watch:
        numbers = await customers.companies(watch.api, watch.bureau, stage.scale.watched)
        for measured in (under_watch, at_rest, one_by_one, in_one_night, in_money):
            async for row in measured(watch, numbers):
                yield row


async def under_watch(watch: Watch, numbers: list[str]) -> AsyncIterator[Row]:
    """Have companies rated and watched."""
    began = time.perf_counter()
    await watch.bare.watch(numbers)
    least = len(numbers) / (await watch.told.so_many("watched", len(numbers)) - began)
    busy, began = watch.busy(), time.perf_counter()
    await customers.created(watch.api, numbers)
    ours = len(numbers) / (await watch.heard.so_many(WATCHED, len(numbers)) - began)
    yield Row(
        "rated and put under watch, one process",
        f"{ours:,.1f}/s, {_milliseconds(watch.busy() - busy, len(numbers))} of a processor each",
        f"search, report, place and publication, {HANDS} at once: {least:,.1f}/s",
        f"{ours / least:.2f}",
    )


async def at_rest(watch: Watch, numbers: list[str]) -> AsyncIterator[Row]:
    """Count what is asked while nothing changes, once the first looks are over."""
    seconds = (min(QUIET_READINGS, watch.timed)) * POLL_SECONDS
    await _unasked(watch)
    before, bare = await watch.calls(), (watch.bare.calls, watch.bare.readings)
    busy, bought = watch.busy(), await watch.bureau.sold()
    await asyncio.sleep(seconds)
    made = {name: count - before.get(name, 0) for name, count in (await watch.calls()).items()}
    readings = made.get("notifications", 0) or 1
    is_quiet = (await watch.bureau.sold()).reports == bought.reports
    yield Row(
        f"calls a reading, {number(len(numbers))} watched, none changed",
        f"{sum(made.values()) / readings:.2f}",
        f"{(watch.bare.calls - bare[0]) / (watch.bare.readings - bare[1]):.2f}",
        aim="≤ 1.1",
        met=sum(made.values()) / readings <= 1.1,  # noqa: PLR2004 - one, and a login now and then
        why="something else was asked for meanwhile",
    )
    yield Row(
        "readings a day, one account, one a minute",
        f"{number(DAY_SECONDS / MINUTE)}, however many are watched",
        f"each asked about once a day: {number(len(numbers))} calls",
    )
    yield Row(
        "reports bought while nothing changes",
        "0" if is_quiet else f"{(await watch.bureau.sold()).reports - bought.reports}",
        aim="0",
        met=is_quiet,
        why="a report was bought that nobody needed",
    )
    yield Row(
        "watching, nothing changes, a reading a second",
        f"{100 * (watch.busy() - busy) / seconds:.1f} % of one core",
    )


async def one_by_one(watch: Watch, numbers: list[str]) -> AsyncIterator[Row]:
    """Time single changes on both streams."""
    ours: list[float] = []
    least: list[float] = []
    for one in numbers[: watch.timed]:
        await asyncio.sleep(APART_SECONDS)
        had, was = len(watch.heard.of(CHANGED)), len(watch.told.of("notified"))
        began = time.perf_counter()
        await watch.bureau.rate(one, SCORES[0])
        least.append(await watch.told.so_many("notified", was + 1) - began)
        ours.append(await watch.heard.so_many(CHANGED, had + 1) - began)
    mine, theirs = (reading(sum(took), took) for took in (ours, least))
    yield Row(
        f"from the bureau's change to the SSE stream, a reading every {POLL_SECONDS:.0f} s",
        waits(mine),
        f"read, published and streamed, and no more: {waits(theirs)}",
        f"{mine.p50 / theirs.p50:.2f}",
    )


async def in_one_night(watch: Watch, numbers: list[str]) -> AsyncIterator[Row]:
    """Change all at once, as a new model of the bureau's does."""
    await _unasked(watch)
    calls, bought, had = (
        await watch.calls(),
        await watch.bureau.sold(),
        len(watch.heard.of(CHANGED)),
    )
    busy, began = watch.busy(), time.perf_counter()
    for one in numbers:
        await watch.bureau.rate(one, SCORES[1])
    seconds = await watch.heard.so_many(CHANGED, had + len(numbers)) - began
    made = sum((await watch.calls()).values()) - sum(calls.values())
    used, told = watch.busy() - busy, await watch.bureau.sold()
    references = [await watch.bureau.reference(one) for one in numbers]
    mine, began = spent.here(), time.perf_counter()
    await watch.bare.reports(references)
    least = await watch.told.so_many("reported", len(numbers)) - began
    mine = spent.here() - mine
    ours, theirs = len(numbers) / seconds, len(numbers) / least
    for row in _of_a_night(ours, theirs, made / len(numbers)):
        yield row
    yield Row(
        "a change: time of a processor, our process",
        _milliseconds(used, len(numbers)),
        f"a report and its publication: {_milliseconds(mine, len(numbers))}",
        f"{used / mine:.1f}",
    )
    reports = (told.reports - bought.reports) / len(numbers)
    notified = (told.notifications - bought.notifications) / len(numbers)
    yield Row(
        "reports bought for each change",
        f"{reports:.2f}",
        f"one for each notification: {notified:.2f}",
        aim="≤ 1.10",
        met=reports <= 1.1,  # noqa: PLR2004 - the aim
        why="some changed while they were looked at, and were looked at again",
    )


def _of_a_night(ours: float, theirs: float, calls: float) -> list[Row]:
    paced = BUREAU_CALLS_A_SECOND / calls * NIGHT_SECONDS
    return [
        Row(
            "all change at once: changes told, one process",
            f"{ours:,.1f}/s",
            f"a report each and its publication, {HANDS} at once: {theirs:,.1f}/s",
            f"{ours / theirs:.2f}",
        ),
        Row(
            "companies one process can watch, were all to change in one night of eight hours",
            number(ours * NIGHT_SECONDS),
            f"at our own pace at an account, {BUREAU_CALLS_A_SECOND} calls/s: {number(paced)}",
            f"{ours * NIGHT_SECONDS / paced:.2f}",
        ),
        Row("calls of the bureau for each change", f"{calls:.2f}", "its report: 1"),
    ]


async def in_money(watch: Watch, numbers: list[str]) -> AsyncIterator[Row]:
    """Say what a company costs a month, by the tenant's own books."""
    paid, price = await customers.spent(watch.api), customers.PRICE
    changes = len(watch.heard.of(CHANGED))
    each = changes / len(numbers)
    # The bare watch has bought two on each.
    sold = ((await watch.bureau.sold()).reports - 2 * len(numbers)) * price
    yield Row(
        f"cost of a company, a month with its first rating and {each:.2f} changes",
        _kronor(paid / len(numbers)),
        f"by the bureau's ledger, {_kronor(price)} a report: {_kronor(sold / len(numbers))}",
        f"{paid / sold:.2f}",
        aim="1.00",
        met=paid == sold,
        why="the books and the bureau's ledger differ",
    )
    later = (paid - len(numbers) * price) / changes
    yield Row(
        "cost of a company and month, one change in four months",
        _kronor(later / 4),
        f"rated anew once a month: {_kronor(price)}, every day: {_kronor(30 * price)}",
        f"{later / 4 / price:.2f}",
    )


async def _unasked(watch: Watch) -> None:
    """Wait until two readings went by in which nothing else was asked for."""
    others, calm = -1.0, 0
    async with asyncio.timeout(10 * MINUTE):
        while calm < 2:  # noqa: PLR2004 - two readings
            await asyncio.sleep(POLL_SECONDS)
            made = await watch.calls()
            now = sum(made.values()) - made.get("notifications", 0)
            calm, others = (calm + 1 if now == others else 0), now


def _milliseconds(seconds: float, count: int) -> str:
    return f"{seconds * 1_000 / count:.1f} ms"


def _kronor(amount: Decimal) -> str:
    return f"{amount:.2f} SEK"
