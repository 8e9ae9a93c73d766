"""A request asked again with its key: answered as it was, whatever it names is there or not."""

import asyncio
from typing import Any

import pytest

from chassis.edge import new_id
from contracts.companies.user import Role, UserAdded, UserChanged
from contracts.message import Answer
from contracts.values import Sealed
from gateway.asking import Wish

pytestmark = [pytest.mark.servers, pytest.mark.usefixtures("decided_from_memory")]

REFUSED_SECONDS_MAX = 3.0
HAND = {"name": "Ett AB", "country": "SE"}


def added(user_id: Any) -> UserAdded:
    text = Sealed(subject=user_id, text="somebody@a.example")
    return UserAdded(user_id=user_id, name=text, email=text, role=Role.USER)


async def create(ours: Any, owner: Any, key: str | None) -> tuple[int, dict[str, Any]]:
    headers = {"Idempotency-Key": key} if key else {}
    body = {**HAND, "owners": [str(owner)]}
    answer = await ours.client.post("/companies", json=body, headers=headers)
    return answer.status_code, answer.json()


async def done_and_asked_again(ours: Any) -> list[tuple[int, dict[str, Any]]]:
    """Create a company, and again when its owner is nobody's any more."""
    owner = new_id()
    await ours.hears(added(owner))
    first = await create(ours, owner, "key")
    await ours.hears(UserChanged(user_id=owner, active=False))
    return [first, await create(ours, owner, "key")]


async def test_what_was_done_is_answered_so_though_what_it_named_is_gone(ours: Any) -> None:
    first, again = await done_and_asked_again(ours)
    assert first[0] == 201
    assert again == first


async def test_refused_by_the_gateway_alone_what_was_done_would_seem_undone(
    ours: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def alone(self: Wish, preparing: Any) -> Answer:
        return await self.ask(await preparing)

    monkeypatch.setattr(Wish, "ask_prepared", alone)
    _, again = await done_and_asked_again(ours)
    assert (again[0], again[1]["code"]) == (422, "owner-unknown")


async def test_what_was_refused_is_refused_alike_though_what_it_named_is_there_now(
    ours: Any,
) -> None:
    owner = new_id()
    first = await create(ours, owner, "key")
    assert (first[0], first[1]["errors"][0]["field"]) == (422, "owners")
    await ours.hears(added(owner))
    assert await create(ours, owner, "key") == first
    done = await create(ours, owner, "another-key")
    assert done[0] == 201, done


async def test_without_a_key_it_is_judged_anew(ours: Any) -> None:
    owner = new_id()
    assert (await create(ours, owner, None))[0] == 422
    await ours.hears(added(owner))
    assert (await create(ours, owner, None))[0] == 201


async def test_what_takes_too_long_to_look_up_leaves_less_time_to_ask(
    ours: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_: Any) -> Answer:
        await asyncio.sleep(60)
        raise AssertionError

    ours.site.ask.command = never
    soon = ours.site.settings.model_copy(update={"command_deadline_seconds": 0.5})
    monkeypatch.setattr(ours.site, "settings", soon)
    async with asyncio.timeout(REFUSED_SECONDS_MAX):
        status, said = await create(ours, new_id(), "key")
    assert (status, said["code"]) == (503, "unavailable")
