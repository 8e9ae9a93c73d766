"""What a request names beside its own: whoever was added a moment ago is there."""

from typing import Any
from uuid import UUID

import pytest

from chassis.edge import new_id
from chassis.streams import MemoryStreams, Stream
from contracts.companies.department import DepartmentAdded
from contracts.companies.references import FoundReferences
from contracts.companies.user import Role, UserAdded, UserChanged
from contracts.message import Answer, Command, Event
from contracts.values import Sealed

pytestmark = [pytest.mark.servers, pytest.mark.usefixtures("decided_from_memory")]

HAND = {"name": "Ett AB", "country": "SE"}


@pytest.fixture
def happened(ours: Any, recorded: MemoryStreams) -> Any:
    """Return what lets something be recorded that the gateway has not heard of."""

    def note(event: Event, tenant: str = ours.name) -> UUID:
        stream = Stream(tenant, event.category, event.stream_id)
        recorded.events.setdefault(stream, []).append(event)
        return event.stream_id

    return note


def somebody() -> UserAdded:
    who = new_id()
    text = Sealed(subject=who, text="somebody@a.example")
    return UserAdded(user_id=who, name=text, email=text, role=Role.USER)


async def owned_by(ours: Any, owner: UUID) -> tuple[int, str]:
    answer = await ours.client.post("/companies", json={**HAND, "owners": [str(owner)]})
    return answer.status_code, answer.json().get("code", "")


async def test_a_user_of_a_moment_ago_may_own_a_company(ours: Any, happened: Any) -> None:
    assert await owned_by(ours, happened(somebody())) == (201, "")


async def test_by_the_read_model_alone_they_would_be_unknown(
    ours: Any, happened: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nobody(*_: Any) -> FoundReferences:
        return FoundReferences()

    monkeypatch.setattr("gateway.references._found", nobody)
    assert await owned_by(ours, happened(somebody())) == (422, "owner-unknown")


async def test_a_user_who_is_let_in_again_a_moment_ago_may_own_a_company(
    ours: Any, happened: Any
) -> None:
    user = somebody()
    out = UserChanged(user_id=user.user_id, active=False)
    await ours.hears(user, out)
    assert await owned_by(ours, user.user_id) == (422, "owner-unknown")
    for event in (user, out, UserChanged(user_id=user.user_id, active=True)):
        happened(event)
    assert await owned_by(ours, user.user_id) == (201, "")


async def test_another_tenants_user_is_as_unknown_as_any(ours: Any, happened: Any) -> None:
    assert await owned_by(ours, happened(somebody(), "other")) == (422, "owner-unknown")


async def test_a_department_of_a_moment_ago_may_have_a_company(ours: Any, happened: Any) -> None:
    place = happened(DepartmentAdded(department_id=new_id(), name="Söder"))
    answer = await ours.client.post("/companies", json={**HAND, "department_id": str(place)})
    assert answer.status_code == 201


async def test_a_user_of_a_moment_ago_may_have_a_key_and_ways_of_being_told(
    ours: Any, happened: Any
) -> None:
    who = str(happened(somebody()))
    made = await ours.client.post("/keys", json={"role": "user", "label": "own", "user_id": who})
    assert made.status_code == 201
    await ours.get(f"/users/{who}/alert-preferences")
    body = {"escalate_after_hours": 4, "escalate_to": [who]}
    ours.site.ask.command = done
    assert (await ours.client.put("/settings/alerts", json=body)).status_code == 200


async def done(_: str, asked: Command) -> Answer:
    return Answer(stream_id=asked.stream_id, position=1, version=1)
