"""More is asked than can be answered: it is asked again seldom, and the latest is served first."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from nats.aio.msg import Msg

from chassis import answering, codec, repeats, turns
from chassis import ask as asking
from chassis.ask import Asker, Unavailable
from chassis.edge import new_id
from chassis.repeats import Repeats
from chassis.turns import Turns
from contracts.message import Answer, Reply

DEADLINE_SECONDS = 1.2
CROWD = 40
FEW = 8
"""One of so many is answered."""
BUSY_SECONDS = 0.1


async def stand(turns: Turns, name: int, served: list[int], leave: asyncio.Event) -> None:
    async with turns.taken():
        served.append(name)
        await leave.wait()


async def standing(turns: Turns, served: list[int], leaves: list[asyncio.Event]) -> list[Any]:
    """Let some take turns, each a moment after the one before, and each leave when told."""
    tasks = []
    for name, leave in enumerate(leaves):
        tasks.append(asyncio.create_task(stand(turns, name, served, leave)))
        await asyncio.sleep(0)
    return tasks


@asynccontextmanager
async def in_line(turns: Turns, many: int) -> AsyncIterator[tuple[list[Any], list[int]]]:
    """Let many take turns; none leaves before the end."""
    served: list[int] = []
    leave = asyncio.Event()
    tasks = await standing(turns, served, [leave] * many)
    yield tasks, served
    leave.set()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_those_in_a_line_that_moves_are_served_as_they_came() -> None:
    async with in_line(Turns(2), 5) as (_, served):
        assert served == [0, 1]
    assert served == [0, 1, 2, 3, 4]


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every line be one in which somebody has stood for too long."""
    monkeypatch.setattr(turns, "FAIR_SECONDS_MAX", -1)


@pytest.mark.usefixtures("slow")
async def test_of_those_in_a_line_that_does_not_move_the_latest_is_served_first() -> None:
    async with in_line(Turns(2), 5) as (_, served):
        assert served == [0, 1]
    assert served == [0, 1, 4, 3, 2]


async def test_nobody_stands_in_line_for_longer_than_they_would() -> None:
    turns = Turns(1)
    async with turns.taken():
        with pytest.raises(TimeoutError):
            async with turns.taken(0.01):
                pass
    async with asyncio.timeout(1), turns.taken(0.01):
        pass


@pytest.mark.usefixtures("slow")
async def test_whoever_leaves_the_line_is_not_missed() -> None:
    async with in_line(Turns(1), 4) as (tasks, served):
        tasks[3].cancel()
        await asyncio.sleep(0)
    assert served == [0, 2, 1]


@pytest.mark.usefixtures("slow")
async def test_a_turn_given_to_somebody_who_is_just_leaving_is_passed_on() -> None:
    turns, served = Turns(1), list[int]()
    first, others = asyncio.Event(), asyncio.Event()
    tasks = await standing(turns, served, [first, others, others])
    first.set()
    await asyncio.sleep(0)  # the first leaves, and the latest has its turn without knowing yet
    tasks[2].cancel()
    others.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert served == [0, 1]
    async with asyncio.timeout(1), turns.taken():
        pass


@pytest.mark.usefixtures("slow")
async def test_a_turn_is_not_given_to_somebody_who_has_just_left() -> None:
    turns, served = Turns(1), list[int]()
    first, others = asyncio.Event(), asyncio.Event()
    tasks = await standing(turns, served, [first, others, others])
    first.set()
    others.set()
    tasks[2].cancel()  # and does not know yet when the first leaves
    async with asyncio.timeout(5):
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(one) for one in ended] == [type(None), type(None), asyncio.CancelledError]
    assert served == [0, 1]


def test_what_is_asked_again_is_a_share_of_what_is_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(repeats, "SAVED_MAX", 3)
    again = Repeats()
    assert [again.take() for _ in range(5)] == [True, True, True, False, False]
    for _ in range(4):
        again.answered()
    assert [again.take() for _ in range(4)] == [True, True, False, False]


