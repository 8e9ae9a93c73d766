"""A relay away for longer than the bus remembers ids puts events on it twice; readers hear once."""

import asyncio
from typing import Any

import pytest

from chassis import failpoints, relay
from chassis.intake import Incoming
from chassis.stream import stream_config
from chassis.wire import STREAM

pytestmark = pytest.mark.servers

WINDOW_SECONDS = 0.1
"""The shortest that the bus takes."""


async def position(reader: Any) -> int:
    """Return how far the relay knows to be."""
    return int(await reader.source.pool.fetchval("SELECT position FROM relay"))


async def put_on_twice(reader: Any) -> list[Incoming]:
    """Let a relay die before it notes what it published, for longer than the bus remembers."""
    jetstream = (await reader.bench.nats()).jetstream()
    await jetstream.update_stream(stream_config().evolve(duplicate_window=WINDOW_SECONDS))
    await reader.bench.added(reader.source, 4)
    failpoints.arm("relay.acknowledged:1:raise")
    async with reader.bench.going(relay.relay(reader.source)):
        while await reader.bench.last_on_the_bus() < 4:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    failpoints.arm("")
    assert await position(reader) == 0
    await asyncio.sleep(WINDOW_SECONDS * 3)
    async with reader.bench.going(relay.relay(reader.source)):
        while await position(reader) < 4:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    messages = [
        await jetstream.get_msg(STREAM, n)
        for n in range(1, await reader.bench.last_on_the_bus() + 1)
    ]
    return [Incoming(m.headers, m.data, n) for n, m in enumerate(messages, 1)]


async def test_what_the_bus_has_twice_is_heard_once(reader: Any) -> None:
    incoming = await put_on_twice(reader)
    assert len(incoming) == 8
    assert all(await reader.take(*incoming))
    assert await reader.heard() == await reader.names()


async def test_with_the_buss_memory_alone_it_would_be_heard_twice(reader: Any) -> None:
    incoming = await put_on_twice(reader)
    await reader.take(*incoming[:4])
    await reader.site.pool.execute("UPDATE checkpoints SET position = 0")
    await reader.take(*incoming[4:])
    assert await reader.heard() == [*await reader.names(), *await reader.names()]
