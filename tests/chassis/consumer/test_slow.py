"""A handler slower than the bus is patient: delivered again meanwhile, and done once."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from chassis import consumer
from chassis.consumer import applier, consumer_config, settle
from chassis.intake import Intake
from chassis.relay import relay
from chassis.wire import STREAM, SUBJECTS

pytestmark = pytest.mark.servers

ACK_WAIT_SECONDS = 0.5
HANDLING_SECONDS = 1.4
"""Nearly three times as long as the bus waits."""
NAME = "credit-monitor"


async def heard_slowly(bench: Any, listener: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let a slow service hear of a department, and hear it again while it is at it."""
    monkeypatch.setattr(consumer, "ACK_WAIT_SECONDS", ACK_WAIT_SECONDS)

    async def slowly(happened: Any) -> None:
        await asyncio.sleep(HANDLING_SECONDS)
        await listener.hear(happened)

    [reaction] = listener.service.reactions
    service = replace(listener.service, reactions=(replace(reaction, act=slowly),))
    source, site = await bench.open(), await bench.open(service)
    subscription = await (
        (await bench.nats())
        .jetstream()
        .pull_subscribe(SUBJECTS, durable=NAME, stream=STREAM, config=consumer_config(service))
    )
    intake = Intake(site, NAME, applier(site))
    async with bench.going(relay(source)):
        await bench.added(source, 1)
        first = await subscription.fetch(1, timeout=10)
        handling = asyncio.create_task(settle(intake, first))
        again = await subscription.fetch(1, timeout=10)
        assert again[0].metadata.num_delivered == 2
        assert not handling.done()
        await asyncio.gather(handling, settle(intake, again))
    heard: list[str] = await listener.heard()
    return heard


async def test_what_is_delivered_again_while_it_is_handled_has_one_effect(
    bench: Any, listener: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(await heard_slowly(bench, listener, monkeypatch)) == 1


async def test_without_the_checkpoint_it_would_have_an_effect_each_time(
    bench: Any, listener: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def at_the_first(_intake: Any, _connection: Any, sources: list[str]) -> Any:
        return dict.fromkeys(sources, 0), False

    monkeypatch.setattr(Intake, "_lock", at_the_first)
    assert len(await heard_slowly(bench, listener, monkeypatch)) == 2
