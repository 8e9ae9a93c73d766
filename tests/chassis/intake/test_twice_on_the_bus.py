"""A relay away for longer than the bus remembers ids puts events on it twice; readers hear once."""

import asyncio
from typing import Any

import pytest

from chassis import failpoints, relay, stream
from chassis.incoming import Incoming
from chassis.wire import STREAM

pytestmark = [pytest.mark.servers, pytest.mark.usefixtures("forgetful_bus")]

WINDOW_SECONDS = 0.1
"""The shortest that the bus takes."""
NEVER_NOTED = "relay.acknowledged:1/1.0:raise"
"""Whenever the relay has published, it fails."""


async def position(reader: Any) -> int:
    """Return how far the relay knows to be."""
    return int(await reader.source.pool.fetchval("SELECT position FROM relay"))


@pytest.fixture
def forgetful_bus(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the bus remember ids for a moment only, as the stream's setting is meant to be."""
    monkeypatch.setattr(stream, "DUPLICATE_WINDOW_SECONDS", WINDOW_SECONDS)


async def put_on_twice(reader: Any, eventually: Any) -> list[Incoming]:
    """Let a relay die before it notes what it published, for longer than the bus remembers."""

    async def published() -> bool:
        return bool(await reader.bench.last_on_the_bus())

    async def noted() -> bool:
        return await position(reader) == 1

    jetstream = (await reader.bench.nats()).jetstream()
    await jetstream.update_stream(stream.stream_config())
    await reader.bench.added(reader.source, 1)
    failpoints.arm(NEVER_NOTED)
    async with reader.bench.going(relay.relay(reader.source)):
        await eventually(published, "the event on the bus")
    failpoints.arm("")
    assert await position(reader) == 0
    await asyncio.sleep(WINDOW_SECONDS * 3)
    async with reader.bench.going(relay.relay(reader.source)):
        await eventually(noted, "the event noted")
    last = await reader.bench.last_on_the_bus()
    messages = [await jetstream.get_msg(STREAM, n) for n in range(1, last + 1)]
    return [Incoming(m.headers, m.data, n) for n, m in enumerate(messages, 1)]


async def test_what_the_bus_has_twice_is_heard_once(reader: Any, eventually: Any) -> None:
    incoming = await put_on_twice(reader, eventually)
    assert len(incoming) > 1
    assert all(await reader.take(*incoming))
    assert await reader.heard() == await reader.names()


async def test_by_the_memory_of_the_bus_alone_it_would_be_heard_twice(
    reader: Any, eventually: Any
) -> None:
    incoming = await put_on_twice(reader, eventually)
    await reader.take(incoming[0])
    await reader.site.pool.execute("UPDATE checkpoints SET position = 0")
    await reader.take(incoming[1])
    assert await reader.heard() == [*await reader.names(), *await reader.names()]
