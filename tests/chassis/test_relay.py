"""The relay: what happened is put on the bus in order, exactly where it was left."""

import asyncio
from dataclasses import replace
from typing import Any

import asyncpg
import orjson
import pytest

from chassis import failpoints, metrics, relay
from chassis.decider import Rejected
from chassis.publisher import Publisher
from chassis.relay import envelope_of
from chassis.stream import recreate_stream, stream_config
from chassis.streams import Append, Stream, Write
from contracts.companies.department import DepartmentAdded
from contracts.envelope import envelope_from

pytestmark = pytest.mark.servers
POINTS = ("relay.read", "relay.published", "relay.acknowledged", "relay.remembered")


def positions(messages: list[Any]) -> list[int]:
    return [int(message.headers["ce-position"]) for message in messages]


async def relayed(bench: Any, eventually: Any, many: int) -> list[Any]:
    """Wait until the relay remembers that it is so far; return what is on the bus."""

    async def so_far() -> bool:
        rows = await bench.execute("companies", "SELECT position FROM relay WHERE $1", True)
        return rows[0]["position"] >= many

    await eventually(so_far, f"{many} events relayed")
    return await bench.on_the_bus()


async def test_events_go_on_the_bus_in_order_with_their_own_ids(
    bench: Any, eventually: Any
) -> None:
    site = await bench.open()
    await bench.added(site, 30)
    async with bench.going(relay.relay(site)):
        found = await relayed(bench, eventually, 30)
    assert positions(found) == list(range(1, 31))
    rows = await site.pool.fetch("SELECT event_id FROM events ORDER BY position")
    assert [message.headers["Nats-Msg-Id"] for message in found] == [str(r[0]) for r in rows]
    first = envelope_from(found[0].headers, found[0].data)
    assert (first.tenant, first.source, first.version) == (bench.tenant, "companies", 1)
    assert found[0].subject == first.subject


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("nth", [1, 2])
async def test_a_failure_at_any_step_neither_loses_nor_repeats(
    bench: Any, eventually: Any, point: str, nth: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "WINDOW_EVENTS", 5)
    site = await bench.open()
    await bench.added(site, 12)
    failpoints.arm(f"{point}:{nth}:raise")
    async with bench.going(relay.relay(site)):
        found = await relayed(bench, eventually, 12)
    assert positions(found) == list(range(1, 13))


