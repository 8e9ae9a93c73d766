"""A stream that somebody changed: who publishes does not begin on it, and a migration mends it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from nats.js.api import DiscardPolicy, StreamConfig
from nats.js.errors import APIError

from chassis import relay
from chassis.stream import StreamDrifted, declare_stream, differences, stream_config
from chassis.wire import STREAM

pytestmark = pytest.mark.servers

CHANGES: dict[str, Callable[[StreamConfig], StreamConfig]] = {
    "discard": lambda config: replace(config, discard=DiscardPolicy.OLD),
    "max_age": lambda config: replace(config, max_age=48 * 3600),
    "max_msgs": lambda config: replace(config, max_msgs=2),
    "duplicate_window": lambda config: replace(config, duplicate_window=120),
    "subjects": lambda config: replace(config, subjects=["evt.>", "other.>"]),
    "max_msg_size": lambda config: replace(config, max_msg_size=1000),
    "allow_rollup_hdrs": lambda config: replace(config, allow_rollup_hdrs=True),
}
"""What a client with an administrator's rights may do to a stream, by what then differs."""


async def changed(bench: Any, name: str) -> Any:
    jetstream = (await bench.nats()).jetstream()
    config = CHANGES[name](stream_config())
    if name == "allow_rollup_hdrs":  # the server refuses it where purging is denied
        await jetstream.delete_stream(STREAM)
        await jetstream.add_stream(replace(config, deny_purge=False))
    else:
        await jetstream.update_stream(config)
    return jetstream


@pytest.mark.parametrize("name", CHANGES)
async def test_who_publishes_does_not_begin_on_a_changed_stream_until_it_is_mended(
    bench: Any, eventually: Any, name: str
) -> None:
    jetstream = await changed(bench, name)
    site = await bench.open()
    with pytest.raises(StreamDrifted, match=rf"kundvakt migrate.*{name}"):
        await relay.relay(site)
    await declare_stream(bench.servers.nats.url("admin"))
    assert differences((await jetstream.stream_info(STREAM)).config) == {}
    async with bench.going(relay.relay(site)):
        await bench.added(site, 3)
        await eventually(lambda: _many(bench, 3), "three on the bus")


async def _many(bench: Any, many: int) -> bool:
    return int(await bench.last_on_the_bus()) >= many


async def test_not_looking_a_relay_would_lose_events_without_a_word(
    bench: Any, eventually: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    jetstream = (await bench.nats()).jetstream()
    thrifty = replace(stream_config(), discard=DiscardPolicy.OLD, max_msgs=2)
    await jetstream.update_stream(thrifty)

    async def look_away(_: Any) -> None:
        return

    monkeypatch.setattr(relay, "refuse_drift", look_away)
    site = await bench.open()
    async with bench.going(relay.relay(site)):
        await bench.added(site, 5)
        await eventually(lambda: _many(bench, 5), "five taken by the bus")
    with pytest.raises(AssertionError):
        assert (await jetstream.stream_info(STREAM)).state.messages == 5


async def test_a_stream_not_there_yet_is_waited_for(
    bench: Any, eventually: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "BACK_OFF_SECONDS", (0.05,))
    await (await bench.nats()).jetstream().delete_stream(STREAM)
    site = await bench.open()
    async with bench.going(relay.relay(site)):
        await bench.added(site, 2)
        await declare_stream(bench.servers.nats.url("admin"))
        await eventually(lambda: _many(bench, 2), "two on the bus")


@pytest.mark.parametrize("loss", ["delete_msg", "purge_stream"])
async def test_nobody_takes_an_event_off_the_bus(bench: Any, eventually: Any, loss: str) -> None:
    site = await bench.open()
    async with bench.going(relay.relay(site)):
        await bench.added(site, 2)
        await eventually(lambda: _many(bench, 2), "two on the bus")
    jetstream = (await bench.nats()).jetstream()
    with pytest.raises(APIError):
        await (
            jetstream.delete_msg(STREAM, 1)
            if loss == "delete_msg"
            else jetstream.purge_stream(STREAM)
        )
    assert (await jetstream.stream_info(STREAM)).state.messages == 2
