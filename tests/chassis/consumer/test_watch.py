"""The watch: what the bus lost is asked for, and who cannot go on starts anew."""

import asyncio
from functools import partial
from typing import Any

import asyncpg
import pytest

from chassis import consumer, relay, watch
from chassis.stream import recreate_stream
from chassis.wire import STREAM

pytestmark = pytest.mark.servers


async def test_a_lost_event_is_asked_for_and_heals(
    bench: Any, listener: Any, eventually: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "ASK_AGAIN_SECONDS", 0.2)
    monkeypatch.setattr(watch, "LOOK_SECONDS", 0.1)
    monkeypatch.setattr(relay, "HEAD_SECONDS", 0.1)
    source, site = await bench.open(), await bench.open(listener.service)
    commands = await bench.added(source, 5)
    async with bench.going(relay.relay(source)):
        await lost(bench, eventually, 2)
        async with bench.going(consumer.consume(site), watch.watch(site)):
            heard = await listener.hears(eventually, 5)
    order = await source.pool.fetch("SELECT data ->> 'name' AS name FROM events ORDER BY position")
    assert heard == [row["name"] for row in order]
    assert len(commands) == 5


async def lost(bench: Any, eventually: Any, number: int) -> None:
    """Let the bus lose a message, once everything is on it."""

    async def there() -> bool:
        return await bench.last_on_the_bus() >= 5

    await eventually(there, "five on the bus")
    kept = await bench.on_the_bus()
    await recreate_stream(bench.servers.nats.url("admin"))
    bus = (await bench.nats()).jetstream()
    for message in kept[: number - 1] + kept[number:]:
        await bus.publish(message.subject, message.data, headers=message.headers)


@pytest.mark.faults
async def test_without_a_watch_a_lost_event_would_stay_lost(
    bench: Any, listener: Any, eventually: Any
) -> None:
    source, site = await bench.open(), await bench.open(listener.service)
    await bench.added(source, 5)
    async with bench.going(relay.relay(source)):
        await lost(bench, eventually, 2)
        async with bench.going(consumer.consume(site)):
            await listener.hears(eventually, 1)
            with pytest.raises(AssertionError, match="still not"):
                await eventually(lambda: _many(listener, 2), "more heard", seconds=1.0)


async def _many(listener: Any, many: int) -> bool:
    return len(await listener.heard()) >= many


async def gap_before_many(
    bench: Any, listener: Any, eventually: Any, monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    """Lose the first of more events than may be unacknowledged at once."""
    monkeypatch.setattr(consumer, "UNACKNOWLEDGED_MAX", 10)
    monkeypatch.setattr(consumer, "EARLY_SECONDS", 0.02)
    monkeypatch.setattr(consumer, "FETCH_SECONDS", 0.1)
    monkeypatch.setattr(watch, "ASK_AGAIN_SECONDS", 0.2)
    monkeypatch.setattr(watch, "LOOK_SECONDS", 0.1)
    monkeypatch.setattr(relay, "HEAD_SECONDS", 0.1)
    source, site = await bench.open(), await bench.open(listener.service)
    await bench.added(source, 40)
    async with bench.going(relay.relay(source)):
        await lost(bench, eventually, 1)
        async with bench.going(consumer.consume(site), watch.watch(site)):
            return await listener.hears(eventually, 40)


async def test_a_gap_heals_however_many_wait_behind_it(
    bench: Any, listener: Any, eventually: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(await gap_before_many(bench, listener, eventually, monkeypatch)) == 40


@pytest.mark.faults
async def test_a_gap_would_never_heal_if_those_behind_it_were_held_for_ever(
    bench: Any, listener: Any, eventually: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer, "EARLY_DELIVERIES_MAX", 1_000_000)
    monkeypatch.setattr(eventually.__globals__["eventually"], "__defaults__", (2.0,))
    with pytest.raises(AssertionError, match="still not"):
        await gap_before_many(bench, listener, eventually, monkeypatch)


async def test_a_consumer_deleted_under_a_running_service_comes_back(
    bench: Any, listener: Any, eventually: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "LOOK_SECONDS", 0.1)
    source, site = await bench.open(), await bench.open(listener.service)
    async with bench.going(relay.relay(source), consumer.consume(site), watch.watch(site)):
        await bench.added(source, 2)
        await listener.hears(eventually, 2)
        await (await bench.nats()).jetstream().delete_consumer(STREAM, "credit-monitor")
        await bench.added(source, 2)
        assert len(await listener.hears(eventually, 4)) == 4


async def test_who_reads_on_through_a_rebuilt_stream_hears_nothing_twice(
    bench: Any, listener: Any, eventually: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "LOOK_SECONDS", 0.1)
    source, site = await bench.open(), await bench.open(listener.service)
    async with bench.going(relay.relay(source), consumer.consume(site), watch.watch(site)):
        await bench.added(source, 5)
        await listener.hears(eventually, 5)
        await consumer_stream_rebuilt(bench)
        await bench.added(source, 5)
        heard = await listener.hears(eventually, 10)
    assert len(heard) == len(set(heard)) == 10


async def consumer_stream_rebuilt(bench: Any) -> None:
    await recreate_stream(bench.servers.nats.url("admin"))
    await bench.execute("companies", "UPDATE relay SET position = 0, epoch = epoch + 1")


async def test_a_watch_outlives_its_servers_and_a_standby_does_not_start_anew(
    bench: Any, listener: Any, eventually: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "LOOK_SECONDS", 0.05)
    anew: list[str] = []
    monkeypatch.setattr(watch, "_start_anew", anew.append)
    monkeypatch.setattr(watch, "RESTART_SECONDS", 1.0)
    monkeypatch.setattr(relay, "HEAD_SECONDS", 0.05)
    source = await bench.open()
    leader, standby = [await bench.open(listener.service) for _ in range(2)]
    async with bench.going(
        relay.relay(source), consumer.consume(leader), watch.watch(leader), watch.watch(standby)
    ):
        for many in range(1, 4):
            await bench.added(source, 1)
            await listener.hears(eventually, many)

        async def knows() -> bool:
            return standby.progress.get("credit-monitor/companies") == 3

        await eventually(knows, "the standby knows how far the leader is")
        monkeypatch.setattr(watch, "_checkpoint", _refused)
        await asyncio.sleep(0.2)  # a few looks that fail
        monkeypatch.undo()
    assert anew == []


async def _refused(*_: Any) -> int:
    raise asyncpg.CannotConnectNowError("starting up")


async def test_who_cannot_go_on_says_so_and_starts_anew(
    bench: Any, listener: Any, eventually: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(watch, "ASK_AGAIN_SECONDS", 0.05)
    monkeypatch.setattr(watch, "RESTART_SECONDS", 0.8)
    anew: list[str] = []
    monkeypatch.setattr(watch, "_start_anew", anew.append)
    site = await bench.open(listener.service)
    asked: list[Any] = []
    admin = await bench.nats()
    await admin.subscribe("relay.*.republish", cb=partial(_note, asked))
    await admin.flush()
    async with bench.going(watch.watch(site)):

        async def gave_up() -> bool:
            await admin.publish("head.companies", b"9")  # it may not have listened yet
            await admin.publish("head.enrichment", b"9")
            return bool(anew)

        await eventually(gave_up, "a new start")
    # Whom it does not listen to it does not wait for.
    assert {one.subject for one in asked} == {"relay.companies.republish"}
    assert asked[0].data == b'{"first":1,"last":9}'
    assert 2 <= len(asked) <= 5


async def _note(asked: list[Any], message: Any) -> None:
    asked.append(message)
