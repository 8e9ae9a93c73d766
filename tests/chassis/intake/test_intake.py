"""The intake: once and in order, whatever the bus repeats, reorders, loses or makes up."""

from typing import Any

import pytest

from chassis import failpoints
from chassis.incoming import Incoming
from chassis.reaction import Happened, Reaction
from chassis.service import Service
from contracts.companies.department import DepartmentAdded

pytestmark = pytest.mark.servers


async def test_what_comes_twice_has_its_effect_once(reader: Any) -> None:
    await reader.bench.added(reader.source, 3)
    events = await reader.incoming()
    assert await reader.take(*events, *events) == [True] * 6
    assert await reader.take(*events) == [True] * 3
    assert await reader.heard() == await reader.names()
    assert await reader.checkpoint() == 3


async def test_without_the_checkpoint_what_comes_twice_has_its_effect_twice(
    reader: Any,
) -> None:
    await reader.bench.added(reader.source, 3)
    events = await reader.incoming()
    await reader.take(*events)
    await reader.site.pool.execute("UPDATE checkpoints SET position = 0")
    await reader.take(*events)
    assert len(await reader.heard()) == 6


async def test_what_comes_early_is_held_back_and_taken_in_order_later(reader: Any) -> None:
    await reader.bench.added(reader.source, 5)
    first, second, third, fourth, fifth = await reader.incoming()
    assert await reader.take(fifth, third) == [False, False]
    assert await reader.heard() == []
    assert await reader.take(second, first, fifth) == [True, True, False]
    assert await reader.take(fifth, fourth, third) == [True, True, True]
    assert await reader.heard() == await reader.names()


@pytest.mark.parametrize(
    "point", ["intake.begun", "intake.applied", "intake.checkpointed", "intake.committed"]
)
async def test_the_checkpoint_moves_with_the_effect_or_neither_does(
    reader: Any, point: str
) -> None:
    await reader.bench.added(reader.source, 2)
    events = await reader.incoming()
    failpoints.arm(f"{point}:1:raise")
    with pytest.raises(failpoints.Failure):
        await reader.take(*events)
    effects, position = len(await reader.heard()), await reader.checkpoint()
    assert effects == position == (2 if point == "intake.committed" else 0)
    await reader.take(*events)
    assert await reader.heard() == await reader.names()


async def test_an_effect_outside_the_transaction_would_happen_twice(reader: Any) -> None:
    async def outside(happened: Happened) -> None:
        event: Any = happened.event
        await reader.site.pool.execute("INSERT INTO heard (name) VALUES ($1)", event.name)

    reader.site.service = Service(
        "credit-monitor", reactions=(Reaction("hear", (DepartmentAdded,), outside),)
    )
    await reader.bench.added(reader.source, 1)
    events = await reader.incoming()
    failpoints.arm("intake.applied:1:raise")
    with pytest.raises(failpoints.Failure):
        await reader.take(*events)
    await reader.take(*events)
    assert len(await reader.heard()) == 2


async def test_an_unknown_event_and_an_unknown_version_are_parked(reader: Any) -> None:
    await reader.bench.added(reader.source, 3)
    first, second, third = await reader.incoming()
    told = {
        "ce-type": "department-frobbed.v1",
        "ce-subject": f"department/{reader.bench.add('x').department_id}",
    }
    unknown = Incoming(
        first.headers | told,
        first.body.replace(b"department-added.v1", b"department-frobbed.v1"),
        1,
    )
    newer = Incoming(
        second.headers | {"ce-type": "department-added.v9"},
        second.body.replace(b"department-added.v1", b"department-added.v9"),
        2,
    )
    assert await reader.take(unknown, newer, third) == [True] * 3
    assert await reader.heard() == (await reader.names())[2:]
    reasons = [reason for _, reason in await reader.parked()]
    assert reasons == [
        "Unreadable: unknown event 'department-frobbed.v1'",
        "Unreadable: unknown event 'department-added.v9'",
    ]


async def test_garbage_is_parked_and_holds_nobody_up(reader: Any) -> None:
    await reader.bench.added(reader.source, 1)
    [event] = await reader.incoming()

    def but(number: int, body: bytes = event.body, **headers: str) -> Incoming:
        told = {f"ce-{name}": value for name, value in headers.items()}
        return Incoming(event.headers | told, body, number)

    garbage = [
        Incoming({}, b"", 101),
        Incoming({}, b"\x00\xff\xfe", 102),
        Incoming({"ce-id": "\udcff\udcfe", "x": "a\0b"}, b"{}", 103),
        but(104, id="no-id"),
        but(105, specversion="9.9"),
        but(106, position="-1"),
        but(107, position="9" * 30),
        but(108, position="zero"),
        but(109, time="2026-11-23T00:00:00"),
        but(110, actor="a\0b"),
        but(111, actor="\udcff"),
        but(112, body=b"\xff\xff"),
        but(113, subject="nothing"),
    ]
    assert await reader.take(*garbage, event) == [True] * 14
    assert await reader.heard() == await reader.names()
    assert [position for position, _ in await reader.parked()] == list(range(101, 114))
    assert await reader.checkpoint() == 1


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"ce-streamversion": "99999999999"}, None),
        ({}, b"[]"),
        ({}, b"no json"),
        ({}, b'{"type": "department-added.v1", "department_id": 1, "name": "a\\u0000b"}'),
        ({}, b'{"type": "department-added.v1"}'),
    ],
)
async def test_an_event_that_fits_no_column_is_parked_and_not_tried_for_ever(
    reader: Any, headers: dict[str, str], body: bytes | None
) -> None:
    async def keep(connection: Any, envelopes: list[Any]) -> None:
        for envelope in envelopes:
            await connection.execute(
                "INSERT INTO heard (name) SELECT $2::jsonb ->> 'name' WHERE $1::int > 0"
                " AND ($2::jsonb ->> 'department_id') IS NOT NULL",
                envelope.version,
                envelope.data,
            )
            await connection.execute("SELECT ($1::jsonb)->'name'->>0 || '' ", envelope.data)
            assert "department_id" in envelope.data

    reader.site.service = Service("credit-monitor", keep=keep)
    await reader.bench.added(reader.source, 2)
    first, second = await reader.incoming()
    bad = Incoming(first.headers | headers, body or first.body, 1)
    assert await reader.take(bad, second) == [True, True]
    assert [position for position, _ in await reader.parked()] == [1]
    assert await reader.checkpoint() == 2


async def test_what_passes_by_itself_is_not_parked_and_nothing_is_skipped(reader: Any) -> None:
    await reader.poisoned()
    reader.error = TimeoutError
    with pytest.raises(TimeoutError):
        await reader.take(*await reader.incoming())
    assert (await reader.heard(), await reader.checkpoint(), await reader.parked()) == ([], 0, [])
    reader.refuses = set()
    await reader.take(*await reader.incoming())
    assert await reader.heard() == ["bad", "good", "bad 2", "good 2", "bad 3"]
