"""What a registry says anew is in the copy that is read, whole, the moment it is committed."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from chassis import failpoints
from chassis.failpoints import Failure
from contracts.enrichment import SearchRegistry
from enrichment.app import service
from enrichment.changes import Change, purge, take_changes
from enrichment.formats.listing import Listing
from enrichment.formats.source import BRREG_SUB_UNITS, BRREG_UNITS, Form
from enrichment.load import load
from enrichment.names import name_key
from enrichment.registry import look_up
from enrichment.sample.company import AS_OF, companies
from enrichment.sample.files import write_sample
from enrichment.search import search
from onebox.testing import Servers

pytestmark = pytest.mark.servers

LATER = datetime(2026, 11, 9, tzinfo=UTC)
NEW = "815000129"


@pytest.fixture(scope="session")
def sampled(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Servers:
    """Load a small sample, for every test to change a copy of it."""

    async def install() -> None:
        await servers.install("change", service)
        url = servers.database_url("change_enrichment", "change_enrichment")
        await load(url, write_sample(tmp_path_factory.mktemp("small"), 1, 90), "one", AS_OF)

    asyncio.run(install())
    return servers


@pytest.fixture
async def connection(sampled: Servers) -> AsyncIterator[Any]:
    """Connect to a registry of a test's own, as the service does."""
    connection = await asyncpg.connect(await sampled.copied("change", service))
    yield connection
    await connection.close()


def change(number: str, name: str, form: Form = BRREG_UNITS, **more: Any) -> Change:
    parent = more.pop("parent", None)
    facts = {"name": name, "key": name_key(name), "registered_on": "2020-01-01", **more}
    return Change(form, Listing("NO", number, parent, facts), LATER)


async def found(connection: Any, q: str) -> list[str]:
    hits = await search(connection, SearchRegistry(tenant="t1", q=q))
    return [hit.organisation_number for hit in hits.items]


async def test_a_new_company_is_found_at_once_by_its_name_and_by_a_slip(connection: Any) -> None:
    await take_changes(connection, [change(NEW, "QUIVERTINDEN DATA AS")])
    for typed in ("quiv", "data quivert", "quivretinden", NEW):
        assert await found(connection, typed) == [NEW], typed
    entry = await look_up(connection, "NO", NEW)
    assert entry.sources["name"].as_of == LATER


async def test_a_new_name_takes_the_place_of_the_old(connection: Any) -> None:
    one = next(one for one in companies(1, "NO", 30) if one.deregistered_on is None)
    await take_changes(connection, [change(one.number, "QUIVERTINDEN AS")])
    assert await found(connection, "quivertinden") == [one.number]
    assert one.number not in await found(connection, one.name)
    entry = await look_up(connection, "NO", one.number)
    assert entry.facts
    assert entry.facts.details.name == "QUIVERTINDEN AS"


async def test_of_several_changes_of_a_number_the_last_counts(connection: Any) -> None:
    await take_changes(connection, [change(NEW, "QUIVERTINDEN AS"), change(NEW, "ZYXTINDEN AS")])
    assert await found(connection, "zyxtinden") == [NEW]
    assert await found(connection, "quivertinden") == []


async def test_a_company_that_ends_or_fails_is_marked(connection: Any) -> None:
    broke = [{"kind": "bankruptcy"}]
    await take_changes(connection, [change(NEW, "QUIVERTINDEN AS", proceedings=broke)])
    (hit,) = (await search(connection, SearchRegistry(tenant="t1", q="quivertinden"))).items
    assert (hit.active, hit.bankrupt) == (True, True)
    await take_changes(connection, [change(NEW, "QUIVERTINDEN AS", ceased=True)])
    (hit,) = (await search(connection, SearchRegistry(tenant="t1", q="quivertinden"))).items
    assert not hit.active


async def test_a_sub_unit_comes_to_its_company(connection: Any) -> None:
    unit = change("915000126", "QUIVERTINDEN AVD VOSS", BRREG_SUB_UNITS, parent=NEW)
    await take_changes(connection, [change(NEW, "QUIVERTINDEN AS"), unit])
    entry = await look_up(connection, "NO", NEW)
    assert [each.number for each in entry.sub_units] == ["915000126"]
    assert await found(connection, "quivertinden voss") == ["915000126"]


async def test_of_names_whose_words_were_turned_the_one_that_was_typed_whole_comes_first(
    connection: Any,
) -> None:
    longer = change("915000126", "QUIVERTINDEN DATA OG REGNSKAP AS", employees={"low": 900})
    await take_changes(connection, [longer, change(NEW, "QUIVERTINDEN DATA AS")])
    assert await found(connection, "data quiv") == [NEW, "915000126"]
    assert await found(connection, "quivertinden da") == ["915000126", NEW]


async def test_what_few_letters_find_moves_with_what_changes(connection: Any) -> None:
    large = {"low": 90_000}
    await take_changes(connection, [change(NEW, "QUIVERTINDEN AS", employees=large)])
    assert [(await found(connection, q))[0] for q in ("q", "qu", "qui")] == [NEW] * 3
    await take_changes(connection, [change(NEW, "SOLTINDEN AS", employees=large)])
    assert (await found(connection, "so"))[0] == NEW
    assert NEW not in await found(connection, "qu")
    await purge(connection, "NO", [NEW])
    assert NEW not in await found(connection, "so")


async def test_what_few_letters_find_is_what_would_be_looked_for(connection: Any) -> None:
    made = [change(one.number, one.name) for one in companies(5, "NO", 60)]
    await take_changes(connection, made)
    starts = await connection.fetch(
        "SELECT start, wanted, array_agg(id ORDER BY place) AS ids"
        " FROM registry.firsts GROUP BY start, wanted"
    )
    assert len(starts) > 300
    looked = "SELECT id FROM registry.walk($1, ARRAY[$1], nullif($2, ''), NULL, 20)"
    for start, wanted, ids in starts:
        again = [row["id"] for row in await connection.fetch(looked, start, wanted)]
        assert list(dict.fromkeys(again))[:10] == ids, (start, wanted)


async def test_what_is_purged_leaves_nothing(connection: Any) -> None:
    await take_changes(connection, [change(NEW, "QUIVERTINDEN AS")])
    await purge(connection, "NO", [NEW])
    assert await found(connection, "quivertinden") == []
    assert (await look_up(connection, "NO", NEW)).facts is None
    facts = "SELECT count(*) FROM registry.facts WHERE number = $1"
    assert await connection.fetchval(facts, NEW) == 0


async def test_changes_interrupted_leave_all_as_it_was(connection: Any) -> None:
    failpoints.arm("enrichment.changes-taken:1:raise")
    try:
        with pytest.raises(Failure):
            await take_changes(connection, [change(NEW, "QUIVERTINDEN AS")])
    finally:
        failpoints.arm("")
    assert await found(connection, "quivertinden") == []
    assert (await look_up(connection, "NO", NEW)).facts is None


async def test_a_thousand_changes_at_once_are_all_found(connection: Any) -> None:
    made = list(companies(2, "NO", 1_200))
    await take_changes(connection, [change(one.number, one.name) for one in made])
    count = "SELECT count(*) FROM registry.entries WHERE country = 'NO' AND parent IS NULL"
    assert await connection.fetchval(count) >= 1_200
    assert made[-1].number in await found(connection, made[-1].name[:100])