async def heard(bench: Any, ask: Asker, crowd: int, *, is_silent: bool = False) -> int:
    """Let a crowd ask somebody who answers few of them; return how often that one was asked."""
    asked: list[Msg] = []
    answer = codec.to_bytes(Reply(answer=Answer(stream_id=new_id(), position=1, version=1)))

    async def hear(message: Msg) -> None:
        asked.append(message)
        if not is_silent and len(asked) % FEW == 0:
            await asyncio.sleep(BUSY_SECONDS)
            await message.respond(answer)

    listener = await bench.nats("companies")
    subscription = await listener.subscribe("companies.command.department", "companies", cb=hear)
    await listener.flush()

    async def one() -> None:
        with suppress(Unavailable):
            await ask.command("companies", bench.add("Sales"))

    await asyncio.gather(*(one() for _ in range(crowd)))
    await subscription.unsubscribe()
    await listener.flush()
    return len(asked)


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeats, "SAVED_MAX", 5)


@pytest.mark.servers
@pytest.mark.usefixtures("measured")
async def test_of_somebody_busy_a_crowd_asks_hardly_more_than_once_each(bench: Any) -> None:
    assert await heard(bench, await bench.ask(DEADLINE_SECONDS), CROWD) <= CROWD + 8


@pytest.mark.servers
async def test_without_measure_it_would_ask_several_times_as_much(
    bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repeats, "SAVED_MAX", 10_000)
    assert await heard(bench, await bench.ask(DEADLINE_SECONDS), CROWD) > CROWD * 1.5


@pytest.mark.servers
@pytest.mark.usefixtures("measured")
async def test_whoever_is_silent_for_everybody_is_asked_again_by_all(bench: Any) -> None:
    ask = await bench.ask(DEADLINE_SECONDS)
    assert await heard(bench, ask, CROWD, is_silent=True) > CROWD * 1.5


@pytest.mark.servers
@pytest.mark.usefixtures("measured")
async def test_whoever_stays_silent_is_asked_again_by_few(
    bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "SILENT_SECONDS_MAX", 0.1)
    ask = await bench.ask(DEADLINE_SECONDS)
    assert await heard(bench, ask, CROWD, is_silent=True) <= CROWD + 8


@pytest.mark.servers
async def test_no_more_commands_are_under_way_at_once_than_are_answered_in_time(
    bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "COMMANDS_MAX", 3)
    ask = await bench.ask(DEADLINE_SECONDS)
    attempts = 3
    assert await heard(bench, ask, CROWD, is_silent=True) <= 3 * attempts
    # Whoever gave up has left the line, and the next one has a turn.
    site = await bench.open()
    async with bench.answering(site, bench.departments()):
        assert (await ask.command("companies", bench.add("Support"))).position == 1


STALE = 60
"""Commands in line that nobody waits for any more: five deadlines' worth."""
STOOD_SECONDS = 0.7
"""By then whoever came first has stood for too long."""


async def answered_behind_others(bench: Any, monkeypatch: pytest.MonkeyPatch) -> Answer:
    """Ask a service that decides slowly and has a long line of what nobody waits for."""
    decided = answering.transact

    async def slowly(*args: Any) -> Answer:
        await asyncio.sleep(BUSY_SECONDS)
        return await decided(*args)

    monkeypatch.setattr(answering, "transact", slowly)
    monkeypatch.setattr(answering, "WORKERS", 1)
    site, ask = await bench.open(), await bench.ask(DEADLINE_SECONDS)
    client = await bench.nats("gateway")
    async with bench.answering(site, bench.departments()):
        for number in range(STALE):
            body = codec.to_bytes(bench.add(f"Nobody's {number}"))
            await client.publish("companies.command.department", body)
        await client.flush()
        await asyncio.sleep(STOOD_SECONDS)
        return await ask.command("companies", bench.add("Sales"))


@pytest.mark.servers
async def test_what_somebody_waits_for_is_not_done_after_all_that_nobody_does(
    bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await answered_behind_others(bench, monkeypatch)).position < STALE


@pytest.mark.servers
async def test_in_the_order_of_coming_it_would_be_done_too_late(
    bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "FAIR_SECONDS_MAX", 3_600)
    monkeypatch.setattr(answering, "LINE_SECONDS_MAX", 3_600)
    with pytest.raises(Unavailable):
        await answered_behind_others(bench, monkeypatch)
