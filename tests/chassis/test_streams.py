"""What every keeper of streams promises: one suite, in memory and on Postgres."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from chassis import appender
from chassis.decider import Decider, Rejected
from chassis.edge import new_id, now
from chassis.site import Site
from chassis.streams import Append, MemoryStreams, Past, Stream, Streams, transact
from contracts.companies.department import AddDepartment, DepartmentRenamed, RenameDepartment
from contracts.companies.subject import EraseSubject, SubjectErased
from contracts.message import Answer, Problem


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


def told(refusal: Rejected) -> tuple[str, str, dict[str, str]]:
    return refusal.code, refusal.message, refusal.details


async def refused(
    streams: Streams, decider: Decider[Any, Any, Any], command: Any
) -> tuple[str, str, dict[str, str]]:
    with pytest.raises(Rejected) as refusal:
        await transact(streams, decider, command)
    return told(refusal.value)


class Overtaken:
    """Streams as an attempt meets them that sleeps before it keeps what it decided, once."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams
        self.decided, self.goes_on = asyncio.Event(), asyncio.Event()

    async def read(self, stream: Stream, command: Any) -> Past:
        return await self._streams.read(stream, command)

    async def append(self, append: Append) -> Answer:
        await self._sleep()
        return await self._streams.append(append)

    async def refuse(self, command: Any, problem: Problem) -> None:
        await self._sleep()
        await self._streams.refuse(command, problem)

    async def _sleep(self) -> None:
        self.decided.set()
        await self.goes_on.wait()


ERASURES: Decider[EraseSubject, int, SubjectErased] = Decider(
    0,
    lambda command, times: [] if times else [SubjectErased(subject_id=command.subject_id)],
    lambda times, _: times + 1,
)


FOLLOWING: Decider[Any, tuple[str, ...], Any] = Decider(
    (),
    lambda _command, _names: [],
    lambda names, event: (*names, event.name),
    other=lambda command, _names: command.expected_id,
    decide_both=lambda command, names, others: [
        DepartmentRenamed(department_id=command.department_id, name=others[-1]),
        DepartmentRenamed(department_id=command.expected_id, name=names[-1]),
    ],
)
"""Two departments exchange their names: both do, or neither."""


