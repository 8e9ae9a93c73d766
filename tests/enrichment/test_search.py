"""The type-ahead: from the first letter, the best first."""

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import AsyncIterator
from random import Random
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chassis.edge import new_id
from chassis.migrate import with_database
from chassis.site import Site
from chassis.tenancy import Connection
from contracts.enrichment import ForgetSearch, LookUpCompany, RegistryHit, SearchRegistry
from enrichment.app import service
from enrichment.names import folded, name_key, wording
from enrichment.sample.company import Sampled, companies
from enrichment.search import search
from enrichment.wire import on_forget, on_look_up, on_search
from onebox.testing import Installation

pytestmark = pytest.mark.servers

SWEDISH, NORWEGIAN = 1_000, 500
SEED = 7


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave nothing out because a busy machine took long to find it."""
    monkeypatch.setattr("enrichment.search.SECONDS_MAX", 30)


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


async def test_a_sub_unit_is_found_by_its_number_and_says_whose_it_is(
    connection: Connection, sampled: dict[str, Sampled]
) -> None:
    for country in ("SE", "NO"):
        one = next(one for one in sampled.values() if one.units and one.country == country)
        (hit,) = await hits(connection, one.units[-1].number)
        assert (hit.organisation_number, hit.parent) == (one.units[-1].number, one.number)


async def test_a_sub_unit_is_found_by_its_name_unless_it_is_its_companys(
    connection: Connection, sampled: dict[str, Sampled]
) -> None:
    one = next(one for one in sampled.values() if len(one.units) > 1 and len(one.name) < 60)
    found = await hits(connection, one.units[1].name, limit=50)
    assert one.units[1].number in {hit.organisation_number for hit in found}
    found = await hits(connection, one.name, limit=50)
    assert one.units[0].number not in {hit.organisation_number for hit in found}


def distinct(sampled: dict[str, Sampled], step: int = 41) -> list[Sampled]:
    """Return companies of names that no other has, of two words and more."""
    times = Counter(name_key(one.name) for one in sampled.values())
    found = [
        one
        for one in sampled.values()
        if times[key := name_key(one.name)] == 1
        and 1 < len(key.split()) < 5
        and len(key) > 12
        and one.deregistered_on is None
    ]
    return found[::step]


async def test_words_may_stand_in_any_order_and_the_last_be_half_typed(
    connection: Connection, sampled: dict[str, Sampled]
) -> None:
    for one in distinct(sampled):
        words = name_key(one.name).split()
        assert one.number in await numbers(connection, " ".join(reversed(words))), one.name
        turned = [*words[1:], words[0][: max(3, len(words[0]) - 2)]]
        assert one.number in await numbers(connection, " ".join(turned), limit=50), one.name


@pytest.mark.parametrize("slip", ["lost", "doubled", "wrong", "turned", "space"])
async def test_one_slip_of_the_finger_is_forgiven(
    connection: Connection, sampled: dict[str, Sampled], slip: str
) -> None:
    missed = []
    dice = Random(slip)  # noqa: S311 - no secret
    for one in distinct(sampled, 17):
        typed = slipped(name_key(one.name), slip, dice)
        if one.number not in await numbers(connection, typed):
            missed.append((one.name, typed))
    assert len(missed) < 4, missed


def slipped(text: str, slip: str, dice: Random) -> str:
    at = dice.randrange(1, len(text) - 1)
    match slip:
        case "lost":
            return text[:at] + text[at + 1 :]
        case "doubled":
            return text[:at] + text[at] + text[at:]
        case "wrong":
            return f"{text[:at]}x{text[at + 1 :]}"
        case "turned":
            return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
        case _:
            return text.replace(" ", "", 1)


async def test_what_is_spelled_right_comes_before_what_is_not(
    connection: Connection, sampled: dict[str, Sampled]
) -> None:
    for one in distinct(sampled):
        found = await hits(connection, one.name)
        assert found[0].organisation_number == one.number


@pytest.mark.parametrize(
    ("one", "other"),
    [("göteborg", "goeteborg"), ("västerås", "vaesteraas"), ("tromsø", "tromsoe")],
)
async def test_doubled_letters_stand_for_letters_with_signs(
    connection: Connection, one: str, other: str
) -> None:
    found = await numbers(connection, one)
    assert found
    assert await numbers(connection, other) == found


async def test_a_hit_says_where_the_match_is(
    connection: Connection, sampled: dict[str, Sampled]
) -> None:
    for one in distinct(sampled):
        for typed in (one.name[:5], name_key(one.name)):
            for hit in await hits(connection, typed):
                shown = [folded(hit.name[start:end]) for start, end in hit.matches]
                assert sorted(shown) == sorted(wording(typed).start.split()), (typed, hit)


async def test_ones_own_municipality_lifts_a_company(
    connection: Connection, sampled: dict[str, Sampled]
) -> None:
    towns = Counter(one.place.code for one in sampled.values() if one.country == "SE")
    town = towns.most_common(3)[-1][0]
    plain = await numbers(connection, "b", country="SE")
    there = await numbers(connection, "b", country="SE", municipality=town)
    own = [sampled[number].place.code == town for number in there if number in sampled]
    assert sum(own) > sum(sampled[number].place.code == town for number in plain)


async def test_bankrupt_companies_are_marked_and_stand_behind(
    connection: Connection, sampled: dict[str, Sampled]
) -> None:
    broke = [
        one for one in sampled.values() if one.proceeding and one.proceeding[0] == "bankruptcy"
    ]
    for one in broke[:5]:
        found = await hits(connection, one.name[:100], limit=50)
        (own,) = [hit for hit in found if hit.organisation_number == one.number]
        assert own.bankrupt
        assert own.active


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


async def test_what_was_picked_before_comes_first_for_who_picked_it(
    site: Site, connection: Connection, sampled: dict[str, Sampled]
) -> None:
    for one in distinct(sampled):
        typed = name_key(one.name)[:2]
        if one.number not in await numbers(connection, typed):
            break
    asked = LookUpCompany(tenant="t1", country=one.country, number=one.number, by="key:anna")
    await on_look_up(asked, site)
    assert (await numbers(connection, typed, by="key:anna"))[0] == one.number
    for others in ("key:bo", ""):
        assert one.number not in await numbers(connection, typed, by=others)
    query = SearchRegistry(tenant="t2", q=typed, by="key:anna")
    found = (await search(connection, query)).items
    assert one.number not in {hit.organisation_number for hit in found}


RUNNING = """
SELECT count(*) FROM pg_stat_clear_snapshot(), pg_stat_activity
WHERE query LIKE '%registry.by_words%' AND wait_event_type = 'Lock'
"""
"""Active is one that is being read, too; Postgres ignores who cancels it before it is begun."""


@pytest.fixture
async def held(loaded: Installation) -> AsyncIterator[Any]:
    """Hold what the search by several words reads, so that it takes for ever."""
    holder = await asyncpg.connect(with_database(loaded.servers.admin_url, "reading_enrichment"))
    async with holder.transaction():
        live = await holder.fetchval("SELECT id FROM registry.table_sets WHERE live")
        await holder.execute(f"LOCK TABLE registry.words_{live} IN ACCESS EXCLUSIVE MODE")
        yield holder
    await holder.close()


async def until(holder: Any, running: int) -> None:
    """Wait until so many searches run in the database."""
    async with asyncio.timeout(10):
        while await holder.fetchval(RUNNING) != running:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.01)


async def test_a_question_taken_back_stops_its_query(
    site: Site, held: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("enrichment.search.SECONDS_MAX", 60)
    query = SearchRegistry(tenant="t1", q="xqz bygg", search_id=new_id())
    asking = asyncio.create_task(on_search(query, site))
    await until(held, 1)
    assert query.search_id
    await on_forget(ForgetSearch(tenant="t1", search_id=query.search_id), site)
    assert (await asking).items == ()
    await until(held, 0)


async def test_a_question_taken_back_in_line_is_not_looked_into(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = SearchRegistry(tenant="t1", q="bygg", search_id=new_id())
    assert query.search_id
    await on_forget(ForgetSearch(tenant="t1", search_id=query.search_id), site)
    with monkeypatch.context() as looking:
        looking.setattr("enrichment.wire.search", None)
        assert (await on_search(query, site)).items == ()
    asked_anew = query.model_copy(update={"search_id": new_id()})
    assert (await on_search(asked_anew, site)).items


async def test_a_question_asked_again_is_taken_back_with_the_first(
    site: Site, held: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("enrichment.search.SECONDS_MAX", 60)
    query = SearchRegistry(tenant="t1", q="xqz bygg", search_id=new_id())
    first = asyncio.create_task(on_search(query, site))
    await until(held, 1)
    again = asyncio.create_task(on_search(query, site))
    await asyncio.sleep(0)
    assert query.search_id
    await on_forget(ForgetSearch(tenant="t1", search_id=query.search_id), site)
    assert [(await one).items for one in (first, again)] == [(), ()]
    await until(held, 0)


async def test_a_question_that_takes_long_is_answered_with_what_was_found(
    site: Site, held: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("enrichment.search.SECONDS_MAX", 0.2)
    assert (await on_search(SearchRegistry(tenant="t1", q="xqz bygg"), site)).items == ()
    await until(held, 0)


async def test_two_hundred_who_change_their_mind_harm_nobody(site: Site) -> None:
    async def typist(place: int) -> int:
        typed = 0
        for end in range(1, 6):
            query = SearchRegistry(tenant="t1", q=NAMES[place % 5][:end], search_id=new_id())
            asking = asyncio.create_task(on_search(query, site))
            await asyncio.sleep(0)
            if (place + end) % 3 and query.search_id:
                await on_forget(ForgetSearch(tenant="t1", search_id=query.search_id), site)
            typed += len((await asking).items)
        return typed

    async with asyncio.timeout(60):
        found = await asyncio.gather(*(typist(place) for place in range(200)))
    assert sum(found) > 200


NAMES = ("bygg konsult", "andersson", "lind", "göteborg", "solberg")


@given(typed=st.text(max_size=100))
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_is_typed_there_is_an_answer(loaded: Installation, typed: str) -> None:
    async def ask() -> None:
        async with loaded.site(service) as site:
            await on_search(SearchRegistry(tenant="t1", q=typed), site)

    asyncio.run(ask())
