"""Commands over the wire: answered whatever they are."""

from collections.abc import AsyncIterator
from types import SimpleNamespace

import pytest
from faststream.nats import NatsBroker, TestNatsBroker

from chassis import codec
from chassis.streams import MemoryStreams, Stream
from companies.app import service
from contracts.companies.company import CreateCompany
from contracts.companies.department import AddDepartment, DepartmentAdded
from contracts.companies.subject import EraseSubject, SubjectErased
from contracts.companies.user import AddUser
from contracts.examples import example
from contracts.message import Answer, Command, Problem, Reply

create = example(CreateCompany)


@pytest.fixture
def streams() -> MemoryStreams:
    return MemoryStreams()


@pytest.fixture
async def broker(streams: MemoryStreams) -> AsyncIterator[NatsBroker]:
    broker = NatsBroker()
    broker.include_routers(*service.routers)
    broker.context.set_global("site", SimpleNamespace(streams=streams))
    async with TestNatsBroker(broker) as tested:
        yield tested


async def asked(broker: NatsBroker, body: bytes, aggregate: str) -> Reply:
    message = await broker.request(body, f"companies.command.{aggregate}")
    return codec.message_from(message.body, Reply)


async def answer(broker: NatsBroker, command: Command) -> Answer:
    reply = await asked(broker, codec.to_bytes(command), command.aggregate)
    assert reply.answer, reply.problem
    return reply.answer


async def refusal(broker: NatsBroker, command: Command) -> Problem:
    reply = await asked(broker, codec.to_bytes(command), command.aggregate)
    assert reply.problem
    return reply.problem


async def test_a_command_on_the_wire_becomes_events_in_its_stream(
    broker: NatsBroker, streams: MemoryStreams
) -> None:
    department, subject = example(AddDepartment), example(EraseSubject)
    assert (await answer(broker, department)).version == 1
    assert (await answer(broker, subject)).version == 1
    assert streams.events == {
        Stream("demo", "department", department.department_id): [example(DepartmentAdded)],
        Stream("demo", "subject", subject.subject_id): [example(SubjectErased)],
    }


async def test_a_company_and_its_workplaces_begin_in_one_commit(
    broker: NatsBroker, streams: MemoryStreams
) -> None:
    unit = create.sub_units[0]
    given = await answer(broker, create)
    assert given.created == {unit.number: unit.company_id}
    assert given.position == 11
    assert given.version == len(streams.events[Stream("demo", "company", create.company_id)]) == 9
    assert len(streams.events[Stream("demo", "company", unit.company_id)]) == 2


async def test_a_repeated_command_is_answered_as_before(
    broker: NatsBroker, streams: MemoryStreams
) -> None:
    first = await answer(broker, create)
    await answer(broker, example(AddUser))
    assert await answer(broker, create) == first
    assert streams.position == first.position + 1


async def test_a_number_is_had_once_and_the_refusal_names_the_company(broker: NatsBroker) -> None:
    await answer(broker, create)
    department = example(AddDepartment)
    another = create.model_copy(
        update={
            "command_id": department.command_id,
            "company_id": department.department_id,
            "sub_units": (),
        }
    )
    problem = await refusal(broker, another)
    assert problem.code == "company-exists"
    assert problem.details == {"company_id": str(create.company_id)}


async def test_another_tenant_may_have_the_same_number(broker: NatsBroker) -> None:
    await answer(broker, create)
    assert (await answer(broker, create.model_copy(update={"tenant": "other"}))).version == 9


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"type":"fly"}', b"\xff\x00", b'"x"'])
async def test_garbage_is_answered_as_malformed(broker: NatsBroker, body: bytes) -> None:
    for aggregate in ("company", "user", "department", "subject"):
        reply = await asked(broker, body, aggregate)
        assert reply.problem
        assert reply.problem.code == "malformed"
