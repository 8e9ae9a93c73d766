"""A reader waits until what it knows of shows: told in its own process, or asking the database."""

import asyncio
from typing import Any

import pytest

from chassis.edge import new_id
from gateway import reading

pytestmark = pytest.mark.servers


async def test_a_reader_is_told_by_the_projector_of_its_own_process_and_asks_nobody(
    ours: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_: Any) -> bool:
        raise AssertionError("the database was asked")

    monkeypatch.setattr(reading, "_shows", never)
    monkeypatch.setattr(reading, "DOUBT_SECONDS", 30.0)
    shown = ours.site.shown
    monkeypatch.setattr(shown, "leads", True)
    shown.moved(["company_list"], {"companies": 1})
    waiting = asyncio.create_task(reading.caught_up(ours.site, ours.name, "company_list", 2))
    await asyncio.sleep(0)
    shown.moved(["company_card"], {"companies": 2})
    await asyncio.sleep(0)
    assert not waiting.done()
    shown.moved(["company_list"], {"companies": 2})
    async with asyncio.timeout(5):
        await waiting


@pytest.mark.parametrize("leads", [False, True])
async def test_what_it_is_not_told_it_asks_the_database(
    ours: Any, monkeypatch: pytest.MonkeyPatch, *, leads: bool
) -> None:
    asked = []

    async def shows(*_: Any) -> bool:
        asked.append(True)
        return len(asked) == 2

    monkeypatch.setattr(reading, "_shows", shows)
    monkeypatch.setattr(ours.site.shown, "leads", leads)
    async with asyncio.timeout(reading.AFTER_SECONDS_MAX):
        await reading.caught_up(ours.site, ours.name, "company_list", 10**9)
    assert len(asked) == 2


@pytest.mark.parametrize("part", ["", "/timeline", "/credit"])
async def test_what_does_not_show_yet_is_not_called_unknown(
    ours: Any, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    monkeypatch.setattr(reading, "AFTER_SECONDS_MAX", 0.05)
    written = f"/companies/{new_id()}{part}"
    problem = await ours.get(written, 409, after=10**12)
    assert problem["code"] == "not-shown-yet"
    assert (await ours.get(written, 404))["code"] == "company-unknown"
    assert (await ours.get(f"/users/{new_id()}", 409, after=10**12))["code"] == "not-shown-yet"


async def test_nor_is_it_where_a_change_of_credit_does_not_show_yet(
    ours: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "AFTER_SECONDS_MAX", 0.05)
    for part in ("credit", "credit/chart"):
        problem = await ours.get(f"/companies/{new_id()}/{part}", 409, after_credit=10**12)
        assert problem["code"] == "not-shown-yet"


@pytest.mark.parametrize("part", ["merge", "sub-units"])
async def test_nor_is_anything_changed_that_stands_on_what_does_not_show_yet(
    ours: Any, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    monkeypatch.setattr(reading, "AFTER_SECONDS_MAX", 0.05)
    body = {"merge": {"into": str(new_id())}, "sub-units": {"sub_units": ["12345678"]}}[part]
    answer = await ours.client.post(
        f"/companies/{new_id()}/{part}", json=body, params={"after": 10**12}
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "not-shown-yet")