class Exchange(RenameDepartment):
    """Give a department another's name, and that one this one's."""

    expected_id: UUID


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

    async def test_the_pasts_of_several_streams_are_read_at_once(
        self, streams: Streams, departments: Decider[Any, Any, Any], tenant: str
    ) -> None:
        one, other = add(tenant, "Sales"), add(tenant, "Söder")
        elsewhere = add(f"{tenant}-b", "Sales")
        for command in (one, rename(one, "North"), other, elsewhere):
            await transact(streams, departments, command)
        asked = [new_id(), *(each.department_id for each in (one, other, elsewhere))]
        pasts = await streams.pasts(tenant, "department", asked)
        names = {who: [event.name for event in past] for who, past in pasts.items()}
        assert names == {one.department_id: ["Sales", "North"], other.department_id: ["Söder"]}
        assert not await streams.pasts(tenant, "user", asked)
        assert not await streams.pasts(tenant, "department", [])

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

    async def test_a_command_about_two_streams_changes_both_as_they_are_when_it_is_kept(
        self, streams: Streams, departments: Decider[Any, Any, Any], tenant: str
    ) -> None:
        north, south = add(tenant, "North"), add(tenant, "South")
        for command in (north, south):
            await transact(streams, departments, command)
        exchange = Exchange(**rename(north, "x").model_dump(), expected_id=south.department_id)
        slow = Overtaken(streams)
        attempt = asyncio.create_task(transact(slow, FOLLOWING, exchange))
        await slow.decided.wait()
        await transact(streams, departments, rename(south, "West"))
        slow.goes_on.set()
        assert (await attempt).version == 2
        names = [
            [event.name for event in (await streams.read(home(one), add(tenant, "y"))).events]
            for one in (north, south)
        ]
        assert names == [["North", "West"], ["South", "West", "North"]]

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

    async def test_a_refusal_is_given_again_whatever_has_happened_since(
        self, streams: Streams, departments: Decider[Any, Any, Any], tenant: str
    ) -> None:
        command = add(tenant, "Sales")
        early = rename(command, "North")
        first = await refused(streams, departments, early)
        assert first[0] == "department-unknown"
        await transact(streams, departments, command)
        assert await refused(streams, departments, early) == first
        assert (await streams.read(home(command), add(tenant, "x"))).version == 1
        await transact(streams, departments, rename(command, "North"))

    async def test_an_attempt_that_was_overtaken_by_its_own_refusal_is_refused(
        self, streams: Streams, departments: Decider[Any, Any, Any], tenant: str
    ) -> None:
        command, other = add(tenant, "Sales"), add(tenant, "Sales")
        late = Overtaken(streams)
        attempt = asyncio.create_task(transact(late, departments, command))
        await late.decided.wait()
        await transact(streams, departments, other)
        taken = await refused(streams, departments, command)
        assert (taken[0], taken[2]) == ("taken", {"holder": str(other.department_id)})
        await transact(streams, departments, rename(other, "North"))
        late.goes_on.set()
        with pytest.raises(Rejected) as refusal:
            await attempt
        assert told(refusal.value) == taken
        assert (await streams.read(home(command), add(tenant, "x"))).version == 0

    async def test_a_refusal_that_was_overtaken_by_the_doing_is_not_given(
        self, streams: Streams, departments: Decider[Any, Any, Any], tenant: str
    ) -> None:
        command = add(tenant, "Sales")
        early = rename(command, "North")
        late = Overtaken(streams)
        attempt = asyncio.create_task(transact(late, departments, early))
        await late.decided.wait()
        await transact(streams, departments, command)
        done = await transact(streams, departments, early)
        late.goes_on.set()
        assert await attempt == done

    async def test_the_same_command_refused_a_hundred_times_at_once_is_refused_alike(
        self, streams: Streams, departments: Decider[Any, Any, Any], tenant: str
    ) -> None:
        command = add(tenant, "Sales")
        await transact(streams, departments, command)
        stale = rename(command, "North", expected_version=70)
        asked = [stale if n % 2 else rename(command, f"d{n}") for n in range(100)]
        outcomes = await asyncio.gather(
            *(transact(streams, departments, one) for one in asked), return_exceptions=True
        )
        alike = [told(one) for one in outcomes[1::2] if isinstance(one, Rejected)]
        assert alike == [alike[0]] * 50
        assert alike[0][0] == "stale"

    async def test_a_refused_command_id_is_refused_for_another_wish(
        self, streams: Streams, departments: Decider[Any, Any, Any], tenant: str
    ) -> None:
        command = rename(add(tenant, "Sales"), "North")
        await refused(streams, departments, command)
        other = command.model_copy(update={"name": "Other", "fingerprint": "Other"})
        assert (await refused(streams, departments, other))[0] == "command-reused"

    async def test_what_one_tenant_was_refused_another_may_do_under_the_same_id(
        self, streams: Streams, departments: Decider[Any, Any, Any], tenant: str
    ) -> None:
        command = rename(add(tenant, "Sales"), "North")
        await refused(streams, departments, command)
        other = add(f"{tenant}-b", "Sales", command_id=command.command_id)
        assert (await transact(streams, departments, other)).version == 1

    async def test_a_change_made_from_a_version_that_is_past_may_be_made_from_the_present_one(
        self, streams: Streams, departments: Decider[Any, Any, Any], tenant: str
    ) -> None:
        command = add(tenant, "Sales")
        await transact(streams, departments, command)
        await transact(streams, departments, rename(command, "North"))
        stale = rename(command, "South", expected_version=1)
        assert (await refused(streams, departments, stale))[0] == "stale"
        again = stale.model_copy(update={"expected_version": 2})
        assert (await transact(streams, departments, again)).version == 3


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
async def test_what_is_refused_inside_a_transaction_may_be_asked_again(
    site: Site, departments: Decider[Any, Any, Any], tenant: str
) -> None:
    command = add(tenant, "Sales")
    early = rename(command, "North")
    async with site.pool.acquire() as connection, connection.transaction():
        code, _, _ = await refused(site.streams.within(connection), departments, early)
    assert code == "department-unknown"
    await transact(site.streams, departments, command)
    assert (await transact(site.streams, departments, early)).version == 2


@pytest.mark.servers
class TestTogetherOnPostgres(StreamsPromise):
    """What is appended by the way for several callers, though there is only one."""

    @pytest.fixture
    def streams(self, site: Site, monkeypatch: pytest.MonkeyPatch) -> Streams:
        monkeypatch.setattr(appender, "is_plain", lambda _: False)
        return site.streams
