"""The type-ahead: from the first letter, the best first."""

import itertools
import time
from typing import Any

import pytest

from chassis.tenancy import Connection
from contracts.enrichment import RegistryHit, SearchRegistry
from enrichment.names import folded
from enrichment.sample.company import Sampled, companies
from enrichment.search import search

pytestmark = pytest.mark.servers

SWEDISH, NORWEGIAN = 1_000, 500
SEED = 7


@pytest.fixture(scope="module")
def sampled() -> dict[str, Sampled]:
    rows = [*companies(SEED, "SE", SWEDISH), *companies(SEED, "NO", NORWEGIAN)]
    return {one.number: one for one in rows}


async def hits(connection: Connection, q: str, **more: Any) -> list[RegistryHit]:
    found = await search(connection, SearchRegistry(tenant="t1", q=q, **more))
    return list(found.items)


async def numbers(connection: Connection, q: str, **more: Any) -> list[str]:
    return [hit.organisation_number for hit in await hits(connection, q, **more)]


@pytest.mark.parametrize("letter", [*"abcdefghijklmnoprstuv", "å", "Ö", "æ", "Ø"])
async def test_one_letter_finds_names_with_a_word_that_begins_so(
    connection: Connection, letter: str
) -> None:
    found = await hits(connection, letter)
    assert len(found) == 10
    for hit in found:
        assert any(word.startswith(folded(letter)) for word in folded(hit.name).split())
        assert hit.active


async def test_every_company_is_found_by_its_whole_name(
    connection: Connection, sampled: dict[str, Sampled]
) -> None:
    for one in itertools.islice(sampled.values(), 0, None, 29):
        if one.deregistered_on is None:
            found = await numbers(connection, one.name[:100], limit=50)
            assert one.number in found, one.name


async def test_a_unique_name_comes_first_and_needs_few_letters(
    connection: Connection, sampled: dict[str, Sampled]
) -> None:
    names = [folded(one.name) for one in sampled.values()]
    for one in itertools.islice(sampled.values(), 0, None, 101):
        start = one.name[:14]
        alone = sum(name.startswith(folded(start)) for name in names) == 1
        if one.deregistered_on is None and one.form in {"EK", "BRF"} and alone:
            assert (await numbers(connection, start))[0] == one.number


async def test_accents_case_and_signs_need_not_be_typed(connection: Connection) -> None:
    assert await numbers(connection, "öberg") == await numbers(connection, "OBERG")
    assert await numbers(connection, "cafe") == await numbers(connection, "Café")


@pytest.mark.parametrize("form", ["AB", "aktiebolag"])
async def test_a_legal_form_may_stand_anywhere_or_be_left_out(
    connection: Connection, sampled: dict[str, Sampled], form: str
) -> None:
    one = next(
        one for one in sampled.values() if one.name.endswith(" AB") and not one.deregistered_on
    )
    bare = one.name.removesuffix(" AB")
    for typed in (bare, f"{bare} {form}", f"{form} {bare}"):
        assert one.number in await numbers(connection, typed), typed


async def test_active_and_larger_companies_come_first(
    connection: Connection, sampled: dict[str, Sampled]
) -> None:
    found = await numbers(connection, "b", limit=50)
    companies_found = [sampled[number] for number in found]
    assert companies_found[0].employees[0] >= 5
    assert not any(one.deregistered_on for one in companies_found)
    largest = [one.employees[0] for one in companies_found]
    assert sum(largest[:10]) >= sum(largest[-10:])


async def test_companies_that_ended_are_found_after_all_others(
    connection: Connection, sampled: dict[str, Sampled]
) -> None:
    gone = next(one for one in sampled.values() if one.deregistered_on and one.country == "SE")
    found = await hits(connection, gone.name[:100], limit=50)
    (own,) = [hit for hit in found if hit.organisation_number == gone.number]
    assert not own.active
    assert [hit.active for hit in found] == sorted((hit.active for hit in found), reverse=True)


async def test_no_company_comes_twice(connection: Connection) -> None:
    for typed in ("a", "ab", "lind", "k", "s", "557", "gran ab", "as"):
        found = await numbers(connection, typed, limit=50)
        assert len(found) == len(set(found))


async def test_a_country_may_be_asked_for(connection: Connection) -> None:
    for country in ("SE", "NO"):
        found = await hits(connection, "s", country=country)
        assert len(found) == 10
        assert {hit.country for hit in found} == {country}
    assert await hits(connection, "s", country="DK") == []


async def test_a_number_is_understood_in_every_way_people_write_it(
    connection: Connection, sampled: dict[str, Sampled]
) -> None:
    swedish = next(iter(sampled))
    ways = [swedish, f"{swedish[:6]}-{swedish[6:]}", f"16{swedish}", f"SE {swedish} 01"]
    ways += [
        f"SE{swedish}01",
        f"{swedish[:6]} {swedish[6:]}",
        f"16{swedish[:6]}\u2013{swedish[6:]}",
    ]
    for typed in ways:
        assert await numbers(connection, typed) == [swedish], typed
    norwegian = next(one.number for one in sampled.values() if one.country == "NO")
    spaced = f"{norwegian[:3]} {norwegian[3:6]} {norwegian[6:]}"
    for typed in (norwegian, spaced, f"NO {spaced} MVA", f"NO{norwegian}MVA"):
        assert await numbers(connection, typed) == [norwegian], typed


async def test_a_number_is_found_while_it_is_typed(
    connection: Connection, sampled: dict[str, Sampled]
) -> None:
    number = next(iter(sampled))
    for length in range(3, 11):
        found = await numbers(connection, number[:length], limit=50)
        assert found
        assert all(each.startswith(number[:length]) for each in found)
    assert await numbers(connection, f"16{number[:9]}") == [number]
    assert await numbers(connection, f"{number[:6]}-{number[6:9]}") == [number]


async def test_a_sub_units_number_finds_its_head_company(
    connection: Connection, sampled: dict[str, Sampled]
) -> None:
    for country in ("SE", "NO"):
        one = next(one for one in sampled.values() if one.units and one.country == country)
        assert await numbers(connection, one.units[-1].number) == [one.number]


@pytest.mark.parametrize("typed", ["", " ", "&", "%", "_", "'; --", "\\", "xqzw", "~", "+" * 100])
async def test_what_means_nothing_finds_nothing(connection: Connection, typed: str) -> None:
    assert await hits(connection, typed) == []


async def test_at_most_as_many_come_as_were_asked_for(connection: Connection) -> None:
    assert len(await hits(connection, "a", limit=3)) == 3
    assert len(await hits(connection, "557", limit=1)) == 1


async def test_it_reads_by_index_and_answers_at_once(connection: Connection) -> None:
    plan = "EXPLAIN SELECT * FROM registry.keys WHERE slot = 1 AND key >= 'l' AND key < 'l~'"
    rows = await connection.fetch(plan)
    assert "Index" in " ".join(row[0] for row in rows)
    began = time.perf_counter()
    for typed in ("a", "li", "lind", "lindb"):
        await hits(connection, typed)
    assert time.perf_counter() - began < 1
