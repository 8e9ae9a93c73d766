"""Asking over the bus: an answer, a refusal, or in good time the news that there is none."""

import asyncio
import time
from pathlib import Path
from typing import Any

import orjson
import pytest
from faststream.nats import NatsRouter

from chassis import answering, codec, consumer, failpoints, relay, watch, wire
from chassis import ask as asking
from chassis.ask import Unavailable
from chassis.decider import Decider, Rejected
from chassis.service import Service
from contracts.companies.department import DepartmentCommand
from contracts.enrichment import RegistryHits, SearchRegistry
from contracts.message import Answer, Reply
from onebox.testing import running, start

pytestmark = pytest.mark.servers


async def test_a_command_is_answered_and_asked_again_gives_the_same(bench: Any) -> None:
    site, ask = await bench.open(), await bench.ask()
    async with bench.answering(site, bench.departments()):
        command = bench.add("Sales")
        first = await ask.command("companies", command)
        assert first == Answer(stream_id=command.department_id, position=1, version=1)
        assert await ask.command("companies", command) == first
        with pytest.raises(Rejected) as refusal:
            await ask.command("companies", bench.rename(bench.add("x"), "y"))
    assert refusal.value.code == "department-unknown"


async def test_a_lost_answer_is_asked_for_again_and_the_command_happens_once(
    bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "ATTEMPT_SECONDS", 0.2)
    site, ask = await bench.open(), await bench.ask()
    attempts = losing_the_first_answer(monkeypatch)
    async with bench.answering(site, bench.departments()):
        answer = await ask.command("companies", bench.add("Sales"))
    assert (answer.position, len(attempts)) == (1, 2)
    assert await site.pool.fetchval("SELECT count(*) FROM events") == 1


async def test_asked_again_under_another_id_it_would_be_another_command(bench: Any) -> None:
    site, ask = await bench.open(), await bench.ask()
    async with bench.answering(site, bench.departments()):
        command = bench.add("Sales")
        await ask.command("companies", command)
        with pytest.raises(Rejected) as refusal:
            await ask.command("companies", bench.add("Other", department_id=command.department_id))
    assert refusal.value.code == "department-exists"


