"""One suite for every source: what is known, what is not, and what goes wrong on the way."""

from pathlib import Path
from typing import Any

import pytest
from cases import CASES, Case

from chassis.breaker import FAILURES_MAX
from chassis.edge import now
from enrichment.registry import facts_of
from enrichment.sources.port import (
    Barred,
    Capability,
    Found,
    Garbled,
    NotOffered,
    Partial,
    Place,
    Source,
    Unavailable,
    Unknown,
)
from standins.testing import StandIn


@pytest.fixture(params=CASES, ids=lambda case: case.fixture)
def case(request: pytest.FixtureRequest) -> Case:
    found: Case = request.param
    return found


@pytest.fixture
def source(case: Case, request: pytest.FixtureRequest) -> Source:
    found: Source = request.getfixturevalue(case.fixture)
    return found


async def look_up(source: Source, case: Case, **more: Any) -> Found | Partial:
    outcome = await source.look_up(case.country, case.number, **more)
    assert isinstance(outcome, Found | Partial)
    return outcome


@pytest.mark.parametrize("hurry", [False, True])
async def test_a_known_number_is_found_with_what_can_be_told_of_it(
    source: Source, case: Case, *, hurry: bool
) -> None:
    listing = (await look_up(source, case, hurry=hurry)).listing
    assert (listing.country, listing.number) == (case.country, case.number)
    assert listing.parent is None
    assert facts_of(listing.facts, active=True).details.name == case.name


async def test_an_unknown_number_is_an_answer_and_never_asked_twice(
    source: Source, case: Case, registries: StandIn
) -> None:
    outcome = await source.look_up(case.country, case.unknown)
    assert outcome == Unknown(case.country, case.unknown)
    asked = [path for path in registries.control("GET", "calls") if "token" not in path]
    assert len(asked) == len(set(asked))


async def test_another_company_under_the_number_is_no_answer(
    source: Source, case: Case, registries: StandIn
) -> None:
    registries.control("POST", "faults", {"fail": "wrong-company", "times": None})
    with pytest.raises(Garbled):
        await source.look_up(case.country, case.number)


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 429, "retry_after": 0},
        {"status": 429},
        {"status": 500},
        {"status": 503, "times": 2},
        {"fail": "disconnect"},
    ],
    ids=str,
)
async def test_trouble_that_passes_is_waited_out(
    source: Source, case: Case, registries: StandIn, fault: dict[str, Any]
) -> None:
    registries.control("POST", "faults", {"path": case.path, **fault})
    assert await look_up(source, case)


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_trouble_that_lasts_is_told_apart_from_an_unknown_number(
    source: Source, case: Case, registries: StandIn, status: int
) -> None:
    registries.control("POST", "faults", {"status": status, "times": None})
    with pytest.raises(Unavailable):
        await source.look_up(case.country, case.number)


@pytest.mark.parametrize("fail", ["garbage", "truncate"])
async def test_garbage_is_no_answer(
    source: Source, case: Case, registries: StandIn, fail: str
) -> None:
    registries.control("POST", "faults", {"fail": fail, "times": None})
    with pytest.raises(Garbled):
        await source.look_up(case.country, case.number)


async def test_a_source_that_bars_us_is_told_to_an_operator(
    source: Source, case: Case, registries: StandIn
) -> None:
    registries.control("POST", "faults", {"status": 403, "times": None})
    with pytest.raises(Barred):
        await source.look_up(case.country, case.number)


async def test_whoever_waits_is_not_kept_by_a_slow_source(
    source: Source, case: Case, registries: StandIn
) -> None:
    registries.control("POST", "faults", {"slow_seconds": 3, "path": case.path})
    with pytest.raises(Unavailable):
        await source.look_up(case.country, case.number, hurry=True)


async def test_a_source_that_fails_and_fails_is_left_alone_for_a_while(
    source: Source, case: Case, registries: StandIn
) -> None:
    registries.control("POST", "faults", {"status": 500, "times": None})
    for _ in range(FAILURES_MAX):
        with pytest.raises(Unavailable):
            await source.look_up(case.country, case.number, hurry=True)
    registries.control("DELETE", "faults")
    registries.control("DELETE", "calls")
    with pytest.raises(Unavailable, match="left alone") as refusal:
        await source.look_up(case.country, case.number, hurry=True)
    assert refusal.value.retry_after
    assert registries.control("GET", "calls") == []


async def test_a_search_finds_what_begins_as_typed(source: Source, case: Case) -> None:
    if Capability.SEARCH not in source.capabilities:
        with pytest.raises(NotOffered):
            await source.search(case.country, case.typed, 10)
        return
    found = await source.search(case.country, case.typed, 50)
    assert case.number in {listing.number for listing in found}
    assert await source.search(case.country, "qqqqzzzzxx", 10) == []


async def test_sub_units_are_told_with_their_company(source: Source, case: Case) -> None:
    if Capability.SUB_UNITS not in source.capabilities:
        with pytest.raises(NotOffered):
            await source.sub_units(case.country, case.number)
        return
    found = await source.sub_units(case.country, case.number)
    assert len(found) == case.units
    assert {(unit.country, unit.parent) for unit in found} == {(case.country, case.number)}
    assert await source.sub_units(case.country, case.unknown) == []


async def test_what_is_not_among_the_capabilities_is_refused(
    source: Source, tmp_path: Path
) -> None:
    if Capability.CHANGES not in source.capabilities:
        assert not source.feeds
        with pytest.raises(NotOffered):
            await source.changes("any", Place(now()), 1)
        with pytest.raises(NotOffered):
            await source.look_up_all("SE", [], "any")
    if Capability.BULK not in source.capabilities:
        with pytest.raises(NotOffered):
            await source.bulk(tmp_path, {})