async def test_without_message_ids_a_failure_would_repeat(
    bench: Any, eventually: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish = Publisher.publish
    times = iter(range(100))

    async def with_other_ids(self: Publisher, envelopes: Any, suffix: str) -> None:
        await publish(self, envelopes, f"{suffix}.{next(times)}")

    monkeypatch.setattr(Publisher, "publish", with_other_ids)
    site = await bench.open()
    await bench.added(site, 3)
    failpoints.arm("relay.acknowledged:2:raise")
    async with bench.going(relay.relay(site)):
        found = await relayed(bench, eventually, 3)
    assert positions(found) == [1, 2, 3, 2, 3]


async def test_of_two_relays_one_leads_and_the_other_takes_over(
    bench: Any, eventually: Any
) -> None:
    one, other = await bench.open(), await bench.open()
    async with bench.going(relay.relay(one), relay.relay(other)):
        await bench.added(one, 3)
        await relayed(bench, eventually, 3)
        leaders = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND database ="
        leaders += " (SELECT oid FROM pg_database WHERE datname = current_database()) AND $1"
        held = await bench.execute("companies", leaders, True)
        assert len(held) == 1
        await bench.execute("companies", "SELECT pg_terminate_backend($1)", held[0]["pid"])
        await bench.added(one, 3)
        found = await relayed(bench, eventually, 6)
    assert positions(found) == [1, 2, 3, 4, 5, 6]


async def woken(bench: Any, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Let a leader sleep with a window in hand while another relays more, then wake it."""
    site = await bench.open()
    url = site.settings.database_url.get_secret_value()
    await bench.added(site, 2)
    publishers = [Publisher(site.nats), Publisher(site.nats)]
    for publisher in publishers:
        await publisher.open()
    asleep, wake = asyncio.Event(), asyncio.Event()
    publish = Publisher.publish

    async def sleepy(self: Publisher, envelopes: Any, suffix: str) -> None:
        await publish(self, envelopes, suffix)
        if self is publishers[0]:
            asleep.set()
            await wake.wait()

    monkeypatch.setattr(Publisher, "publish", sleepy)
    async with relay.leading(url, "zombie") as asleep_on, relay.leading(url, "leader") as awake_on:
        zombie = asyncio.create_task(relay._window("companies", asleep_on, publishers[0]))  # noqa: SLF001
        await asyncio.wait_for(asleep.wait(), 5)
        await bench.added(site, 3)
        await relay._window("companies", awake_on, publishers[1])  # noqa: SLF001
        wake.set()
        await zombie
    return await site.pool.fetch("SELECT position FROM relay")


async def test_a_leader_that_slept_through_its_replacement_changes_nothing(
    bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = await woken(bench, monkeypatch)
    assert state[0]["position"] == 5
    assert positions(await bench.on_the_bus()) == [1, 2, 3, 4, 5]


async def test_without_comparing_a_woken_leader_would_set_the_relay_back(
    bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def carelessly(connection: Any, query: str, *args: Any) -> Any:
        query = query.replace("WHERE position = $1 AND epoch = $3", "WHERE $1 >= 0 AND $3 >= 0")
        return await execute(connection, query, *args)

    execute = asyncpg.Connection.execute
    monkeypatch.setattr(asyncpg.Connection, "execute", carelessly)
    state = await woken(bench, monkeypatch)
    with pytest.raises(AssertionError):
        assert state[0]["position"] == 5


async def test_who_misses_events_gets_them_once_more(bench: Any, eventually: Any) -> None:
    site = await bench.open()
    await bench.added(site, 4)
    reader = await bench.nats("gateway")
    async with bench.going(relay.relay(site)):
        await relayed(bench, eventually, 4)
        for wish in (b"{}", b"[]", b"no", b'{"first": 3, "last": 1}', b'{"first": -9, "last": 9}'):
            await reader.publish("relay.companies.republish", wish)
        wish = orjson.dumps({"first": 2, "last": 3})
        await reader.publish("relay.companies.republish", wish)

        async def again() -> bool:
            return await bench.last_on_the_bus() >= 6

        await eventually(again, "two events once more")
        assert positions(await bench.on_the_bus()) == [1, 2, 3, 4, 2, 3]
        await bench.added(site, 1)
        await relayed(bench, eventually, 5)


async def test_a_stream_rebuilt_from_postgres_has_the_same_events_in_the_same_order(
    bench: Any, eventually: Any
) -> None:
    site = await bench.open()
    await bench.added(site, 20)
    async with bench.going(relay.relay(site)):
        before = await relayed(bench, eventually, 20)
        await recreate_stream(bench.servers.nats.url("admin"))
        assert await bench.on_the_bus() == []
        await bench.execute("companies", "UPDATE relay SET position = 0, epoch = epoch + 1")
        await bench.added(site, 2)
        after = await relayed(bench, eventually, 22)
    assert positions(after) == list(range(1, 23))
    assert [(m.subject, m.headers["ce-id"], m.data) for m in after[:20]] == [
        (m.subject, m.headers["ce-id"], m.data) for m in before
    ]


async def test_a_rebuild_needs_the_new_epoch_where_the_bus_remembers_ids(
    bench: Any, eventually: Any
) -> None:
    site = await bench.open()
    await bench.added(site, 3)
    async with bench.going(relay.relay(site)):
        await relayed(bench, eventually, 3)
        await bench.execute("companies", "UPDATE relay SET position = 0")
        await relayed(bench, eventually, 3)
        assert len(await bench.on_the_bus()) == 3
        await bench.execute("companies", "UPDATE relay SET position = 0, epoch = epoch + 1")

        async def again() -> bool:
            return await bench.last_on_the_bus() >= 6

        await eventually(again, "all events once more")


async def test_an_event_too_large_for_the_bus_is_never_kept(bench: Any) -> None:
    site = await bench.open()
    command = bench.add("Sales")
    large = DepartmentAdded.model_construct(
        department_id=command.department_id, name="x" * 170_000, type="department-added.v1"
    )
    home = Stream(bench.tenant, "department", command.department_id)
    with pytest.raises(Rejected, match="more than one event"):
        await site.streams.append(Append(command, 0, (Write(home, 0, [large]),)))
    assert await site.pool.fetchval("SELECT count(*) FROM events") == 0


async def test_the_longest_event_fits_the_bus(bench: Any) -> None:
    site = await bench.open()
    [command] = await bench.added(site, 1)
    many = orjson.dumps(list(range(10)) * 8_000 + [1] * 2_000).decode()
    assert 160_000 < len(many) <= 165_000
    row = await site.pool.fetchrow("SELECT * FROM events")
    wide = await site.pool.fetchval("SELECT $1::text::jsonb::text", many)
    envelope = envelope_of("companies", dict(row) | {"data": wide})
    publisher = Publisher(site.nats)
    await publisher.open()
    await publisher.publish([envelope], "")
    assert command.department_id == envelope.stream_id
    assert await bench.last_on_the_bus() == 1


async def test_what_a_full_bus_refuses_waits_in_the_record(bench: Any, eventually: Any) -> None:
    site, admin = await bench.open(), await bench.nats()
    room = replace(stream_config(), max_bytes=2_000)
    await admin.jetstream().update_stream(room)
    await bench.added(site, 20)
    retried = metrics.RETRIED.labels("relay")
    before = retried._value.get()  # noqa: SLF001 - the client has no other way to read

    async def refused() -> bool:
        return bool(retried._value.get() > before)  # noqa: SLF001 - the same

    async with bench.going(relay.relay(site)):
        await eventually(refused, "a refusal by the bus")
        rows = await bench.execute("companies", "SELECT position FROM relay WHERE $1", True)
        assert rows[0]["position"] <= await bench.last_on_the_bus() < 20
        await admin.jetstream().update_stream(stream_config())
        found = await relayed(bench, eventually, 20)
    assert sorted(positions(found)) == list(range(1, 21))
