"""Tracing: one trace from the request through command, record and bus to what follows from it."""

from typing import Any

import pytest

from chassis import consumer, reaction, relay, tracing
from chassis.reaction import Happened, Reaction
from chassis.service import Service
from contracts.companies.department import DepartmentAdded

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"


def test_a_span_continues_where_the_header_left_off() -> None:
    with tracing.span("here", PARENT):
        assert TRACE in str(tracing.traceparent())


@pytest.mark.parametrize("header", [None, "", "nonsense", "00-0-0-0", "\udcff"])
def test_a_header_that_says_nothing_begins_a_trace_of_its_own(header: str | None) -> None:
    with tracing.span("here", header):
        assert TRACE not in str(tracing.traceparent())


async def traced(bench: Any, eventually: Any, departments: Any) -> dict[str, Any]:
    """Ask inside a trace; return what was seen of it everywhere."""
    seen: dict[str, Any] = {}

    async def follow(happened: Happened) -> None:
        seen["envelope"] = happened.envelope.traceparent
        seen["reaction"] = tracing.traceparent()
        given = bench.add("follows").model_dump() | happened.command("follow")
        command = type(bench.add("follows")).model_validate(given)
        await happened.decide(departments, command)

    service = Service("credit-monitor", reactions=(Reaction("follow", (DepartmentAdded,), follow),))
    source, ask = await bench.open(), await bench.ask()
    async with bench.answering(source, bench.departments()), bench.going(relay.relay(source)):
        with tracing.span("request", PARENT):
            await ask.command("companies", bench.add("Sales"))
        seen["event"] = await source.pool.fetchval("SELECT meta ->> 'traceparent' FROM events")
        await follows(bench, service, seen, eventually)
    return seen


async def follows(bench: Any, service: Service, seen: dict[str, Any], eventually: Any) -> None:
    site = await bench.open(service)
    async with bench.going(consumer.consume(site)):

        async def reacted() -> bool:
            return "reaction" in seen

        await eventually(reacted, "the reaction")


@pytest.mark.servers
async def test_a_trace_goes_from_the_request_to_the_reaction(
    bench: Any, eventually: Any, departments: Any
) -> None:
    seen = await traced(bench, eventually, departments)
    assert {name: TRACE in str(value) for name, value in seen.items()} == {
        "event": True,
        "envelope": True,
        "reaction": True,
    }


@pytest.mark.servers
async def test_a_reaction_without_its_span_would_begin_another_trace(
    bench: Any, eventually: Any, departments: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_span(name: str, _parent: Any = None) -> Any:
        return tracing.span(name, None)

    monkeypatch.setattr(reaction, "tracing", type("T", (), {"span": staticmethod(no_span)}))
    seen = await traced(bench, eventually, departments)
    assert TRACE in str(seen["envelope"])
    assert TRACE not in str(seen["reaction"])
