"""The consumer: from the bus to a service's reactions, on real servers."""

import asyncio
import time
from collections import Counter
from functools import partial
from itertools import pairwise
from typing import Any

import asyncpg
import pytest

from chassis import consumer, relay, watch
from chassis.intake import Intake
from chassis.reaction import Happened, Reaction
from chassis.relay import SELECT, envelope_of
from chassis.service import Service
from chassis.stream import recreate_stream
from chassis.wire import STREAM
from contracts.companies.department import DepartmentAdded, DepartmentRenamed

pytestmark = pytest.mark.servers


class Listener:
    """A service that writes names down, slowly or failing where a test says so."""

    def __init__(self, bench: Any) -> None:
        self.bench = bench
        self.failures: Counter[str] = Counter()
        self.tried: list[tuple[str, float]] = []
        reaction = Reaction("hear", (DepartmentAdded, DepartmentRenamed), self.hear)
        self.service = Service("credit-monitor", reactions=(reaction,))

    async def hear(self, happened: Happened) -> None:
        event: Any = happened.event
        self.tried.append((event.name, time.monotonic()))
        if self.failures[event.name]:
            self.failures[event.name] -= 1
            raise ConnectionError(event.name)
        await happened.connection.execute("INSERT INTO heard (name) VALUES ($1)", event.name)

    async def heard(self) -> list[str]:
        found = await self.bench.execute(
            "credit-monitor", "SELECT name FROM heard WHERE $1 ORDER BY n", True
        )
        return [row["name"] for row in found]

    async def hears(self, eventually: Any, many: int) -> list[str]:
        async def enough() -> list[str]:
            heard = await self.heard()
            return heard if len(heard) >= many else []

        found: list[str] = await eventually(enough, f"{many} heard")
        return found


@pytest.fixture
async def listener(bench: Any) -> Listener:
    await bench.execute(
        "credit-monitor",
        "DROP TABLE IF EXISTS heard; CREATE TABLE heard (n serial, name text);"
        " GRANT ALL ON heard, heard_n_seq TO bench_credit_monitor",
    )
    return Listener(bench)


async def test_a_reaction_hears_each_event_once_in_order_and_at_once(
    bench: Any, listener: Listener, eventually: Any
) -> None:
    source, site = await bench.open(), await bench.open(listener.service)
    async with bench.going(relay.relay(source), consumer.consume(site)):
        await bench.added(source, 1)
        await listener.hears(eventually, 1)
        began = time.monotonic()
        commands = await bench.added(source, 1)
        await listener.hears(eventually, 2)
        assert time.monotonic() - began < 0.5
        for n in range(20):
            await bench.happen(source, bench.rename(commands[0], f"name {n:02}"))
        heard = await listener.hears(eventually, 22)
    assert heard[2:] == [f"name {n:02}" for n in range(20)]


async def test_a_reaction_that_fails_for_a_while_is_tried_ever_later_and_nothing_is_skipped(
    bench: Any, listener: Listener, eventually: Any
) -> None:
    source, site = await bench.open(), await bench.open(listener.service)
    commands = [bench.add(name) for name in ("one", "two", "three")]
    await bench.happen(source, *commands)
    listener.failures["two"] = 3
    async with bench.going(relay.relay(source), consumer.consume(site)):
        assert await listener.hears(eventually, 3) == ["one", "two", "three"]
    tries = [at for name, at in listener.tried if name == "two"]
    assert len(tries) == 4
    pauses = [later - earlier for earlier, later in pairwise(tries)]
    assert pauses[-1] > pauses[0]
    assert pauses[-1] > 0.6
    assert await site.pool.fetchval("SELECT count(*) FROM parked") == 0


async def test_of_two_replicas_each_event_is_taken_in_by_one(
    bench: Any, listener: Listener, eventually: Any
) -> None:
    source = await bench.open()
    one, other = [await bench.open(listener.service) for _ in range(2)]
    async with bench.going(relay.relay(source), consumer.consume(one), consumer.consume(other)):
        await bench.added(source, 20)
        await listener.hears(eventually, 20)
        killed = await bench.execute(
            "credit-monitor",
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1",
            "credit-monitor:consume",
        )
        assert len(killed) == 2
        await bench.added(source, 20)
        heard = await listener.hears(eventually, 40)
    assert len(set(heard)) == len(heard) == 40


