"""Old and new versions of an event in a half-done deploy: nothing skipped, nothing guessed."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Literal

import pytest

from chassis import codec, projector
from chassis.parked import retry_one
from chassis.projector import Projector
from chassis.service import Service
from contracts.companies.department import DepartmentAdded, DepartmentRenamed
from contracts.upcasts import UPCASTS

pytestmark = pytest.mark.servers

OLD, NEW = "department-renamed.v1", "department-renamed.v2"


class DepartmentRenamed2(DepartmentRenamed):
    """The next form: it says why."""

    type: Literal["department-renamed.v2"] = "department-renamed.v2"  # type: ignore[assignment]
    reason: str


@contextmanager
def deployed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let this process be of the next version meanwhile."""
    with monkeypatch.context() as patch:
        patch.delitem(codec.EVENTS, OLD)
        patch.setitem(codec.EVENTS, NEW, DepartmentRenamed2)
        patch.setitem(UPCASTS, OLD, lambda data: {**data, "type": NEW, "reason": "unsaid"})
        yield


def shown_next(screen: Any) -> Any:
    """Return the read model as the next version has it: the same rows."""
    return replace(screen.shown, handles=(DepartmentAdded, DepartmentRenamed2))


async def said_by_the_next(screen: Any) -> Any:
    """Let a source of the next version rename what one of this version added."""
    added, other = screen.bench.add("one"), screen.bench.add("other")
    await screen.bench.happen(screen.source, added, other, screen.bench.rename(added, "two"))
    await screen.hear()
    await screen.bench.execute(
        "gateway",
        "SET session_replication_role = replica; UPDATE history SET type ="
        f' \'{NEW}\', data = data || \'{{"type": "{NEW}", "reason": "said"}}\''
        f" WHERE type = '{OLD}'",
    )
    await screen.bench.happen(screen.source, screen.bench.rename(added, "three"))
    await screen.bench.happen(screen.source, screen.bench.rename(other, "another"))
    await screen.hear()
    return added


def names(rows: list[tuple[Any, ...]]) -> set[str]:
    return {row[1] for row in rows}


async def test_what_only_the_next_version_knows_waits_with_its_stream_until_that_is_deployed(
    screen: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await said_by_the_next(screen)
    await screen.fold()
    assert names(await screen.rows()) == {"one", "another"}
    assert [position for position, _ in await screen.parked()] == [3, 4]
    with deployed(monkeypatch):
        now = shown_next(screen)
        screen.site.service = Service("gateway", projections=(now,), has_events=False)
        await screen.site.pool.execute("UPDATE parked SET retry = true")
        while await retry_one(screen.site):
            pass
        assert names(await screen.rows()) == {"three", "another"}
        assert await screen.parked() == []


async def test_the_next_version_reads_what_the_last_one_said_and_a_rebuild_the_same(
    screen: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await said_by_the_next(screen)
    with deployed(monkeypatch):
        now = shown_next(screen)
        while await Projector(screen.site, (now,)).step():
            pass
        live = await screen.rows()
        await screen.bench.build(now)
        assert names(live) == {"three", "another"}
        assert await screen.rows() == live


async def test_rolled_back_nothing_that_was_folded_is_lost(
    screen: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await said_by_the_next(screen)
    with deployed(monkeypatch):
        while await Projector(screen.site, (shown_next(screen),)).step():
            pass
    await screen.fold()
    assert names(await screen.rows()) == {"three", "another"}
    assert await screen.parked() == []


async def test_passed_over_as_of_no_concern_it_would_be_lost(
    screen: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await said_by_the_next(screen)
    others = projector.others
    with monkeypatch.context() as patch:
        patch.setattr(projector, "others", lambda shown: others(shown) | {NEW})
        await screen.fold()
    assert await screen.parked() == []
    # The next version never hears of it: its position was passed.
    with deployed(monkeypatch):
        while await Projector(screen.site, (shown_next(screen),)).step():
            pass
    renamed = {row[1]: row[2] for row in await screen.rows()}
    assert renamed == {"three": 1, "another": 1}