def losing_the_first_answer(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Let the first answer be lost after what was asked has been done."""
    attempts: list[bytes] = []
    replied = answering.replied

    async def losing(*args: Any) -> bytes:
        answer = await replied(*args)
        attempts.append(answer)
        if len(attempts) == 1:
            await asyncio.sleep(0.4)
        return answer

    monkeypatch.setattr(answering, "replied", losing)
    return attempts


@pytest.mark.parametrize("point", ["command-received", "command-committed"])
async def test_a_failure_in_the_middle_is_asked_again_and_happens_once(
    bench: Any, point: str
) -> None:
    site, ask = await bench.open(), await bench.ask()
    failpoints.arm(f"companies.{point}:1:raise")
    async with bench.answering(site, bench.departments()):
        answer = await ask.command("companies", bench.add("Sales"))
    assert answer.position == 1
    assert await site.pool.fetchval("SELECT count(*) FROM events") == 1


@pytest.mark.parametrize("point", ["append.before-commit", "append.committed"])
async def test_a_connection_lost_around_the_commit_loses_and_repeats_nothing(
    bench: Any, point: str
) -> None:
    site = await bench.open()
    failpoints.arm(f"{point}:1:raise")
    [answer] = await bench.happen(site, bench.add("Sales"))
    assert answer.position == 1
    assert await site.pool.fetchval("SELECT count(*) FROM events") == 1


async def test_an_answer_that_comes_after_it_was_asked_for_again_counts(
    bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for patience in ("ATTEMPT_SECONDS", "FURTHER_SECONDS"):
        monkeypatch.setattr(asking, patience, 0.1)
    replied = answering.replied

    async def slowly(*args: Any) -> bytes:
        await asyncio.sleep(0.5)
        return await replied(*args)

    monkeypatch.setattr(answering, "replied", slowly)
    site, ask = await bench.open(), await bench.ask()
    async with bench.answering(site, bench.departments()):
        answer = await ask.command("companies", bench.add("Sales"))
    assert answer.position == 1


async def test_where_nobody_answers_that_is_known_before_the_deadline(bench: Any) -> None:
    ask = await bench.ask(1.0)
    began = time.monotonic()
    with pytest.raises(Unavailable):
        await ask.command("companies", bench.add("Sales"))
    assert 0.9 < time.monotonic() - began < 1.5


async def test_a_service_that_comes_back_in_time_still_answers(bench: Any) -> None:
    site, ask = await bench.open(), await bench.ask()
    asked = asyncio.create_task(ask.command("companies", bench.add("Sales")))
    await asyncio.sleep(0.3)  # nobody is there yet
    async with bench.answering(site, bench.departments()):
        assert (await asked).position == 1


async def test_a_bug_is_answered_without_its_details_and_asked_again_in_vain(
    bench: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    def break_down(*_: Any) -> Any:
        raise AssertionError("canary-detail")

    router = NatsRouter()
    broken: Decider[Any, Any, Any] = Decider(None, break_down, lambda state, _: state)
    answering.answer_commands(router, "companies", "department", broken, DepartmentCommand)
    site, ask = await bench.open(), await bench.ask(2.0)
    async with bench.answering(site, router):
        with pytest.raises(Rejected) as refusal:
            await ask.command("companies", bench.add("Sales"))
    assert refusal.value.code == "failed"
    assert "canary" not in str(refusal.value)
    assert "canary-detail" in capsys.readouterr().out


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\x00",
        b"[]",
        b"null",
        b"1",
        b'{"type": "add-department"}',
        b'{"type": "frob-department"}',
        b'{"type": "add-department", "surprise": 1}',
        b"[" * 10_000,
    ],
)
async def test_a_malformed_command_is_answered_so(bench: Any, body: bytes) -> None:
    site = await bench.open()
    client = await bench.nats("gateway")
    ask = await bench.ask()
    async with bench.answering(site, bench.departments()):
        assert (await ask.command("companies", bench.add("North"))).position == 1
        answer = await client.request("companies.command.department", body, timeout=2)
        reply = codec.message_from(answer.data, Reply)
        assert reply.problem is not None
        assert reply.problem.code == "malformed"
        assert (await ask.command("companies", bench.add("Sales"))).position == 2


async def test_what_a_malformed_command_held_is_not_repeated(bench: Any) -> None:
    site = await bench.open()
    client = await bench.nats("gateway")
    command = orjson.loads(codec.to_bytes(bench.add("Sales")))
    async with bench.answering(site, bench.departments()):
        await (await bench.ask()).command("companies", bench.add("North"))
        for wrong in ({"name": {"canary": 1}}, {"by": "canary!"}, {"canary": 1, "name": ""}):
            body = orjson.dumps(command | wrong)
            answer = await client.request("companies.command.department", body, timeout=2)
            problem = codec.message_from(answer.data, Reply).problem
            assert problem is not None
            assert problem.code == "malformed"
            assert "canary!" not in problem.message


async def test_what_is_too_large_is_refused_before_it_is_sent(bench: Any) -> None:
    site, ask = await bench.open(), await bench.ask()
    async with bench.answering(site, bench.departments()):
        largest = bench.add("x" * 300)
        room = wire.BODY_BYTES_MAX - len(codec.to_bytes(largest)) + len(largest.fingerprint)
        larger = largest.model_copy(update={"fingerprint": "x" * (room + 1)})
        with pytest.raises(Rejected) as refusal:
            await ask.command("companies", larger)
        assert refusal.value.code == "too-large"
        largest = largest.model_copy(update={"fingerprint": "x" * room})
        assert len(codec.to_bytes(largest)) == wire.BODY_BYTES_MAX
        assert (await ask.command("companies", largest)).position == 1


async def test_a_query_is_answered_and_a_refused_one_too(bench: Any) -> None:
    async def find(query: Any, _: Any) -> RegistryHits:
        if query.q == "nothing":
            raise Rejected("country-unsupported", "Not there.")
        return RegistryHits(items=())

    router = NatsRouter()
    answering.answer_query(router, "enrichment", SearchRegistry, find)
    site, ask = await bench.open(), await bench.ask()
    site.service = type(site.service)("enrichment")
    settings = bench.servers.settings(site.service, "bench")
    site.settings = site.settings.model_copy(
        update={"nats_url": settings.nats_url, "nats_inbox_prefix": settings.nats_inbox_prefix}
    )
    async with bench.answering(site, router):
        query = SearchRegistry(tenant=bench.tenant, q="acme")
        assert await ask.query("enrichment", query, RegistryHits) == RegistryHits(items=())
        nothing = query.model_copy(update={"q": "nothing"})
        with pytest.raises(Rejected, match="Not there"):
            await ask.query("enrichment", nothing, RegistryHits)


@pytest.mark.faults
async def test_without_a_bus_commands_are_refused_in_time_and_what_was_kept_is_drained_later(
    bench: Any, tmp_path: Path, eventually: Any
) -> None:
    async with running(tmp_path / "home") as servers:
        own = type(bench)(servers, bench.tenant)
        async with own.stack:
            await own.empty()
            await outage(own, eventually)


async def outage(own: Any, eventually: Any) -> None:
    kept: list[int] = []

    async def keep(_: Any, envelopes: list[Any]) -> None:
        kept.extend(envelope.position for envelope in envelopes)

    source, site = await own.open(), await own.open(Service("credit-monitor", keep=keep))
    ask = await own.ask()
    nats = own.servers.children["nats"]
    async with (
        own.answering(source, own.departments()),
        own.going(relay.relay(source), consumer.consume(site), watch.watch(site)),
    ):
        await ask.command("companies", own.add("before"))
        await nats.stop()
        began = time.monotonic()
        with pytest.raises(Unavailable):
            await ask.command("companies", own.add("never"))
        assert time.monotonic() - began < 3.0
        await own.added(source, 20)
        await start(nats, nats.program)
        after = own.add("after")
        assert (await ask.command("companies", after)).position == 22

        async def drained() -> bool:
            return kept[-1:] == [22]

        await eventually(drained, "everything drained")
    assert kept == list(range(1, 23))
