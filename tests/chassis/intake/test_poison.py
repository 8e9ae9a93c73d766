"""Whatever stands in an event, it is taken in or parked; nobody else waits for it."""

from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chassis import intake
from chassis.incoming import Incoming

pytestmark = pytest.mark.servers

DEEP = 20_000
BODIES: dict[str, bytes] = {
    "nothing": b"",
    "no JSON": b"{",
    "an array": b"[1, 2]",
    "a number": b"1",
    "null": b"null",
    "deep": b'{"type": "department-added.v1", "name": ' + b"[" * DEEP + b"]" * DEEP + b"}",
    "not a number": b'{"type": "department-added.v1", "name": NaN}',
    "10^400": b'{"type": "department-added.v1", "name": 1e400}',
    "400 digits": b'{"type": "department-added.v1", "name": ' + b"9" * 400 + b"}",
    "lone surrogate": rb'{"type": "department-added.v1", "name": "\ud800"}',
    "nul": rb'{"type": "department-added.v1", "name": "\u0000"}',
    "255 kB": b'{"type": "department-added.v1", "name": "' + b"a" * 255_000 + b'"}',
    "beyond 256 kB": b'{"type": "department-added.v1", "name": "' + b"a" * 300_000 + b'"}',
    "wrong type": b'{"type": "department-added.v1", "department_id": 7, "name": "x"}',
    "unknown": b'{"type": "department-frobbed.v1"}',
    "unknown version": b'{"type": "department-added.v99", "name": "x"}',
    "no type": b'{"name": "x"}',
    "a number as its type": b'{"type": 7}',
}


async def survives(reader: Any, body: bytes) -> None:
    """Let one stream meet the body; its later events wait, others flow."""
    await reader.poisoned()
    events = await reader.incoming()
    reader.refuses = set()
    poisoned = Incoming(events[2].headers, body, events[2].sequence)
    assert all(await reader.take(events[0], events[1], poisoned, events[3], events[4]))
    assert await reader.checkpoint() == 5
    assert await reader.heard() == ["bad", "good", "good 2"]
    assert [position for position, _ in await reader.parked()] == [3, 5]


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
async def test_poison_is_parked_and_holds_nobody_else_up(reader: Any, body: bytes) -> None:
    await survives(reader, body)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(data=JSON)
async def test_whatever_comes_is_done_with(reader: Any, data: Any) -> None:
    before = await reader.checkpoint()
    headers = {
        "ce-specversion": "1.0",
        "ce-id": "01980000-0000-7000-8000-000000000001",
        "ce-type": "department-added.v1",
        "ce-tenant": reader.bench.tenant,
        "ce-subject": f"department/01980000-0000-7000-8000-{before:012}",
        "ce-streamversion": "1",
        "ce-source": "/kundvakt/companies",
        "ce-position": str(before + 1),
        "ce-time": "2026-11-23T00:00:00Z",
        "ce-actor": "key:a",
        "ce-commandid": "01980000-0000-7000-8000-000000000003",
        "ce-correlationid": "01980000-0000-7000-8000-000000000004",
    }
    body = orjson.dumps(data, default=str)
    assert await reader.take(Incoming(headers, body, before + 1)) == [True]
    assert await reader.checkpoint() == before + 1


async def test_if_all_errors_were_to_pass_poison_would_hold_everybody_up(
    reader: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "passes", lambda _: True)
    with pytest.raises(Exception, match="no JSON"):
        await survives(reader, b"{")
    assert await reader.heard() == []
