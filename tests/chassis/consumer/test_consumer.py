"""The consumer: from the bus to a service's reactions, on real servers."""

import asyncio
import time
from contextlib import aclosing
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from chassis import consumer, relay
from chassis.intake import Intake
from chassis.relay import SELECT, envelope_of

pytestmark = pytest.mark.servers


async def test_a_reaction_hears_each_event_once_in_order_and_at_once(
    bench: Any, listener: Any, eventually: Any
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
    bench: Any, listener: Any, eventually: Any
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
    bench: Any, listener: Any, eventually: Any
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


async def both(bench: Any, listener: Any, eventually: Any) -> list[str]:
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
    bench: Any, listener: Any, eventually: Any
) -> None:
    assert len(await both(bench, listener, eventually)) == 10


async def test_without_holding_the_checkpoint_both_would_have_the_effect(
    bench: Any, listener: Any, eventually: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unlocked(_: Intake, connection: Any, sources: list[str]) -> Any:
        await asyncio.sleep(0.05)
        await connection.execute(
            "INSERT INTO checkpoints SELECT 'credit-monitor', unnest($1::text[]), 0"
            " ON CONFLICT DO NOTHING",
            sources,
        )
        return dict.fromkeys(sources, 0), False

    monkeypatch.setattr(Intake, "_lock", unlocked)
    assert len(await both(bench, listener, eventually)) == 20


async def test_what_was_fetched_ahead_and_not_settled_is_delivered_again_at_once(
    bench: Any, listener: Any, eventually: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer, "BATCH_EVENTS", 2)
    source, site = await bench.open(), await bench.open(listener.service)
    async with bench.going(relay.relay(source)):
        await bench.added(source, 4)

        async def on_the_bus() -> bool:
            return bool(await bench.last_on_the_bus() == 4)

        await eventually(on_the_bus, "four on the bus")
    subscription = await consumer.subscribed(site)
    async with aclosing(consumer.batches(subscription)) as coming:
        first = await anext(coming)
        await asyncio.gather(*(message.ack() for message in first))
        # The next two come while these are settled.
        await asyncio.sleep(0)
    again = [*await subscription.fetch(1, timeout=5), *await subscription.fetch(1, timeout=5)]
    assert [message.metadata.sequence.stream for message in first + again] == [1, 2, 3, 4]
    assert [message.metadata.num_delivered for message in again] == [2, 2]


async def test_a_service_is_delivered_only_what_those_say_whom_it_listens_to(
    bench: Any, listener: Any
) -> None:
    """Also one whose consumer was made when everything was delivered."""
    site, admin = await bench.open(listener.service), (await bench.nats()).jetstream()
    everything = replace(consumer.consumer_config(listener.service), filter_subjects=["evt.>"])
    await admin.add_consumer(consumer.STREAM, everything)
    subscription = await consumer.subscribed(site)
    for subject in ("evt.t.credit.1.said", "evt.t.department.1.said", "evt.t.user.1.said"):
        await admin.publish(subject, b"{}")
    heard = await subscription.fetch(3, timeout=1)
    assert listener.service.hears == {"companies"}
    assert [one.subject for one in heard] == ["evt.t.department.1.said", "evt.t.user.1.said"]


def test_who_keeps_history_hears_everybody_and_strangers_too(keeping: Any) -> None:
    assert consumer.subjects(keeping) == ["evt.>"]