async def both(bench: Any, listener: Listener, eventually: Any) -> list[str]:
    """Let two take in the same events at the same moment, leader or not."""
    source = await bench.open()
    sites = [await bench.open(listener.service) for _ in range(2)]
    await bench.added(source, 10)
    rows = await source.pool.fetch(SELECT, 0, 100)
    envelopes = [envelope_of("companies", row) for row in rows]
    messages = [consumer.Incoming(e.headers(), e.data.encode(), e.position) for e in envelopes]
    intakes = [Intake(site, "credit-monitor", consumer.applier(site)) for site in sites]
    await asyncio.gather(*(one.take(messages) for one in intakes), return_exceptions=True)
    return await listener.hears(eventually, 10)


async def test_a_leader_that_does_not_know_it_was_replaced_changes_nothing(
    bench: Any, listener: Listener, eventually: Any
) -> None:
    assert len(await both(bench, listener, eventually)) == 10


async def test_without_holding_the_checkpoint_both_would_have_the_effect(
    bench: Any, listener: Listener, eventually: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unlocked(_: Intake, connection: Any, source: str) -> int:
        await asyncio.sleep(0.05)
        await connection.execute(
            "INSERT INTO checkpoints VALUES ('credit-monitor', $1, 0) ON CONFLICT DO NOTHING",
            source,
        )
        return 0

    monkeypatch.setattr(Intake, "_lock", unlocked)
    assert len(await both(bench, listener, eventually)) == 20


async def test_a_lost_event_is_asked_for_and_heals(
    bench: Any, listener: Listener, eventually: Any, monkeypatch: pytest.MonkeyPatch
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
    admin = await bench.nats()
    await admin.jetstream().delete_msg(STREAM, number)


async def test_without_a_watch_a_lost_event_would_stay_lost(
    bench: Any, listener: Listener, eventually: Any
) -> None:
    source, site = await bench.open(), await bench.open(listener.service)
    await bench.added(source, 5)
    async with bench.going(relay.relay(source)):
        await lost(bench, eventually, 2)
        async with bench.going(consumer.consume(site)):
            await listener.hears(eventually, 1)
            with pytest.raises(AssertionError, match="still not"):
                await eventually(lambda: _many(listener, 2), "more heard", seconds=1.0)


async def _many(listener: Listener, many: int) -> bool:
    return len(await listener.heard()) >= many


async def gap_before_many(
    bench: Any, listener: Listener, eventually: Any, monkeypatch: pytest.MonkeyPatch
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
    bench: Any, listener: Listener, eventually: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(await gap_before_many(bench, listener, eventually, monkeypatch)) == 40


async def test_a_gap_would_never_heal_if_those_behind_it_were_held_for_ever(
    bench: Any, listener: Listener, eventually: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer, "EARLY_DELIVERIES_MAX", 1_000_000)
    monkeypatch.setattr(eventually.__globals__["eventually"], "__defaults__", (2.0,))
    with pytest.raises(AssertionError, match="still not"):
        await gap_before_many(bench, listener, eventually, monkeypatch)


async def test_a_consumer_deleted_under_a_running_service_comes_back(
    bench: Any, listener: Listener, eventually: Any, monkeypatch: pytest.MonkeyPatch
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
    bench: Any, listener: Listener, eventually: Any, monkeypatch: pytest.MonkeyPatch
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
    bench: Any, listener: Listener, eventually: Any, monkeypatch: pytest.MonkeyPatch
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
    bench: Any, listener: Listener, eventually: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(watch, "ASK_AGAIN_SECONDS", 0.05)
    monkeypatch.setattr(watch, "RESTART_SECONDS", 0.8)
    anew: list[str] = []
    monkeypatch.setattr(watch, "_start_anew", anew.append)
    site = await bench.open(listener.service)
    asked: list[Any] = []
    admin = await bench.nats()
    await admin.subscribe("relay.companies.republish", cb=partial(_note, asked))
    await admin.flush()
    async with bench.going(watch.watch(site)):
        await asyncio.sleep(0.1)  # lets it listen
        await admin.publish("head.companies", b"9")

        async def gave_up() -> bool:
            return bool(anew)

        await eventually(gave_up, "a new start")
    assert asked[0].data == b'{"first":1,"last":9}'
    assert 2 <= len(asked) <= 5


async def _note(asked: list[Any], message: Any) -> None:
    asked.append(message)
