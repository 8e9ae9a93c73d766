"""What every keeper of streams promises: one suite, in memory and on Postgres."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from chassis import appender
from chassis.decider import Decider, Rejected
from chassis.edge import new_id, now
from chassis.site import Site
from chassis.streams import MemoryStreams, Stream, Streams, transact
from contracts.companies.department import AddDepartment, RenameDepartment
from contracts.companies.subject import EraseSubject, SubjectErased


def add(tenant: str, name: str, **given: Any) -> AddDepartment:
    meant = {
        "command_id": new_id(),
        "tenant": tenant,
        "by": "key:test",
        "at": now(),
        "correlation": new_id(),
        "department_id": new_id(),
        "fingerprint": name,
    }
    return AddDepartment.model_validate({**meant, "name": name, **given})


def rename(added: AddDepartment, name: str, **given: Any) -> RenameDepartment:
    again = add(added.tenant, name, department_id=added.department_id, **given)
    return RenameDepartment.model_validate({**again.model_dump(), "type": "rename-department"})


def home(command: AddDepartment) -> Stream:
    return Stream(command.tenant, "department", command.department_id)


ERASURES: Decider[EraseSubject, int, SubjectErased] = Decider(
    0,
    lambda command, times: [] if times else [SubjectErased(subject_id=command.subject_id)],
    lambda times, _: times + 1,
)


class StreamsPromise:
    """The suite; a class below says which streams it is held against."""

    async def test_what_was_decided_is_read_back(
        self, streams: Streams, departments: Decider[Any, Any, Any], tenant: str
    ) -> None:
        command = add(tenant, "Sales")
        answer = await transact(streams, departments, command)
        past = await streams.read(home(command), add(tenant, "other"))
        assert (answer.version, answer.stream_id) == (1, command.department_id)
        assert [event.name for event in past.events] == ["Sales"]

    async def test_a_command_asked_again_gives_the_same_answer_and_nothing_more(
        self, streams: Streams, departments: Decider[Any, Any, Any], tenant: str
    ) -> None:
        command = add(tenant, "Sales")
        first = await transact(streams, departments, command)
        await transact(streams, departments, rename(command, "Sales North"))
        assert await transact(streams, departments, command) == first
        assert (await streams.read(home(command), add(tenant, "x"))).version == 2

    async def test_a_command_that_changes_nothing_is_remembered_too(
        self, streams: Streams, departments: Decider[Any, Any, Any], tenant: str
    ) -> None:
        command = add(tenant, "Sales")
        await transact(streams, departments, command)
        quiet = rename(command, "Sales")
        first = await transact(streams, departments, quiet)
        await transact(streams, departments, rename(command, "Other"))
        assert await transact(streams, departments, quiet) == first

    async def test_a_used_command_id_is_refused_for_another_wish(
        self, streams: Streams, departments: Decider[Any, Any, Any], tenant: str
    ) -> None:
        command = add(tenant, "Sales")
        await transact(streams, departments, command)
        other = command.model_copy(update={"name": "Other", "fingerprint": "Other"})
        with pytest.raises(Rejected) as refusal:
            await transact(streams, departments, other)
        assert refusal.value.code == "command-reused"

    async def test_the_same_command_a_hundred_times_at_once_happens_once(
        self, streams: Streams, departments: Decider[Any, Any, Any], tenant: str
    ) -> None:
        command = add(tenant, "Sales")
        answers = await asyncio.gather(
            *(transact(streams, departments, command) for _ in range(100))
        )
        assert len({answer.position for answer in answers}) == 1
        assert (await streams.read(home(command), add(tenant, "x"))).version == 1

    async def test_of_two_with_the_same_expected_version_one_is_stale(
        self, streams: Streams, departments: Decider[Any, Any, Any], tenant: str
    ) -> None:
        command = add(tenant, "Sales")
        await transact(streams, departments, command)
        both = [rename(command, name, expected_version=1) for name in ("North", "South")]
        outcomes = await asyncio.gather(
            *(transact(streams, departments, one) for one in both), return_exceptions=True
        )
        refused = [o for o in outcomes if isinstance(o, Rejected)]
        assert [o.code for o in refused] == ["stale"]
        assert refused[0].details == {"version": "2"}

    async def test_what_is_claimed_is_had_by_one_even_under_a_race(
        self, streams: Streams, departments: Decider[Any, Any, Any], tenant: str
    ) -> None:
        outcomes = await asyncio.gather(
            *(transact(streams, departments, add(tenant, "Sales")) for _ in range(20)),
            return_exceptions=True,
        )
        refused = [o for o in outcomes if isinstance(o, Rejected)]
        winners = [o for o in outcomes if not isinstance(o, BaseException)]
        assert len(winners) == 1
        assert {o.code for o in refused} == {"taken"}
        assert {UUID(o.details["holder"]) for o in refused} == {winners[0].stream_id}

    async def test_a_claim_is_free_again_when_its_holder_takes_another(
        self, streams: Streams, departments: Decider[Any, Any, Any], tenant: str
    ) -> None:
        command = add(tenant, "Sales")
        await transact(streams, departments, command)
        await transact(streams, departments, rename(command, "North"))
        await transact(streams, departments, rename(command, "Sales"))
        await transact(streams, departments, rename(command, "South"))
        assert (await transact(streams, departments, add(tenant, "Sales"))).version == 1
        with pytest.raises(Rejected):
            await transact(streams, departments, add(tenant, "South"))

    async def test_two_tenants_have_the_same_name_and_the_same_command_id(
        self, streams: Streams, departments: Decider[Any, Any, Any], tenant: str
    ) -> None:
        command = add(tenant, "Sales")
        other = add(f"{tenant}-b", "Sales", command_id=command.command_id)
        await transact(streams, departments, command)
        assert (await transact(streams, departments, other)).stream_id == other.department_id

    async def test_streams_of_two_kinds_may_share_an_id(
        self, streams: Streams, departments: Decider[Any, Any, Any], tenant: str
    ) -> None:
        command = add(tenant, "Sales")
        await transact(streams, departments, command)
        common = command.model_dump(exclude={"type", "department_id", "name", "command_id"})
        erase = EraseSubject(**common, command_id=new_id(), subject_id=command.department_id)
        answer = await transact(streams, ERASURES, erase)
        assert answer.version == 1
        assert (await streams.read(home(command), add(tenant, "x"))).version == 1

    async def test_positions_have_no_gaps_whatever_is_refused(
        self, streams: Streams, departments: Decider[Any, Any, Any], tenant: str
    ) -> None:
        names = ["a", "b", "a", "c", "b", "d"]
        outcomes = await asyncio.gather(
            *(transact(streams, departments, add(tenant, name)) for name in names),
            return_exceptions=True,
        )
        positions = sorted(o.position for o in outcomes if not isinstance(o, BaseException))
        assert len(positions) == 4
        assert positions == list(range(positions[0], positions[0] + 4))


class TestInMemory(StreamsPromise):
    @pytest.fixture
    def streams(self) -> Streams:
        return MemoryStreams()


@pytest.mark.servers
class TestOnPostgres(StreamsPromise):
    @pytest.fixture
    def streams(self, site: Site) -> Streams:
        return site.streams


@pytest.mark.servers
class TestTogetherOnPostgres(StreamsPromise):
    """What is appended by the way for several callers, though there is only one."""

    @pytest.fixture
    def streams(self, site: Site, monkeypatch: pytest.MonkeyPatch) -> Streams:
        monkeypatch.setattr(appender, "is_plain", lambda _: False)
        return site.streams
