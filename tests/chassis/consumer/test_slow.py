"""A handler slower than the bus is patient: delivered again meanwhile, and done once."""

import asyncio
from typing import Any

import pytest

from chassis import consumer
from chassis.intake import Intake
from chassis.relay import relay
from chassis.wire import STREAM

pytestmark = pytest.mark.servers

ACK_WAIT_SECONDS = 0.5
HANDLING_SECONDS = 1.4
"""Nearly three times as long as the bus waits."""


async def heard_slowly(
    bench: Any, listener: Any, eventually: Any, monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    """Let two replicas of a slow service hear of two departments."""
    monkeypatch.setattr(consumer, "ACK_WAIT_SECONDS", ACK_WAIT_SECONDS)
    source = await bench.open()
    hear = listener.hear

    async def slowly(happened: Any) -> None:
        await asyncio.sleep(HANDLING_SECONDS)
        await hear(happened)

    reaction = listener.service.reactions[0]
    object.__setattr__(reaction, "act", slowly)
    sites = [await bench.open(listener.service) for _ in range(2)]
    loops = [consumer.consume(site) for site in sites]
    jetstream = (await bench.nats()).jetstream()

    async def done_with_or_too_often() -> bool:
        info = await jetstream.consumer_info(STREAM, listener.service.name)
        delivered = info.delivered.consumer_seq > 2
        done = not info.num_ack_pending and not info.num_pending
        heard = len(await listener.heard())
        return delivered and (heard > 2 or (heard == 2 and done))

    async with bench.going(relay(source), *loops):
        await bench.added(source, 2)
        await eventually(done_with_or_too_often, "everything done with", 30)
    heard: list[str] = await listener.heard()
    return heard


async def test_what_is_delivered_again_while_it_is_handled_has_one_effect(
    bench: Any, listener: Any, eventually: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = await heard_slowly(bench, listener, eventually, monkeypatch)
    assert len(heard) == len(set(heard)) == 2


async def test_without_the_checkpoint_it_would_have_an_effect_each_time(
    bench: Any, listener: Any, eventually: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = Intake._lock  # noqa: SLF001 - that is what is taken away

    async def always_the_first(self: Any, connection: Any, source: str) -> int:
        await lock(self, connection, source)
        return 0

    monkeypatch.setattr(Intake, "_lock", always_the_first)
    heard = await heard_slowly(bench, listener, eventually, monkeypatch)
    assert len(heard) > 2
